// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Asked, Binding} from "../types/Obligation.sol";

/// @notice What is signed: a request's name, approvals and attestations, `docs/program.md` §8.1 and §8.2.
library Messages {
    /// @dev keccak256("EIP712Domain(uint256 chainId,address verifyingContract)")
    bytes32 private constant SAFE_DOMAIN = 0x47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218;
    /// @dev keccak256 of the type of a Safe transaction.
    bytes32 private constant SAFE_TX = 0xbb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8;

    /// @dev keccak256("SafeMessage(bytes message)")
    bytes32 private constant SAFE_MESSAGE = 0x60b3cbf8b4a223d68d641b3b6ddf9a298e7f33710cf3d3a9d1146b5a6150fbca;

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Portcullis");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant APPROVAL =
        keccak256("Approval(address account,bytes32 request,bytes32 program,uint32 epoch,uint64 deadline)");
    bytes32 private constant ATTESTATION = keccak256(
        "Attestation(address account,bytes32 request,bytes32 effects,bytes32 program,uint32 epoch,uint8 set,bytes statement,bytes32 proposal,uint64 deadline)"
    );

    /// @notice What the Safe hashes into its transaction hash; `safeTxGas` and `gasPrice` are zero.
    function safeTransaction(Asked memory a) internal view returns (bytes memory preimage) {
        bytes32 hash;
        assembly ("memory-safe") {
            // The type, and the ten words that are the first of what is asked.
            let start := mload(0x40)
            mstore(start, SAFE_TX)
            mcopy(add(start, 0x20), a, 0x140)
            hash := keccak256(start, 0x160)
        }
        return _safe(a.account, hash);
    }

    /// @notice The same of ten words: the transaction's fields, with the hash of its data.
    function safeTransaction(address account, bytes memory fields) internal view returns (bytes memory preimage) {
        return _safe(account, keccak256(bytes.concat(SAFE_TX, fields)));
    }

    /// @notice What the Safe hashes into the hash that its owners sign for a message.
    function safeMessage(address account, bytes memory message) internal view returns (bytes memory preimage) {
        return _safe(account, keccak256(abi.encode(SAFE_MESSAGE, keccak256(message))));
    }

    /// @notice The separator of the hook's domain. The hook delegatecalls here.
    function domain() internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this)));
    }

    /// @notice What an approver signs.
    function approval(Binding memory b, uint256 deadline) internal pure returns (bytes32) {
        return _digest(b, keccak256(abi.encode(APPROVAL, b.account, b.request, b.version, b.epoch, deadline)));
    }

    /// @notice What every attester of the set signs.
    function attestation(
        Binding memory b,
        bytes32 effects,
        uint256 set,
        bytes calldata statement,
        bytes32 proposal,
        uint256 deadline
    ) internal pure returns (bytes32) {
        bytes32[10] memory words = [
            ATTESTATION,
            bytes32(uint256(uint160(b.account))),
            b.request,
            effects,
            b.version,
            bytes32(b.epoch),
            bytes32(set),
            keccak256(statement),
            proposal,
            bytes32(deadline)
        ];
        bytes32 hash;
        assembly ("memory-safe") {
            hash := keccak256(words, 0x140)
        }
        return _digest(b, hash);
    }

    function _safe(address account, bytes32 hash) private view returns (bytes memory) {
        return abi.encodePacked(bytes2(0x1901), keccak256(abi.encode(SAFE_DOMAIN, block.chainid, account)), hash);
    }

    function _digest(Binding memory b, bytes32 message) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes2(0x1901), b.separator, message));
    }
}
