// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";

/// @notice Hands this very call to a linked library, without decoding and encoding its arguments again.
library Forward {
    /// @notice Delegatecalls `code` with the arguments of this call, and returns or reverts with what it answers.
    /// @param selector Of a function there with the same arguments. A library's selectors differ from a contract's
    /// where arguments are structs.
    /// @dev A delegatecall to an address without code would succeed and do nothing, so that is looked for first.
    function to(address code, bytes4 selector) internal {
        require(code.code.length != 0, IPolicyHook.NotLinked(code));
        assembly ("memory-safe") {
            // Behind all that is allocated; nothing runs after this.
            let start := mload(0x40)
            calldatacopy(start, 0, calldatasize())
            mstore(start, or(selector, shr(32, shl(32, mload(start)))))
            let ok := delegatecall(gas(), code, start, calldatasize(), 0, 0)
            returndatacopy(start, 0, returndatasize())
            if iszero(ok) { revert(start, returndatasize()) }
            return(start, returndatasize())
        }
    }

    /// @notice {to}, but hands over what it answers instead of returning it.
    function read(address code, bytes4 selector) internal returns (bytes memory answer) {
        require(code.code.length != 0, IPolicyHook.NotLinked(code));
        assembly ("memory-safe") {
            answer := mload(0x40)
            calldatacopy(answer, 0, calldatasize())
            mstore(answer, or(selector, shr(32, shl(32, mload(answer)))))
            let ok := delegatecall(gas(), code, answer, calldatasize(), 0, 0)
            let size := returndatasize()
            if iszero(ok) {
                returndatacopy(answer, 0, size)
                revert(answer, size)
            }
            mstore(answer, size)
            returndatacopy(add(answer, 32), 0, size)
            mstore(0x40, and(add(add(answer, size), 63), not(31)))
        }
    }

    /// @notice {read}, for a function there that only reads.
    function readView(address code, bytes4 selector) internal view returns (bytes memory) {
        function(address, bytes4) internal returns (bytes memory) writing = read;
        function(address, bytes4) internal view returns (bytes memory) reading;
        assembly ("memory-safe") {
            reading := writing
        }
        return reading(code, selector);
    }

    /// @notice {to}, for a function there that only reads.
    /// @dev The compiler takes every delegatecall in assembly for a write.
    function toView(address code, bytes4 selector) internal view {
        function(address, bytes4) internal writing = to;
        function(address, bytes4) internal view reading;
        assembly ("memory-safe") {
            reading := writing
        }
        reading(code, selector);
    }
}
