// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Announcements} from "./Announcements.sol";
import {Control} from "./Control.sol";
import {Members} from "./Members.sol";
import {Openers} from "./Openers.sol";
import {ModuleGuard} from "./entries/ModuleGuard.sol";
import {ProtocolHooks} from "./entries/ProtocolHooks.sol";
import {TransactionGuard} from "./entries/TransactionGuard.sol";
import {IERC165} from "./interfaces/IERC165.sol";
import {IModuleGuard} from "./interfaces/IModuleGuard.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {ISafeProtocolHooks} from "./interfaces/ISafeProtocol.sol";
import {ITransactionGuard} from "./interfaces/ITransactionGuard.sol";
import {Forward} from "./libraries/Forward.sol";
import {ReadRequest, Requests} from "./libraries/Requests.sol";
import {Evaluation} from "./types/Evaluation.sol";
import {Request, Verdict} from "./types/Types.sol";

/// @title Portcullis, treasury policy for Safe accounts
/// @notice The one contract that is deployed: entries, control and announcements around one core.
contract PolicyHook is TransactionGuard, ModuleGuard, ProtocolHooks, Control, Announcements, Members, Openers, IERC165 {
    /// @inheritdoc IPolicyHook
    function check(address account, Request calldata) external view returns (Verdict memory) {
        bytes memory read = Forward.readView(address(Requests), Requests.ofCheck.selector);
        ReadRequest memory request = abi.decode(read, (ReadRequest));
        Evaluation memory e = _evaluation(account, request, true);
        _evaluate(e, request.actions);
        return e.verdict;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(ITransactionGuard).interfaceId || interfaceId == type(IModuleGuard).interfaceId
            || interfaceId == type(ISafeProtocolHooks).interfaceId || interfaceId == type(IERC165).interfaceId;
    }
}
