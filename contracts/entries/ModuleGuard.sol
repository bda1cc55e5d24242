// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {IModuleGuard} from "../interfaces/IModuleGuard.sol";
import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ExactCalldata} from "../libraries/ExactCalldata.sol";
import {oneAction} from "../types/Data.sol";
import {Evaluation, evaluations} from "../types/Evaluation.sol";

/// @notice The entry for module transactions of a Safe 1.5.0.
abstract contract ModuleGuard is Engine, IModuleGuard {
    /// @dev The head word with the offset of `data`.
    uint256 private constant DATA = 2;
    uint256 private constant WORDS = 5;

    /// @inheritdoc IModuleGuard
    function checkModuleTransaction(address to, uint256 value, bytes calldata data, uint8 operation, address module)
        external
        returns (bytes32 moduleTxHash)
    {
        ExactCalldata.checkCall(WORDS, DATA);
        Evaluation memory e = evaluations()();
        e.account = msg.sender;
        e.origin = module;
        e.initiator = module;
        _enforce(e, oneAction(to, value, data, operation));
        return 0;
    }

    /// @inheritdoc IModuleGuard
    function checkAfterModuleExecution(bytes32, bool success) external pure {
        require(success, IPolicyHook.ExecutionFailed());
    }
}
