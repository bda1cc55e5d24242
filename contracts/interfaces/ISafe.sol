// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What the hook asks a Safe, and the calls to itself that it recognises.
interface ISafe {
    /// @notice The release, such as "1.4.1".
    function VERSION() external view returns (string memory);

    /// @notice `length` words of storage from `offset` on, end to end.
    function getStorageAt(uint256 offset, uint256 length) external view returns (bytes memory);

    /// @notice At most `pageSize` modules behind `start`; `next` is 0x1 when there are no more, except that 1.3.0
    /// names the first module that did not fit.
    function getModulesPaginated(address start, uint256 pageSize)
        external
        view
        returns (address[] memory modules, address next);

    function isOwner(address owner) external view returns (bool);

    function getOwners() external view returns (address[] memory);

    function getThreshold() external view returns (uint256);

    /// @notice The nonce of the next transaction; during one it is counted up already.
    function nonce() external view returns (uint256);

    /// @notice Not zero if the owner has approved the hash.
    function approvedHashes(address owner, bytes32 hash) external view returns (uint256);

    /// @notice Not zero if the account has signed the message with this hash on chain.
    function signedMessages(bytes32 hash) external view returns (uint256);

    /// @notice Makes the account delegatecall `target` and always reverts: with a word that tells whether that
    /// succeeded, the length of what was returned, and that.
    function simulateAndRevert(address target, bytes calldata data) external;

    function enableModule(address module) external;

    function setGuard(address guard) external;

    /// @notice Since 1.5.0.
    function setModuleGuard(address guard) external;

    function setFallbackHandler(address handler) external;
}
