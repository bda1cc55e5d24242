// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Announcements} from "./Announcements.sol";
import {Control} from "./Control.sol";
import {ModuleGuard} from "./entries/ModuleGuard.sol";
import {ProtocolHooks} from "./entries/ProtocolHooks.sol";
import {TransactionGuard} from "./entries/TransactionGuard.sol";
import {IERC165} from "./interfaces/IERC165.sol";
import {IModuleGuard} from "./interfaces/IModuleGuard.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {ISafeProtocolHooks} from "./interfaces/ISafeProtocol.sol";
import {ITransactionGuard} from "./interfaces/ITransactionGuard.sol";
import {Forward} from "./libraries/Forward.sol";
import {Lifecycle} from "./libraries/Lifecycle.sol";
import {viewsOf} from "./types/Data.sol";
import {Evaluation, evaluations} from "./types/Evaluation.sol";
import {AccountState, Request, Verdict} from "./types/Types.sol";

/// @title Portcullis, treasury policy for Safe accounts
/// @notice The one contract that is deployed: entries, control and announcements around one core.
contract PolicyHook is TransactionGuard, ModuleGuard, ProtocolHooks, Control, Announcements, IERC165 {
    /// @inheritdoc IPolicyHook
    function check(address account, Request calldata request) external view returns (Verdict memory) {
        Evaluation memory e = evaluations()();
        e.account = account;
        e.origin = request.origin;
        e.initiator = request.initiator;
        e.safeTxGas = request.safeTxGas;
        e.gasPrice = request.gasPrice;
        _evaluate(e, viewsOf(request.actions));
        return e.verdict;
    }

    /// @inheritdoc IPolicyHook
    function accountState(address account) external view returns (AccountState memory) {
        Forward.toView(address(Lifecycle), Lifecycle.accountState.selector);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(ITransactionGuard).interfaceId || interfaceId == type(IModuleGuard).interfaceId
            || interfaceId == type(ISafeProtocolHooks).interfaceId || interfaceId == type(IERC165).interfaceId;
    }
}
