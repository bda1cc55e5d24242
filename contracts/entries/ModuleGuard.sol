// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {ExactCalldata} from "../libraries/ExactCalldata.sol";
import {oneAction} from "../types/Data.sol";
import {EVALUATION, Evaluation} from "../types/Evaluation.sol";

/// @notice The entry for module transactions of a Safe 1.5.0, {IModuleGuard}.
abstract contract ModuleGuard is Engine {
    /// @dev Words of this call's arguments, and where others are.
    uint256 private constant DATA = 2;
    uint256 private constant WORDS = 5;
    uint256 private constant TO = 0x04;
    uint256 private constant OPERATION = 0x64;
    uint256 private constant MODULE = 0x84;
    /// @dev Fields of {Evaluation}.
    uint256 private constant ORIGIN = 0x20;
    uint256 private constant INITIATOR = 0x40;

    /// @dev {IModuleGuard.checkModuleTransaction}.
    function _checkModuleTransaction(Evaluation memory e) internal {
        (uint256 end, uint256 wrong) = ExactCalldata.tail(DATA, ExactCalldata.headEnd(WORDS));
        assembly ("memory-safe") {
            // Those of addresses, and an operation of 8 bits.
            let high := or(shr(160, or(calldataload(TO), calldataload(MODULE))), shr(8, calldataload(OPERATION)))
            wrong := or(or(wrong, high), xor(end, calldatasize()))
        }
        ExactCalldata.check(wrong == 0);
        assembly ("memory-safe") {
            e := EVALUATION
            mstore(EVALUATION, caller())
            mstore(add(EVALUATION, ORIGIN), calldataload(MODULE))
            mstore(add(EVALUATION, INITIATOR), calldataload(MODULE))
        }
        // The calldata stands directly behind the arguments.
        _enforce(e, oneAction(TO, ExactCalldata.headEnd(WORDS)));
    }
}
