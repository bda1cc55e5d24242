// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModuleGuard} from "../interfaces/IModuleGuard.sol";
import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafe} from "../interfaces/ISafe.sol";
import {ISafeProtocolHooks, ISafeProtocolManager} from "../interfaces/ISafeProtocol.sol";
import {ITransactionGuard} from "../interfaces/ITransactionGuard.sol";
import {Reach} from "../types/Image.sol";
import {Reason} from "../types/Reason.sol";
import {Route} from "../types/Types.sol";
import {ControlWord} from "../types/Words.sol";
import {Calldata} from "./Calldata.sol";

/// @notice A leaf to the account, the hook or the manager.
struct Leaf {
    address account;
    address manager;
    ControlWord control;
    bool fromOwners;
    address to;
    uint256 value;
}

/// @notice Tells the leaves that rules never see from the ordinary ones, `docs/program.md` §4. A contract of its own,
/// since hardly any request has such leaves; delegatecalled, so that `this` is the hook.
library ControlCalls {
    using Calldata for bytes;

    /// @notice What a leaf is. Below these it is ordinary, and the number is its {Reach}.
    uint256 internal constant SLOT = 3;
    uint256 internal constant CONTROL = 4;
    uint256 internal constant SELF_SERVICE = 5;
    /// @dev A call to the hook that only a Safe or a manager makes, or one to the manager that the account has no
    /// business with.
    uint256 private constant ENTRY = 6;

    uint256 private constant SELECTOR = 4;
    uint256 private constant ONE_WORD = 36;
    uint256 private constant TWO_WORDS = 68;
    uint256 private constant THREE_WORDS = 100;
    uint256 private constant SUFFIX = 20;

    /// @notice What the leaf is, and why it is denied, if it is for what it is.
    function judge(Leaf calldata leaf, bytes calldata data)
        external
        view
        returns (uint256 kind, Reason reason, uint256 have)
    {
        kind = _classify(leaf, data);
        if (kind < SLOT) return (kind, Reason.Allowed, 0);

        uint32 selector = data.length < SELECTOR ? 0 : data.selector();
        bool byOwners = leaf.fromOwners && leaf.value == 0;
        if (kind == ENTRY || !byOwners) return (kind, Reason.ControlDenied, selector);
        if (!_exact(leaf, data)) return (kind, Reason.NonCanonicalCalldata, selector);
        // A handler is called as the account, so with the hook as handler anyone could speak for the account here.
        bool handsOver = selector == uint32(ISafe.setFallbackHandler.selector) && data.addressAt(4) == address(this);
        if (handsOver) return (kind, Reason.ControlDenied, selector);

        bool install = selector == uint32(IPolicyHook.install.selector);
        bool active = leaf.control.program() != address(0);
        if (!active && kind != SLOT && !install) return (kind, Reason.NoProgram, 0);
        if (active && install) return (kind, Reason.ControlDenied, selector);
        bool stays = kind == SELF_SERVICE && selector != uint32(IPolicyHook.cancel.selector);
        if (stays && leaf.control.frozen()) return (kind, Reason.Frozen, 0);
    }

    function _classify(Leaf calldata leaf, bytes calldata data) private view returns (uint256) {
        uint32 selector = data.length < SELECTOR ? 0 : data.selector();
        bool toAccount = leaf.to == leaf.account;
        bool toManager = leaf.to == leaf.manager && leaf.to != address(0);
        if (data.length >= SELECTOR) {
            if (leaf.to == address(this)) return _toHook(data, selector, leaf.account);
            bool managed = leaf.control.route() == Route.Manager;
            if (managed && selector == uint32(ISafeProtocolManager.setHooks.selector)) return SLOT;
            bool slot = toAccount
                && (selector == uint32(ISafe.setGuard.selector)
                    || selector == uint32(ISafe.setModuleGuard.selector)
                    || selector == uint32(ISafe.setFallbackHandler.selector));
            if (slot) return SLOT;
            if (leaf.manager != address(0) && _changesManager(selector)) return Reach.NAMED;
            if (toAccount && selector == uint32(ISafe.enableModule.selector)) return Reach.NAMED_RECIPIENT;
        }
        return toManager ? ENTRY : Reach.EVERY;
    }

    /// @dev Whether a leaf that is not ordinary is in exact ABI encoding, as far as its arguments are static.
    function _exact(Leaf calldata leaf, bytes calldata data) private pure returns (bool) {
        uint32 selector = data.selector();
        if (
            selector == uint32(IPolicyHook.install.selector) || selector == uint32(IPolicyHook.stageSlots.selector)
                || selector == uint32(IPolicyHook.announce.selector) || selector == uint32(IPolicyHook.open.selector)
        ) return true;
        bool suffixed = leaf.to == leaf.manager && selector == uint32(ISafeProtocolManager.setHooks.selector);
        bool stages = selector == uint32(IPolicyHook.stage.selector);
        uint256 length = ONE_WORD;
        if (suffixed) length = ONE_WORD + SUFFIX;
        else if (stages) length = THREE_WORDS;
        else if (selector == uint32(IPolicyHook.cancel.selector)) length = TWO_WORDS;
        else if (_isBare(selector)) length = SELECTOR;
        else if (selector == uint32(IPolicyHook.approve.selector)) return _isConsent(data, 4, 64);
        else if (selector == uint32(IPolicyHook.deny.selector)) return _isConsent(data, 3, 24);
        // Each has an address first, or nothing, which reads as zero.
        if (data.length != length || !data.isAddress(SELECTOR)) return false;
        if (suffixed) return data.word(ONE_WORD) >> 96 == uint256(uint160(leaf.account));
        return !stages || data.word(TWO_WORDS) >> 32 == 0;
    }

    function _isBare(uint32 selector) private pure returns (bool) {
        return selector == uint32(IPolicyHook.cancelStaged.selector)
            || selector == uint32(IPolicyHook.startUnfreeze.selector)
            || selector == uint32(IPolicyHook.unfreeze.selector);
    }

    /// @dev An address, words, and a number of so many bits, which is the last.
    function _isConsent(bytes calldata data, uint256 words, uint256 bits) private pure returns (bool) {
        uint256 last = SELECTOR + 32 * (words - 1);
        return data.length == last + 32 && data.isAddress(SELECTOR) && data.word(last) >> bits == 0;
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
                || selector == uint32(IPolicyHook.activate.selector) || _isBare(selector)
        ) return CONTROL;
        bool serves = selector == uint32(IPolicyHook.announce.selector)
            || selector == uint32(IPolicyHook.cancel.selector) || selector == uint32(IPolicyHook.approve.selector)
            || selector == uint32(IPolicyHook.deny.selector) || selector == uint32(IPolicyHook.open.selector);
        if (serves) {
            bool own = data.length >= ONE_WORD && data.word(SELECTOR) == uint256(uint160(account));
            return own ? SELF_SERVICE : Reach.EVERY;
        }
        bool entry = selector == uint32(ITransactionGuard.checkTransaction.selector)
            || selector == uint32(ITransactionGuard.checkAfterExecution.selector)
            || selector == uint32(IModuleGuard.checkModuleTransaction.selector)
            || selector == uint32(IModuleGuard.checkAfterModuleExecution.selector)
            || selector == uint32(ISafeProtocolHooks.preCheck.selector)
            || selector == uint32(ISafeProtocolHooks.preCheckRootAccess.selector)
            || selector == uint32(ISafeProtocolHooks.postCheck.selector);
        return entry ? ENTRY : Reach.EVERY;
    }
}
