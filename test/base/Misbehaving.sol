// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Runtime code of contracts that answer every call in a way that nothing may be fooled by.
library Misbehaving {
    /// @notice Returns the first `length` bytes of the word, and zeros behind it.
    function returning(uint256 word, uint24 length) internal pure returns (bytes memory) {
        // PUSH32 word, PUSH0, MSTORE, PUSH3 length, PUSH0, RETURN
        return abi.encodePacked(hex"7f", word, hex"5f5262", length, hex"5ff3");
    }

    /// @notice Reverts with a word.
    function reverting(uint256 word) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"7f", word, hex"5f5260205ffd");
    }

    /// @notice Goes round in a circle until the gas is gone.
    function looping() internal pure returns (bytes memory) {
        return hex"5b5f56";
    }

    /// @notice Burns its gas at once.
    function invalid() internal pure returns (bytes memory) {
        return hex"fe";
    }

    /// @notice Reverts with as many bytes as the gas can buy.
    function bomb(uint24 length) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"62", length, hex"5ffd");
    }

    /// @notice Answers 1 with more than this gas, and 0 with less.
    function choosingByGas(uint24 gasLimit) internal pure returns (bytes memory) {
        // PUSH3 gas, GAS, GT, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
        return abi.encodePacked(hex"62", gasLimit, hex"5a115f5260205ff3");
    }

    /// @notice Writes to its storage, which a static call may not.
    function writing() internal pure returns (bytes memory) {
        // SSTORE(0, 1), and then answers 1
        return hex"60015f5560015f5260205ff3";
    }
}
