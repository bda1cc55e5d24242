// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Effect, Evaluation, Image, Kind} from "../types/Evaluation.sol";
import {Program} from "./Program.sol";

/// @notice Conditions and lists, `docs/program.md` §1. What is malformed sets the image's flag and does not hold.
library Whitelist {
    using Program for Image;

    uint256 private constant ORIGIN_IN = 0x01;
    uint256 private constant INITIATOR_IN = 0x02;
    uint256 private constant RECIPIENT_IN = 0x03;
    uint256 private constant AMOUNT_AT_LEAST = 0x04;
    uint256 private constant AMOUNT_AT_MOST = 0x05;

    uint256 private constant MAX_LIST_BITS = 15;
    uint256 private constant MEMBER = 20;

    /// @notice Whether every condition between the two pointers holds, tested in order up to the first that does not.
    function hold(Evaluation memory e, Effect memory effect, uint256 cursor, uint256 end) internal view returns (bool) {
        // Unchecked: `cursor` never passes `end`, which is tested before each step.
        unchecked {
            Image memory image = e.image;
            while (cursor < end) {
                uint256 op = _bytes(cursor, 1);
                bool holds;
                if (op >= ORIGIN_IN && op <= RECIPIENT_IN) {
                    if (end - cursor < 4) return _malformed(image);
                    address who = op == ORIGIN_IN ? e.origin : op == INITIATOR_IN ? e.initiator : effect.recipient;
                    holds = (op != RECIPIENT_IN || moves(effect)) && contains(image, _bytes(cursor + 1, 3), who);
                    cursor += 4;
                } else if (op == AMOUNT_AT_LEAST || op == AMOUNT_AT_MOST) {
                    if (end - cursor < 2) return _malformed(image);
                    uint256 length = _bytes(cursor + 1, 1);
                    if (length == 0 || length > 32 || end - cursor < 2 + length) return _malformed(image);
                    uint256 bound = _bytes(cursor + 2, length);
                    holds = moves(effect) && (op == AMOUNT_AT_LEAST ? effect.amount >= bound : effect.amount <= bound);
                    cursor += 2 + length;
                } else {
                    return _malformed(image);
                }
                if (!holds) return false;
            }
            return true;
        }
    }

    /// @notice Whether the effect has a recipient and an amount.
    function moves(Effect memory effect) internal pure returns (bool) {
        return effect.kind >= Kind.NATIVE && effect.kind <= Kind.APPROVE;
    }

    /// @notice Whether the list at `offset` of the program has the member.
    function contains(Image memory image, uint256 offset, address member) internal view returns (bool) {
        // Unchecked: offsets have 3 bytes and counts have 2.
        unchecked {
            uint256 head = _bytes(image.slice(offset, 3), 3);
            uint256 n = head >> 8;
            uint256 bits = head & 0xff;
            if (image.malformed || n == 0 || bits > MAX_LIST_BITS) return _malformed(image);

            uint256 first = 0;
            uint256 last = n;
            uint256 members = offset + 3;
            if (bits != 0) {
                uint256 i = Program.hash(uint256(uint160(member)), image.multiplier, bits);
                uint256 counts = _bytes(image.slice(members + 2 * i, 4), 4);
                first = counts >> 16;
                last = counts & 0xffff;
                if (image.malformed || first > last || last > n) return _malformed(image);
                members += 2 * ((1 << bits) + 1);
            }
            uint256 length = MEMBER * (last - first);
            uint256 cursor = image.slice(members + MEMBER * first, length);
            if (image.malformed) return false;
            for (uint256 end = cursor + length; cursor < end; cursor += MEMBER) {
                if (_bytes(cursor, MEMBER) == uint256(uint160(member))) return true;
            }
            return false;
        }
    }

    function _malformed(Image memory image) private pure returns (bool) {
        image.malformed = true;
        return false;
    }

    /// @dev The integer in 1 to 32 bytes of memory. {Program.slice} leaves a word behind whatever it hands out.
    function _bytes(uint256 cursor, uint256 length) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := shr(sub(256, shl(3, length)), mload(cursor))
        }
    }
}
