//! The calls made, and the magic values that contracts answer with.

pub(crate) use calls::{VERSIONCall, approvedHashesCall, getThresholdCall, isOwnerCall, signedMessagesCall};

/// `isValidSignature(bytes32,bytes)`, whose selector is the answer that means yes (ERC-1271).
pub(crate) use current::isValidSignatureCall as IsValidHash;
/// `isValidSignature(bytes,bytes)`, whose selector is the answer that means yes (Safe before 1.5.0).
pub(crate) use legacy::isValidSignatureCall as IsValidData;

mod calls {
    alloy_sol_types::sol! {
        function VERSION() external view returns (string memory);
        function getThreshold() external view returns (uint256);
        function isOwner(address owner) external view returns (bool);
        function approvedHashes(address owner, bytes32 hash) external view returns (uint256);
        function signedMessages(bytes32 hash) external view returns (uint256);
    }
}

mod current {
    alloy_sol_types::sol! {
        function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4);
    }
}

mod legacy {
    alloy_sol_types::sol! {
        function isValidSignature(bytes memory data, bytes memory signature) external view returns (bytes4);
    }
}
