// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IMAGE} from "../types/Evaluation.sol";
import {Image} from "../types/Image.sol";
import {Program} from "./Program.sol";

/// @notice The hash table that a program's entries stand in, `docs/program.md` §1.
library Buckets {
    using Program for Image;

    /// @dev Rule, offset and length follow the key.
    uint256 private constant KEY_SHIFT = 56;
    /// @dev Fields of {Image}.
    uint256 private constant BASE = 0x40;
    uint256 private constant LOADED = 0x60;
    uint256 private constant DIRECTORY_BITS = 0xe0;
    uint256 private constant DIRECTORY = 0x180;
    uint256 private constant ENTRIES = 0x1a0;
    uint256 private constant MULTIPLIER = 0x1c0;

    /// @notice {find}, in the whole bucket of the key, which ends at `end`. A malformed one is empty.
    function seek(Image memory image, uint256 key) internal view returns (uint256 entry, uint256 behind, uint256 end) {
        uint256 cursor;
        uint256 offset;
        bool near;
        assembly ("memory-safe") {
            image := IMAGE
            let base := mload(add(IMAGE, BASE))
            let loaded := mload(add(IMAGE, LOADED))
            // As {Program.hash}.
            let i := shr(sub(256, mload(add(IMAGE, DIRECTORY_BITS))), mul(key, mload(add(IMAGE, MULTIPLIER))))
            offset := add(mload(add(IMAGE, DIRECTORY)), mul(3, i))
            near := iszero(gt(add(offset, 6), loaded))
            // What is not there is not looked at, and is found again below.
            let pair := mload(mul(near, add(base, offset)))
            let start := shr(232, pair)
            let past := and(shr(208, pair), 0xffffff)
            let broken := or(or(lt(start, mload(add(IMAGE, ENTRIES))), lt(past, start)), and(sub(past, start), 31))
            near := gt(near, or(broken, gt(past, loaded)))
            cursor := add(base, start)
            end := add(base, past)
        }
        if (!near) (cursor, end) = _bucket(image, offset);
        // The bucket lies in memory, whole.
        assembly ("memory-safe") {
            for {} lt(cursor, end) {} {
                let candidate := mload(cursor)
                cursor := add(cursor, 32)
                if eq(shr(KEY_SHIFT, candidate), key) {
                    entry := candidate
                    behind := cursor
                    break
                }
            }
        }
    }

    /// @dev The bucket, of what was not copied with the first page, whose offset and that of what is behind stand at
    /// `offset`: pointers to its first entry and
    /// behind its last. A malformed one is empty.
    function _bucket(Image memory image, uint256 offset) private view returns (uint256 cursor, uint256 end) {
        cursor = image.slice(offset, 6);
        uint256 length;
        bool broken;
        assembly ("memory-safe") {
            let pair := mload(cursor)
            offset := shr(232, pair)
            let behind := and(shr(208, pair), 0xffffff)
            length := sub(behind, offset)
            broken := or(or(lt(offset, mload(add(IMAGE, ENTRIES))), lt(behind, offset)), and(length, 31))
        }
        if (broken) {
            image.spoil();
            return (0, 0);
        }
        cursor = image.fetch(offset, length);
        // Past the code: nothing to walk, or the walk would run out of gas before the flag is seen.
        if (cursor == Program.ZERO) return (0, 0);
        assembly ("memory-safe") {
            end := add(cursor, length)
        }
    }

    /// @notice The first entry of the key between the two pointers, and what is behind it; both 0 if there is none. The
    /// bucket lies in memory, whole.
    function find(uint256 key, uint256 cursor, uint256 end) internal pure returns (uint256 entry, uint256 behind) {
        assembly ("memory-safe") {
            for {} lt(cursor, end) {} {
                let candidate := mload(cursor)
                cursor := add(cursor, 32)
                if eq(shr(KEY_SHIFT, candidate), key) {
                    entry := candidate
                    behind := cursor
                    break
                }
            }
        }
    }
}
