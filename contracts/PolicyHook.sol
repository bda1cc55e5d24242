// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Desk} from "./Desk.sol";
import {ModuleGuard} from "./entries/ModuleGuard.sol";
import {ProtocolHooks} from "./entries/ProtocolHooks.sol";
import {TransactionGuard} from "./entries/TransactionGuard.sol";
import {IERC165} from "./interfaces/IERC165.sol";
import {IModuleGuard} from "./interfaces/IModuleGuard.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {ISafeProtocolHooks} from "./interfaces/ISafeProtocol.sol";
import {ITransactionGuard} from "./interfaces/ITransactionGuard.sol";
import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Forward} from "./libraries/Forward.sol";
import {Requests} from "./libraries/Requests.sol";
import {Watch} from "./libraries/Watch.sol";
import {EVALUATION, Evaluation, evaluationAt, makeEvaluation} from "./types/Evaluation.sol";

/// @title Portcullis, treasury policy for Safe accounts
/// @notice The one contract that is deployed: entries, and a desk for all else, around one core. {IPortcullis} is its
/// interface.
/// @dev There are no functions, since the compiler would compare a call with each in turn and decode its arguments one
/// by one, which costs an execution more than deciding it. Here what a Safe calls at each execution comes first, and
/// every part reads its own arguments.
contract PolicyHook is TransactionGuard, ModuleGuard, ProtocolHooks, Desk {
    fallback() external {
        uint256 selector;
        assembly ("memory-safe") {
            selector := shr(224, calldataload(0))
        }
        if (selector == uint32(ITransactionGuard.checkAfterExecution.selector)) return _checkSuccess();
        if (selector == uint32(IModuleGuard.checkAfterModuleExecution.selector)) return _checkSuccess();
        makeEvaluation();
        Evaluation memory e = evaluationAt()(EVALUATION);
        if (selector == uint32(ITransactionGuard.checkTransaction.selector)) return _checkTransaction(e);
        if (selector == uint32(IModuleGuard.checkModuleTransaction.selector)) {
            Forward.answer(_checkedModuleTransaction(e));
        }
        _serve(e, msg.sig);
    }

    /// @dev What a Safe takes for a hash, of which this hook has none.
    function _checkedModuleTransaction(Evaluation memory e) private returns (uint256) {
        _checkModuleTransaction(e);
        return 0;
    }

    /// @dev What is called after an execution: its second argument says how that went. Nothing is looked at but what was
    /// noted of the caller, and nothing written but what is charged to the caller's own limits, so this asks for no
    /// authority: after a removal, the manager that still finishes that very execution is registered no longer.
    function _checkSuccess() private {
        require(ExactCalldata.argument(1) == 1, IPolicyHook.ExecutionFailed());
        bool locked;
        assembly ("memory-safe") {
            // {Watch.LOCK} of the caller.
            locked := tload(shl(96, caller()))
        }
        if (locked) Watch.settle(msg.sender);
    }

    /// @dev Everything else. Each part returns only if the call is none of its own.
    function _serve(Evaluation memory e, bytes4 selector) private {
        if (selector == ISafeProtocolHooks.postCheck.selector) return _checkSuccess();
        _protocol(e, selector);
        if (selector == IPolicyHook.check.selector) _check(e);
        _desk(selector);
        if (selector == IERC165.supportsInterface.selector) {
            Forward.answer(_supports(bytes32(ExactCalldata.argument(0))));
        }
        revert();
    }

    /// @dev {IPolicyHook.check}
    function _check(Evaluation memory e) private {
        _evaluate(e, _read(e, Requests.ofCheck.selector, true));
    }

    /// @dev {IERC165.supportsInterface}
    function _supports(bytes32 interfaceId) private pure returns (uint256) {
        bool supported = interfaceId == type(ITransactionGuard).interfaceId
            || interfaceId == type(IModuleGuard).interfaceId || interfaceId == type(ISafeProtocolHooks).interfaceId
            || interfaceId == type(IERC165).interfaceId;
        return supported ? 1 : 0;
    }
}
