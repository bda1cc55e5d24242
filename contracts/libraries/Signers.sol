// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Binding} from "../types/Obligation.sol";
import {Calldata} from "./Calldata.sol";
import {Consents} from "./Consents.sol";
import {Lookup} from "./Lookup.sol";
import {Material} from "./Material.sol";
import {Messages} from "./Messages.sol";

/// @notice Who really signed, `docs/program.md` §8.3. One entry that does not count makes all of them count for nothing.
library Signers {
    using Calldata for bytes;

    /// @notice Why an entry does not count; 0 while all do.
    uint256 internal constant EXPIRED = 1;
    uint256 internal constant NO_SIGNATURE = 2;
    uint256 internal constant NOT_ASCENDING = 3;
    uint256 internal constant NOT_ON_CHAIN = 4;

    /// @dev The higher half has a twin for every signature.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    uint256 private constant SIGNATURE_GAS = 300_000;
    uint256 private constant SHORTEST_ENTRY = 21;

    /// @notice The signers of approvals, strictly ascending; up to the first entry that does not count, and why.
    function ofApprovals(Binding memory binding, bytes calldata entries)
        internal
        view
        returns (address[] memory signers, uint256 why)
    {
        return _collect(binding, entries, true, 0);
    }

    /// @notice The signers of an attestation with this digest, likewise.
    function ofAttestation(bytes32 digest, bytes calldata entries)
        internal
        view
        returns (address[] memory signers, uint256 why)
    {
        Binding memory none;
        return _collect(none, entries, false, digest);
    }

    /// @notice Whether a contract says, with the gas that it is due, that the signature of the digest is its own.
    function confirms(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        bytes4 magic = bytes4(keccak256("isValidSignature(bytes32,bytes)"));
        return isMagic(signer, magic, abi.encodeWithSelector(magic, digest, signature));
    }

    /// @notice Whether a contract answers with the magic word: its selector, padded with zeros.
    function isMagic(address signer, bytes4 magic, bytes memory input) internal view returns (bool) {
        (bool ok, uint256 word) = Lookup.ask(signer, SIGNATURE_GAS, input, 1, 0);
        return ok && bytes32(word) == bytes32(magic);
    }

    /// @notice Whether `who` is among the signers.
    function contain(address[] memory signers, address who) internal pure returns (bool) {
        for (uint256 i = 0; i < signers.length; ++i) {
            if (signers[i] == who) return true;
        }
        return false;
    }

    /// @dev The entries are well formed.
    function _collect(Binding memory binding, bytes calldata entries, bool dated, bytes32 digest)
        private
        view
        returns (address[] memory signers, uint256 why)
    {
        signers = new address[](entries.length / SHORTEST_ENTRY);
        uint256 count = 0;
        address last = address(0);
        while (entries.length != 0 && why == 0) {
            uint256 length = Material.entryLength(entries, dated);
            bytes calldata entry = entries[:length];
            entries = entries[length:];
            (last, why) =
                dated ? _approver(binding, entry, last) : _signer(entry[1:], entry.word(0) >> 248, digest, last);
            if (why == 0) signers[count++] = last;
        }
        assembly ("memory-safe") {
            mstore(signers, count)
        }
    }

    function _approver(Binding memory binding, bytes calldata entry, address last)
        private
        view
        returns (address signer, uint256 why)
    {
        uint256 tag = entry.word(0) >> 248;
        if (tag == Material.ON_CHAIN) {
            signer = address(bytes20(entry[1:]));
            if (signer <= last) return (signer, NOT_ASCENDING);
            return (signer, Consents.hasApproved(binding, signer) ? 0 : NOT_ON_CHAIN);
        }
        uint256 deadline = entry.word(1) >> 192;
        if (block.timestamp > deadline) return (signer, EXPIRED);
        return _signer(entry[9:], tag, Messages.approval(binding, deadline), last);
    }

    /// @param proof What is behind tag and deadline.
    function _signer(bytes calldata proof, uint256 tag, bytes32 digest, address last)
        private
        view
        returns (address signer, uint256 why)
    {
        if (tag == Material.CONTRACT) {
            signer = address(bytes20(proof));
            if (signer <= last) return (signer, NOT_ASCENDING);
            return (signer, confirms(signer, digest, proof[22:]) ? 0 : NO_SIGNATURE);
        }
        uint256 s = proof.word(32);
        uint256 v = uint8(proof[64]);
        // Any other v makes the precompile answer nothing.
        if (s <= HALF_ORDER) signer = ecrecover(digest, uint8(v), bytes32(proof.word(0)), bytes32(s));
        if (signer == address(0)) return (signer, NO_SIGNATURE);
        return (signer, signer <= last ? NOT_ASCENDING : 0);
    }
}
