// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Calldata} from "./Calldata.sol";

/// @notice Tells exact ABI encoding from everything else that Solidity's decoder accepts.
library ExactCalldata {
    using Calldata for bytes;

    /// @notice Whether `encoded` is `words` head words and, in this order and directly behind them, the bytes whose
    /// offsets are in the head words listed in `dynamic`, each zero-padded to a word, and nothing else.
    /// @param dynamic Head indices of 8 bits each, the first lowest; 0 ends the list, so word 0 cannot be one.
    function isExact(bytes calldata encoded, uint256 words, uint256 dynamic) internal pure returns (bool) {
        uint256 cursor = 32 * words;
        if (encoded.length < cursor) return false;
        for (; dynamic != 0; dynamic >>= 8) {
            if (wordAt(encoded, dynamic & 0xff) != cursor || encoded.length - cursor < 32) return false;
            uint256 length = encoded.word(cursor);
            cursor += 32;
            if (length > encoded.length - cursor) return false;
            uint256 padding = (32 - length % 32) % 32;
            cursor += length;
            if (padding > encoded.length - cursor || padding != 0 && encoded.word(cursor) >> (256 - 8 * padding) != 0) return false;
            cursor += padding;
        }
        return cursor == encoded.length;
    }

    /// @notice Head word `index`.
    function wordAt(bytes calldata encoded, uint256 index) internal pure returns (uint256) {
        return encoded.word(32 * index);
    }

    /// @notice The bytes whose offset is in head word `index`. Only for what {isExact} vouches for.
    function bytesAt(bytes calldata encoded, uint256 index) internal pure returns (bytes calldata) {
        bytes calldata tail = encoded[wordAt(encoded, index):];
        return tail[32:32 + wordAt(tail, 0)];
    }

    /// @notice The address in head word `index`. Only where the upper bytes are known to be clean.
    function addressAt(bytes calldata encoded, uint256 index) internal pure returns (address) {
        return address(uint160(wordAt(encoded, index)));
    }
}
