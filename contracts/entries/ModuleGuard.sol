// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {ExactCalldata} from "../libraries/ExactCalldata.sol";
import {oneAction} from "../types/Data.sol";
import {EVALUATION, Evaluation} from "../types/Evaluation.sol";

/// @notice The entry for module transactions of a Safe 1.5.0, {IModuleGuard}.
abstract contract ModuleGuard is Engine {
    uint256 private constant TO = 0;
    uint256 private constant VALUE = 1;
    uint256 private constant DATA = 2;
    uint256 private constant OPERATION = 3;
    uint256 private constant MODULE = 4;
    uint256 private constant WORDS = 5;

    /// @dev {IModuleGuard.checkModuleTransaction}.
    function _checkModuleTransaction(Evaluation memory e) internal {
        uint256 to = ExactCalldata.argument(TO);
        uint256 module = ExactCalldata.argument(MODULE);
        ExactCalldata.check((to | module) >> 160 == 0);
        ExactCalldata.check(ExactCalldata.tail(DATA, ExactCalldata.headEnd(WORDS)) == msg.data.length);

        assembly ("memory-safe") {
            e := EVALUATION
        }
        e.account = msg.sender;
        e.origin = e.initiator = address(uint160(module));
        bytes calldata data = ExactCalldata.bytesBehind(ExactCalldata.headEnd(WORDS));
        _enforce(
            e,
            oneAction(
                address(uint160(to)), ExactCalldata.argument(VALUE), data, ExactCalldata.smallArgument(OPERATION, 8)
            )
        );
    }
}
