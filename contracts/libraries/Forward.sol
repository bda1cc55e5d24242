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
            // The lower bytes of a Solidity variable are not known to be clean.
            mstore(start, or(shl(224, shr(224, selector)), shr(32, shl(32, mload(start)))))
            let ok := delegatecall(gas(), code, start, calldatasize(), 0, 0)
            returndatacopy(start, 0, returndatasize())
            if iszero(ok) { revert(start, returndatasize()) }
            return(start, returndatasize())
        }
    }

    /// @notice {to}, but hands over what it answers instead of returning it.
    function read(address code, bytes4 selector) internal returns (bytes memory output) {
        require(code.code.length != 0, IPolicyHook.NotLinked(code));
        assembly ("memory-safe") {
            output := mload(0x40)
            calldatacopy(output, 0, calldatasize())
            mstore(output, or(shl(224, shr(224, selector)), shr(32, shl(32, mload(output)))))
            let ok := delegatecall(gas(), code, output, calldatasize(), 0, 0)
            let size := returndatasize()
            if iszero(ok) {
                returndatacopy(output, 0, size)
                revert(output, size)
            }
            mstore(output, size)
            returndatacopy(add(output, 32), 0, size)
            mstore(0x40, and(add(add(output, size), 63), not(31)))
        }
    }

    /// @notice Returns one word to the caller of this contract.
    function answer(uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(0x00, word)
            return(0x00, 32)
        }
    }

    /// @notice Returns what is encoded to the caller of this contract.
    function answer(bytes memory encoded) internal pure {
        assembly ("memory-safe") {
            return(add(encoded, 32), mload(encoded))
        }
    }
}
