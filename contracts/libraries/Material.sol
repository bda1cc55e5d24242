// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Calldata} from "./Calldata.sol";

/// @notice The envelope behind the owner signatures, and the items and entries in it, `docs/program.md` §8.3. Only
/// their form: nothing here is verified.
library Material {
    using Calldata for bytes;

    /// @notice What an entry proves its signer with.
    uint256 internal constant ECDSA = 0;
    uint256 internal constant CONTRACT = 1;
    uint256 internal constant ON_CHAIN = 2;

    bytes32 private constant TYPE_HASH = keccak256("PortcullisMaterial(bytes payload)");
    uint256 private constant WORD = 32;
    /// @dev Payload length and type hash.
    uint256 private constant TAIL = 64;

    uint256 private constant APPROVALS = 1;
    uint256 private constant ATTESTATION = 2;
    /// @dev Kind and length of an item.
    uint256 private constant ITEM = 4;
    /// @dev Set, deadline, proposal and statement length of an attestation.
    uint256 private constant STATED = 43;
    uint256 private constant STATEMENT_LENGTH = 41;

    uint256 private constant TAG = 1;
    uint256 private constant DEADLINE = 8;
    uint256 private constant SIGNATURE = 65;
    uint256 private constant SIGNER = 20;
    /// @dev Signer and length.
    uint256 private constant CONTRACT_HEAD = 22;

    /// @notice What the Safe reads, and the payload behind it, if there is one.
    /// @return sound False when the payload is said to be longer than what precedes its length.
    function split(bytes calldata signatures)
        internal
        pure
        returns (bool sound, bytes calldata owners, bytes calldata payload)
    {
        (owners, payload) = (signatures, signatures[:0]);
        uint256 size = signatures.length;
        if (size < TAIL || bytes32(signatures.word(size - WORD)) != TYPE_HASH) return (true, owners, payload);
        uint256 available = size - TAIL;
        uint256 length = signatures.word(available);
        if (length > available) return (false, owners, payload);
        return (true, signatures[:available - length], signatures[available - length:available]);
    }

    /// @notice Whether the payload is items and entries from end to end, each in its place.
    function isSound(bytes calldata payload) internal pure returns (bool) {
        uint256 last = 0;
        uint256 cursor = 0;
        while (cursor < payload.length) {
            if (payload.length - cursor < ITEM) return false;
            (uint256 kind, uint256 length) = _item(payload, cursor);
            cursor += ITEM;
            if (length > payload.length - cursor) return false;
            (bool sound, uint256 order) = _order(kind, payload[cursor:cursor + length]);
            if (!sound || order <= last) return false;
            last = order;
            cursor += length;
        }
        return true;
    }

    /// @notice The entries of the approvals. The payload is sound.
    function approvals(bytes calldata payload) internal pure returns (bool found, bytes calldata entries) {
        (found, entries) = _find(payload, APPROVALS, 0);
    }

    /// @notice The attestation of the set, see {statement} and {attesters}. The payload is sound.
    function attestation(bytes calldata payload, uint256 set) internal pure returns (bool found, bytes calldata body) {
        (found, body) = _find(payload, ATTESTATION, set);
    }

    /// @notice What an attestation says, apart from its statement.
    function stated(bytes calldata body) internal pure returns (uint256 deadline, bytes32 proposal) {
        return (body.word(1) >> 192, bytes32(body.word(9)));
    }

    function statement(bytes calldata body) internal pure returns (bytes calldata) {
        return body[STATED:STATED + (body.word(STATEMENT_LENGTH) >> 240)];
    }

    /// @notice The entries of an attestation.
    function attesters(bytes calldata body) internal pure returns (bytes calldata) {
        return body[STATED + (body.word(STATEMENT_LENGTH) >> 240):];
    }

    /// @notice How long the first of the entries is; 0 if it is not well formed.
    /// @param dated Whether they are approvals, which have deadlines, and alone can be on chain.
    function entryLength(bytes calldata entries, bool dated) internal pure returns (uint256 length) {
        uint256 tag = entries.word(0) >> 248;
        uint256 head = dated ? TAG + DEADLINE : TAG;
        if (tag == ECDSA) length = head + SIGNATURE;
        else if (tag == CONTRACT) length = head + CONTRACT_HEAD + (entries.word(head + SIGNER) >> 240);
        else if (tag == ON_CHAIN && dated) length = TAG + SIGNER;
        if (length > entries.length) length = 0;
    }

    /// @dev Where the item comes among others; whether its body is well formed.
    function _order(uint256 kind, bytes calldata body) private pure returns (bool sound, uint256 order) {
        if (kind == APPROVALS) return (_areEntries(body, true), APPROVALS << 8);
        if (kind != ATTESTATION || body.length < STATED) return (false, 0);
        if (body.word(STATEMENT_LENGTH) >> 240 > body.length - STATED) return (false, 0);
        return (_areEntries(attesters(body), false), ATTESTATION << 8 | body.word(0) >> 248);
    }

    function _areEntries(bytes calldata entries, bool dated) private pure returns (bool) {
        while (entries.length != 0) {
            uint256 length = entryLength(entries, dated);
            if (length == 0) return false;
            entries = entries[length:];
        }
        return true;
    }

    function _find(bytes calldata payload, uint256 kind, uint256 set)
        private
        pure
        returns (bool found, bytes calldata body)
    {
        while (payload.length != 0) {
            (uint256 itsKind, uint256 length) = _item(payload, 0);
            body = payload[ITEM:ITEM + length];
            if (itsKind == kind && (kind == APPROVALS || body.word(0) >> 248 == set)) return (true, body);
            payload = payload[ITEM + length:];
        }
        return (false, payload);
    }

    function _item(bytes calldata payload, uint256 cursor) private pure returns (uint256 kind, uint256 length) {
        uint256 head = payload.word(cursor) >> 224;
        return (head >> 24, head & 0xffffff);
    }
}
