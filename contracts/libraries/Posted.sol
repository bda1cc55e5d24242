// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Calldata} from "./Calldata.sol";
import {Material} from "./Material.sol";

/// @notice The material that is posted for an opened module request, `docs/program.md` §8.10. It is {Material}, apart from
/// attestations, which say what effects they are about, and from approvals on chain, which need not be posted. Only its
/// form: nothing here is verified.
library Posted {
    using Calldata for bytes;

    uint256 internal constant APPROVALS = 1;
    uint256 internal constant ATTESTATION = 3;

    /// @dev Kind and length of an item.
    uint256 private constant ITEM = 4;
    /// @dev Set, deadline, effects, proposal and statement length of an attestation.
    uint256 private constant STATED = 75;
    uint256 private constant STATEMENT_LENGTH = 73;
    uint256 private constant LONGEST_STATEMENT = 1024;

    /// @notice Whether the payload is items and entries from end to end, each in its place.
    function isSound(bytes calldata payload) internal pure returns (bool) {
        uint256 last = 0;
        while (payload.length != 0) {
            if (payload.length < ITEM) return false;
            uint256 length = (payload.word(0) >> 224) & 0xffffff;
            if (length > payload.length - ITEM) return false;
            (uint256 kind, bytes calldata body, bytes calldata rest) = next(payload);
            (bool sound, uint256 order) = _order(kind, body);
            if (!sound || order <= last) return false;
            last = order;
            payload = rest;
        }
        return true;
    }

    /// @notice The first item, and what is behind it. The payload is sound, or else the item lies in it.
    function next(bytes calldata payload)
        internal
        pure
        returns (uint256 kind, bytes calldata body, bytes calldata rest)
    {
        uint256 head = payload.word(0) >> 224;
        uint256 end = ITEM + (head & 0xffffff);
        return (head >> 24, payload[ITEM:end], payload[end:]);
    }

    /// @notice What an attestation says of itself.
    function stated(bytes calldata body)
        internal
        pure
        returns (uint256 set, uint256 deadline, bytes32 effects, bytes32 proposal)
    {
        return (body.word(0) >> 248, body.word(1) >> 192, bytes32(body.word(9)), bytes32(body.word(41)));
    }

    function statement(bytes calldata body) internal pure returns (bytes calldata) {
        return body[STATED:STATED + _statementLength(body)];
    }

    /// @notice The entries of an attestation.
    function attesters(bytes calldata body) internal pure returns (bytes calldata) {
        return body[STATED + _statementLength(body):];
    }

    /// @dev Where the item comes among others; whether its body is well formed.
    function _order(uint256 kind, bytes calldata body) private pure returns (bool sound, uint256 order) {
        if (kind == APPROVALS) return (_areEntries(body, true), APPROVALS << 8);
        if (kind != ATTESTATION || body.length < STATED) return (false, 0);
        uint256 length = _statementLength(body);
        if (length > LONGEST_STATEMENT || length > body.length - STATED) return (false, 0);
        return (_areEntries(attesters(body), false), ATTESTATION << 8 | body.word(0) >> 248);
    }

    function _areEntries(bytes calldata entries, bool dated) private pure returns (bool) {
        while (entries.length != 0) {
            uint256 length = Material.entryLength(entries, dated);
            if (length == 0 || entries.word(0) >> 248 == Material.ON_CHAIN) return false;
            entries = entries[length:];
        }
        return true;
    }

    function _statementLength(bytes calldata body) private pure returns (uint256) {
        return body.word(STATEMENT_LENGTH) >> 240;
    }
}
