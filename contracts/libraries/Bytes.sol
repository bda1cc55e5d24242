// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice The integer in 1 to 32 bytes of memory. Every slice of a program has a word behind it, so this reads nothing
/// that something else owns.
function integerAt(uint256 pointer, uint256 length) pure returns (uint256 value) {
    assembly ("memory-safe") {
        value := shr(sub(256, shl(3, length)), mload(pointer))
    }
}
