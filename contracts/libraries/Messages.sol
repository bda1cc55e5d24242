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
    function safeTransaction(Asked memory a, uint256 nonce) internal view returns (bytes memory preimage) {
        // In two parts, since the stack cannot serve ten words.
        bytes memory first = abi.encode(a.to, a.value, a.dataHash, a.operation, 0);
        bytes memory second = abi.encode(a.baseGas, 0, a.gasToken, a.refundReceiver, nonce);
        return safeTransaction(a.account, bytes.concat(first, second));
    }

    /// @notice The same of ten words: the transaction's fields, with the hash of its data.
    function safeTransaction(address account, bytes memory fields) internal view returns (bytes memory preimage) {
        bytes32 hash = keccak256(bytes.concat(SAFE_TX, fields));
        return abi.encodePacked(bytes2(0x1901), _safeDomain(account), hash);
    }

    /// @notice What the Safe hashes into the hash that its owners sign for a message.
    function safeMessage(address account, bytes memory message) internal view returns (bytes memory preimage) {
        bytes32 hash = keccak256(abi.encode(SAFE_MESSAGE, keccak256(message)));
        return abi.encodePacked(bytes2(0x1901), _safeDomain(account), hash);
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
        bytes memory first = abi.encode(ATTESTATION, b.account, b.request, effects, b.version, b.epoch);
        bytes memory second = abi.encode(set, keccak256(statement), proposal, deadline);
        return _digest(b, keccak256(bytes.concat(first, second)));
    }

    function _safeDomain(address account) private view returns (bytes32) {
        return keccak256(abi.encode(SAFE_DOMAIN, block.chainid, account));
    }

    function _digest(Binding memory b, bytes32 message) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes2(0x1901), b.separator, message));
    }
}
