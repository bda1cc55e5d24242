// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Calldata} from "./Calldata.sol";

/// @notice What attesters state, `docs/program.md` §1 and §8.7: a pair of bits for each effect and hybrid rule, effect by
/// effect, the most significant bits first.
library Statements {
    using Calldata for bytes;

    uint256 internal constant FALSE = 1;
    uint256 internal constant TRUE = 2;

    uint256 private constant WORD = 32;
    /// @dev The lower bit of every pair.
    uint256 private constant LOWER = 0x5555555555555555555555555555555555555555555555555555555555555555;

    /// @notice The pair, by its place; 0 behind the end.
    function pairAt(bytes calldata statement, uint256 place) internal pure returns (uint256) {
        return (statement.word(place / 4) >> (254 - 2 * (place % 4))) & 3;
    }

    /// @notice Whether it has so many pairs, none of them with both bits, and nothing in its last byte but pairs.
    function isSound(bytes calldata statement, uint256 pairs) internal pure returns (bool) {
        if (statement.length != (pairs + 3) / 4) return false;
        for (uint256 at = 0; at < statement.length; at += WORD) {
            uint256 word = statement.word(at);
            if (word & (word >> 1) & LOWER != 0) return false;
        }
        // Behind the last pair of the last byte.
        return pairs % 4 == 0 || uint8(statement[statement.length - 1]) << (2 * (pairs % 4)) & 0xff == 0;
    }
}
