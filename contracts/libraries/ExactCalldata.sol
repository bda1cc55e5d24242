// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {Calldata} from "./Calldata.sol";

/// @notice Tells exact ABI encoding from everything else that Solidity's decoder accepts. What is not exact reverts
/// with `NonCanonicalEntry`.
library ExactCalldata {
    using Calldata for bytes;

    uint256 private constant WORD = 32;
    uint256 private constant SELECTOR = 4;

    function check(bool exact) internal pure {
        require(exact, IPolicyHook.NonCanonicalEntry());
    }

    /// @notice Checks that `encoded` is `words` head words and, in this order and directly behind them, the bytes
    /// whose offsets are in the head words listed in `dynamic`, and nothing else.
    /// @param dynamic Head indices of 8 bits each, the first lowest; 0 ends the list, so word 0 cannot be one.
    function checkHead(bytes calldata encoded, uint256 words, uint256 dynamic) internal pure {
        uint256 end = WORD * words;
        for (; dynamic != 0; dynamic >>= 8) {
            check(wordAt(encoded, dynamic & 0xff) == end);
            end = tailEnd(encoded, end);
        }
        check(end == encoded.length);
    }

    /// @notice Where the head of `words` arguments of this very call ends, and what is behind it begins.
    function headEnd(uint256 words) internal pure returns (uint256 end) {
        unchecked {
            return SELECTOR + WORD * words;
        }
    }

    /// @notice Where the bytes end whose length must be at `start` of this call, as argument word `index` must say;
    /// padding included, which must be zeros.
    /// @return end Means nothing where it is wrong.
    /// @return wrong Zero if all that is so.
    function tail(uint256 index, uint256 start) internal pure returns (uint256 end, uint256 wrong) {
        assembly ("memory-safe") {
            let length := calldataload(start)
            wrong := xor(calldataload(add(4, shl(5, index))), sub(start, 4))
            wrong := or(wrong, iszero(lt(length, calldatasize())))
            // Positions in calldata, now that the length was compared with its size.
            let last := add(add(start, 32), length)
            let padding := and(sub(4, last), 31)
            // Shifted so that only the padding is left; by a whole word where there is none. Past the end of calldata
            // everything is zero, and then the end is not where it must be.
            wrong := or(wrong, shr(shl(3, sub(32, padding)), calldataload(last)))
            end := add(last, padding)
        }
    }

    /// @notice Argument word `index` of this call, which is a constant of the caller.
    function argument(uint256 index) internal pure returns (uint256) {
        unchecked {
            return load(SELECTOR + WORD * index);
        }
    }

    /// @notice Argument word `index` of this call, which must not have more bits than these.
    function smallArgument(uint256 index, uint256 bits) internal pure returns (uint256 word) {
        word = argument(index);
        check(word >> bits == 0);
    }

    /// @notice The address in argument word `index` of this call.
    function addressArgument(uint256 index) internal pure returns (address) {
        return address(uint160(smallArgument(index, 160)));
    }

    /// @notice The word at `position` of calldata.
    function load(uint256 position) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(position)
        }
    }

    /// @notice Where the bytes that start with their length at `start`, a multiple of 32, end; padding included.
    function tailEnd(bytes calldata encoded, uint256 start) internal pure returns (uint256 end) {
        uint256 size = encoded.length;
        uint256 length = encoded.word(start);
        check(start < size && length < size);
        // Unchecked: both terms are smaller than calldata.
        unchecked {
            uint256 last = start + WORD + length;
            end = (last + WORD - 1) & ~(WORD - 1);
            // Fewer than 32 bytes from `last` to the end; shifted so that only they are left.
            check(end <= size && (end == last || encoded.word(last) >> (8 * (WORD + last - end)) == 0));
        }
    }

    /// @notice Head word `index`, which is a constant of the caller.
    function wordAt(bytes calldata encoded, uint256 index) internal pure returns (uint256) {
        unchecked {
            return encoded.word(WORD * index);
        }
    }

    /// @notice The bytes whose offset is in head word `index`. Only for what {checkHead} vouches for.
    function bytesAt(bytes calldata encoded, uint256 index) internal pure returns (bytes calldata) {
        uint256 start = wordAt(encoded, index);
        uint256 length = encoded.word(start);
        // Unchecked: {checkHead} has found the bytes to lie inside.
        unchecked {
            return encoded[start + WORD:start + WORD + length];
        }
    }

    /// @notice The address in head word `index`, which must have clean upper bytes.
    function addressAt(bytes calldata encoded, uint256 index) internal pure returns (address) {
        uint256 word = wordAt(encoded, index);
        check(word >> 160 == 0);
        return address(uint160(word));
    }
}
