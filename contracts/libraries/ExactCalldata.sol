// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {Calldata} from "./Calldata.sol";

/// @notice Tells exact ABI encoding from everything else that Solidity's decoder accepts. What is not exact reverts
/// with `NonCanonicalEntry`.
library ExactCalldata {
    using Calldata for bytes;

    uint256 private constant WORD = 32;

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
