// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModuleGuard} from "../interfaces/IModuleGuard.sol";
import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafe} from "../interfaces/ISafe.sol";
import {ISafeProtocolHooks, ISafeProtocolManager} from "../interfaces/ISafeProtocol.sol";
import {ITransactionGuard} from "../interfaces/ITransactionGuard.sol";
import {ActionView} from "../types/Data.sol";
import {Evaluation} from "../types/Evaluation.sol";
import {Route} from "../types/Types.sol";
import {Decoder} from "./Decoder.sol";

/// @notice Tells the leaves that rules never see from the ordinary ones, `docs/program.md` §4.
library ControlCalls {
    /// @notice What a leaf is. `Entry` is a call to the hook that only a Safe or a manager makes.
    enum Leaf {
        Ordinary,
        Slot,
        Control,
        SelfService,
        Entry
    }

    uint256 private constant SELECTOR = 4;
    uint256 private constant ONE_WORD = 36;
    uint256 private constant TWO_WORDS = 68;
    uint256 private constant THREE_WORDS = 100;
    uint256 private constant SUFFIX = 20;

    function classify(Evaluation memory e, ActionView memory a) internal view returns (Leaf) {
        bytes calldata data = a.data.bytesOf();
        if (data.length < SELECTOR) return Leaf.Ordinary;
        bytes4 selector = bytes4(data);
        if (a.to == address(this)) return _toHook(data, selector, e.account);
        if (selector == ISafeProtocolManager.setHooks.selector) {
            bool manages = e.control.route() == Route.Manager && (a.to == e.account || a.to == e.manager);
            return manages ? Leaf.Slot : Leaf.Ordinary;
        }
        bool slot = a.to == e.account
            && (selector == ISafe.setGuard.selector || selector == ISafe.setModuleGuard.selector
                || selector == ISafe.setFallbackHandler.selector);
        return slot ? Leaf.Slot : Leaf.Ordinary;
    }

    /// @notice Whether a leaf that is not ordinary is in exact ABI encoding, as far as its arguments are static.
    function exact(Evaluation memory e, ActionView memory a) internal pure returns (bool) {
        bytes calldata data = a.data.bytesOf();
        bytes4 selector = bytes4(data);
        if (selector == IPolicyHook.cancelStaged.selector) return data.length == SELECTOR;
        if (selector == IPolicyHook.cancel.selector) return data.length == TWO_WORDS;
        if (selector == IPolicyHook.stage.selector) {
            return data.length == THREE_WORDS && Decoder.isAddress(data, SELECTOR)
                && uint256(bytes32(data[TWO_WORDS:THREE_WORDS])) >> 32 == 0;
        }
        if (
            selector == IPolicyHook.install.selector || selector == IPolicyHook.stageSlots.selector
                || selector == IPolicyHook.announce.selector
        ) return true;
        // What is left has one address: activate and the slot changes.
        if (selector == ISafeProtocolManager.setHooks.selector && a.to == e.manager) {
            return data.length == ONE_WORD + SUFFIX && Decoder.isAddress(data, SELECTOR)
                && address(bytes20(data[ONE_WORD:])) == e.account;
        }
        return data.length == ONE_WORD && Decoder.isAddress(data, SELECTOR);
    }

    /// @notice Whether an exact leaf makes the hook the account's fallback handler, which would let anyone speak for
    /// the account here.
    function handsOver(ActionView memory a) internal view returns (bool) {
        bytes calldata data = a.data.bytesOf();
        return bytes4(data) == ISafe.setFallbackHandler.selector && Decoder.addressAt(data, SELECTOR) == address(this);
    }

    function installs(ActionView memory a) internal pure returns (bool) {
        return bytes4(a.data.bytesOf()) == IPolicyHook.install.selector;
    }

    function _toHook(bytes calldata data, bytes4 selector, address account) private pure returns (Leaf) {
        if (
            selector == IPolicyHook.install.selector || selector == IPolicyHook.stage.selector
                || selector == IPolicyHook.stageSlots.selector || selector == IPolicyHook.cancelStaged.selector
                || selector == IPolicyHook.activate.selector
        ) return Leaf.Control;
        if (selector == IPolicyHook.announce.selector || selector == IPolicyHook.cancel.selector) {
            bool own = data.length >= ONE_WORD
                && uint256(bytes32(data[SELECTOR:ONE_WORD])) == uint256(uint160(account));
            return own ? Leaf.SelfService : Leaf.Ordinary;
        }
        bool entry = selector == ITransactionGuard.checkTransaction.selector
            || selector == ITransactionGuard.checkAfterExecution.selector
            || selector == IModuleGuard.checkModuleTransaction.selector
            || selector == IModuleGuard.checkAfterModuleExecution.selector
            || selector == ISafeProtocolHooks.preCheck.selector
            || selector == ISafeProtocolHooks.preCheckRootAccess.selector
            || selector == ISafeProtocolHooks.postCheck.selector;
        return entry ? Leaf.Entry : Leaf.Ordinary;
    }
}
