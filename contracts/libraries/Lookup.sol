// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";

/// @notice Static calls to contracts that nobody here vouches for, `docs/program.md` §1. Each has a fixed amount of
/// gas, and of its answer no more is copied than was asked for, so a contract can neither burn the request's gas nor
/// fill its memory. An address without code answers with no words, which is never what was asked for.
library Lookup {
    uint256 private constant REGISTRY_GAS = 100_000;
    /// @dev More than what comes between measuring the gas and the call, a cold account included.
    uint256 private constant OVERHEAD = 5000;

    /// @notice What a registry says of a member.
    /// @return ok Whether it answered with one word, 0 or 1.
    function registered(address registry, uint256 selector, address member) internal view returns (bool ok, bool yes) {
        _measure(REGISTRY_GAS);
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x20, shr(96, shl(96, member)))
            ok := staticcall(REGISTRY_GAS, registry, 0x1c, 36, 0x00, 32)
            // In a statement of its own, since Yul evaluates arguments from the last to the first.
            ok := and(ok, eq(returndatasize(), 32))
            let answer := mload(0x00)
            ok := and(ok, lt(answer, 2))
            yes := and(ok, answer)
        }
    }

    /// @notice One word of what a static call returns.
    /// @return ok Whether the call succeeded and returned exactly `words` words.
    function ask(address target, uint256 gasLimit, bytes memory input, uint256 words, uint256 index)
        internal
        view
        returns (bool ok, uint256 word)
    {
        uint256 output;
        (ok, output) = call(target, gasLimit, input, words);
        assembly ("memory-safe") {
            if ok { word := mload(add(output, shl(5, index))) }
        }
    }

    /// @notice What a static call returns.
    /// @return ok Whether the call succeeded and returned exactly `words` words.
    /// @return output Where they are, up to the next allocation.
    function call(address target, uint256 gasLimit, bytes memory input, uint256 words)
        internal
        view
        returns (bool ok, uint256 output)
    {
        _measure(gasLimit);
        assembly ("memory-safe") {
            output := mload(0x40)
            let size := shl(5, words)
            ok := staticcall(gasLimit, target, add(input, 32), mload(input), output, size)
            ok := and(ok, eq(returndatasize(), size))
        }
    }

    /// @dev A call gets at most 63/64 of the gas that is left. With less than it is due, what is asked might answer
    /// something else, and whoever executes chooses the gas; so there is no verdict then.
    function _measure(uint256 gasLimit) private view {
        require(gasleft() > gasLimit + gasLimit / 63 + OVERHEAD, IPolicyHook.NotEnoughGas());
    }
}
