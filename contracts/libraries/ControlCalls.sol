// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModuleGuard} from "../interfaces/IModuleGuard.sol";
import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafe} from "../interfaces/ISafe.sol";
import {ISafeProtocolHooks, ISafeProtocolManager} from "../interfaces/ISafeProtocol.sol";
import {ITransactionGuard} from "../interfaces/ITransactionGuard.sol";
import {ActionView} from "../types/Data.sol";
import {Evaluation, Reach} from "../types/Evaluation.sol";
import {Route} from "../types/Types.sol";
import {Calldata} from "./Calldata.sol";

/// @notice Tells the leaves that rules never see from the ordinary ones, `docs/program.md` §4.
library ControlCalls {
    using Calldata for bytes;

    /// @notice What a leaf is. An entry is a call to the hook that only a Safe or a manager makes, or one to the
    /// manager that the account has no business with.
    uint256 internal constant ORDINARY = 0;
    uint256 internal constant SLOT = 1;
    uint256 internal constant CONTROL = 2;
    uint256 internal constant SELF_SERVICE = 3;
    uint256 internal constant ENTRY = 4;

    uint256 private constant SELECTOR = 4;
    uint256 private constant ONE_WORD = 36;
    uint256 private constant TWO_WORDS = 68;
    uint256 private constant THREE_WORDS = 100;
    uint256 private constant SUFFIX = 20;

    function classify(Evaluation memory e, ActionView memory a) internal view returns (uint256) {
        address to = a.to;
        bool toManager = to == e.manager && to != address(0);
        if (to != e.account && to != address(this) && !toManager) return ORDINARY;
        bytes calldata data = a.data.bytesOf();
        uint32 selector = data.length < SELECTOR ? 0 : data.selector();
        if (data.length >= SELECTOR) {
            if (to == address(this)) return _toHook(data, selector, e.account);
            bool managed = e.control.route() == Route.Manager;
            if (managed && selector == uint32(ISafeProtocolManager.setHooks.selector)) return SLOT;
            bool slot = to == e.account
                && (selector == uint32(ISafe.setGuard.selector)
                    || selector == uint32(ISafe.setModuleGuard.selector)
                    || selector == uint32(ISafe.setFallbackHandler.selector));
            if (slot) return SLOT;
        }
        return toManager && !_changesManager(selector) ? ENTRY : ORDINARY;
    }

    /// @notice Which rules can match the `call` effect of an ordinary leaf.
    function reach(Evaluation memory e, ActionView memory a) internal pure returns (uint256) {
        bytes calldata data = a.data.bytesOf();
        if (a.to != e.account && a.to != e.manager || data.length < SELECTOR) return Reach.EVERY;
        uint32 selector = data.selector();
        if (a.to == e.account && selector == uint32(ISafe.enableModule.selector)) return Reach.NAMED_RECIPIENT;
        bool changes = e.manager != address(0) && _changesManager(selector);
        return changes ? Reach.NAMED : Reach.EVERY;
    }

    /// @notice Whether a leaf that is not ordinary is in exact ABI encoding, as far as its arguments are static.
    function exact(Evaluation memory e, ActionView memory a) internal pure returns (bool) {
        bytes calldata data = a.data.bytesOf();
        uint32 selector = data.selector();
        if (
            selector == uint32(IPolicyHook.install.selector) || selector == uint32(IPolicyHook.stageSlots.selector)
                || selector == uint32(IPolicyHook.announce.selector)
        ) return true;
        bool suffixed = a.to == e.manager && selector == uint32(ISafeProtocolManager.setHooks.selector);
        bool stages = selector == uint32(IPolicyHook.stage.selector);
        uint256 length = ONE_WORD;
        if (suffixed) length = ONE_WORD + SUFFIX;
        else if (stages) length = THREE_WORDS;
        else if (selector == uint32(IPolicyHook.cancel.selector)) length = TWO_WORDS;
        else if (selector == uint32(IPolicyHook.cancelStaged.selector)) length = SELECTOR;
        // Each has an address first, or nothing, which reads as zero.
        if (data.length != length || !data.isAddress(SELECTOR)) return false;
        if (suffixed) return data.word(ONE_WORD) >> 96 == uint256(uint160(e.account));
        return !stages || data.word(TWO_WORDS) >> 32 == 0;
    }

    /// @dev Calls that change which code the manager runs for the account. They reach it from the account's own
    /// fallback too, if it is the handler.
    function _changesManager(uint32 selector) private pure returns (bool) {
        return selector == uint32(ISafeProtocolManager.enablePlugin.selector)
            || selector == uint32(ISafeProtocolManager.disablePlugin.selector)
            || selector == uint32(ISafeProtocolManager.setFunctionHandler.selector);
    }

    function _toHook(bytes calldata data, uint32 selector, address account) private pure returns (uint256) {
        if (
            selector == uint32(IPolicyHook.install.selector) || selector == uint32(IPolicyHook.stage.selector)
                || selector == uint32(IPolicyHook.stageSlots.selector)
                || selector == uint32(IPolicyHook.cancelStaged.selector)
                || selector == uint32(IPolicyHook.activate.selector)
        ) return CONTROL;
        if (selector == uint32(IPolicyHook.announce.selector) || selector == uint32(IPolicyHook.cancel.selector)) {
            bool own = data.length >= ONE_WORD && data.word(SELECTOR) == uint256(uint160(account));
            return own ? SELF_SERVICE : ORDINARY;
        }
        bool entry = selector == uint32(ITransactionGuard.checkTransaction.selector)
            || selector == uint32(ITransactionGuard.checkAfterExecution.selector)
            || selector == uint32(IModuleGuard.checkModuleTransaction.selector)
            || selector == uint32(IModuleGuard.checkAfterModuleExecution.selector)
            || selector == uint32(ISafeProtocolHooks.preCheck.selector)
            || selector == uint32(ISafeProtocolHooks.preCheckRootAccess.selector)
            || selector == uint32(ISafeProtocolHooks.postCheck.selector);
        return entry ? ENTRY : ORDINARY;
    }
}
