// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Reads pieces of calldata. Past its end a piece reads as zero, whatever follows it in the request.
library Calldata {
    /// @notice The first four bytes, as an integer.
    function selector(bytes calldata data) internal pure returns (uint32) {
        return uint32(word(data, 0) >> 224);
    }

    /// @notice The word at `offset`, which the caller has found to lie inside.
    function load(bytes calldata data, uint256 offset) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(data.offset, offset))
        }
    }

    function word(bytes calldata data, uint256 offset) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            if lt(offset, data.length) {
                value := calldataload(add(data.offset, offset))
                let left := sub(data.length, offset)
                if lt(left, 32) {
                    let behind := shl(3, sub(32, left))
                    value := shl(behind, shr(behind, value))
                }
            }
        }
    }

    /// @notice Whether the word at `offset` is an address with clean upper bytes.
    function isAddress(bytes calldata data, uint256 offset) internal pure returns (bool) {
        return word(data, offset) >> 160 == 0;
    }

    /// @notice The address in the lower bytes of the word at `offset`.
    function addressAt(bytes calldata data, uint256 offset) internal pure returns (address) {
        return address(uint160(word(data, offset)));
    }
}
