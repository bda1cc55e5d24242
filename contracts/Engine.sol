// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {ISafe} from "./interfaces/ISafe.sol";
import {Calldata} from "./libraries/Calldata.sol";
import {ControlCalls} from "./libraries/ControlCalls.sol";
import {Decoder} from "./libraries/Decoder.sol";
import {Index, Run} from "./libraries/Index.sol";
import {Marker} from "./libraries/Marker.sol";
import {MultiSend} from "./libraries/MultiSend.sol";
import {Program} from "./libraries/Program.sol";
import {Rule, Rules} from "./libraries/Rules.sol";
import {Slots} from "./libraries/Slots.sol";
import {SpendLimit} from "./libraries/SpendLimit.sol";
import {State} from "./libraries/State.sol";
import {Timelock} from "./libraries/Timelock.sol";
import {ActionView} from "./types/Data.sol";
import {Effect, Evaluation, Kind, NO_RULE} from "./types/Evaluation.sol";
import {Reason} from "./types/Reason.sol";
import {Route, Verdict} from "./types/Types.sol";
import {StagedWord, controlWord} from "./types/Words.sol";

/// @title The one core behind every entry: evaluate in view, then commit
/// @notice `docs/program.md` §2 in the order in which it is written there. The functions that decide return
/// whether the evaluation goes on; before they return false they set the verdict.
abstract contract Engine {
    using Calldata for bytes;

    uint256 private constant MAX_BATCH_DEPTH = 2;

    /// @dev What an entry fills in: account, origin, initiator and the gas fields.
    function _enforce(Evaluation memory e, ActionView[] memory actions) internal {
        _evaluate(e, actions);
        Verdict memory v = e.verdict;
        require(v.reason == Reason.Allowed, IPolicyHook.Denied(v.reason, v.effect, v.rule, v.detail, v.have, v.need));
        _commit(e);
    }

    function _evaluate(Evaluation memory e, ActionView[] memory actions) internal view {
        e.control = State.control(e.account);
        if (e.control.route() == Route.Manager) e.manager = State.manager(e.account);
        e.rule = NO_RULE;
        if (_request(e, actions)) e.denyAt(Reason.Allowed, e.effects, e.rule, 0, 0, 0);
    }

    function _commit(Evaluation memory e) private {
        SpendLimit.commit(e);
        if (e.announcement != 0) State.clearAnnouncement(e.announcement);
        Marker.addAll(e.markers);
        if (e.slots.any) State.setStaged(e.account, StagedWord.wrap(0), 0);
        if (e.removal) {
            uint32 epoch = e.control.epoch() + 1;
            State.setControl(e.account, controlWord(address(0), 0, epoch, Route.None));
            State.setManager(e.account, address(0));
            emit IPolicyHook.Removed(e.account, epoch);
        }
    }

    function _request(Evaluation memory e, ActionView[] memory actions) private view returns (bool) {
        if (e.safeTxGas != 0 || e.gasPrice != 0) return e.deny(Reason.GasRefund, e.safeTxGas, e.gasPrice);
        if (actions.length == 0) return e.deny(Reason.MalformedBatch, 0, 0);
        for (uint256 i = 0; i < actions.length; ++i) {
            if (!_action(e, actions[i], 0)) return false;
        }
        return Slots.allows(e) && Timelock.allows(e, actions);
    }

    function _action(Evaluation memory e, ActionView memory a, uint256 depth) private view returns (bool) {
        if (a.operation == 0) return _leaf(e, a);
        if (a.operation > 1) return e.deny(Reason.BadOperation, a.operation, 0);
        if (a.value != 0) return e.deny(Reason.DelegatecallValue, a.value, 0);
        (bool known, bool delegates, bool zeroIsAccount) = MultiSend.recognise(a.to);
        if (!known) return e.deny(Reason.DelegatecallDenied, uint256(uint160(a.to)), 0);
        if (depth == MAX_BATCH_DEPTH) return e.deny(Reason.BatchTooDeep, 0, 0);

        address zero = zeroIsAccount ? e.account : address(0);
        ActionView[] memory inner = MultiSend.unwrap(a.data.bytesOf(), zero);
        if (inner.length == 0) return e.deny(Reason.MalformedBatch, 0, 0);
        for (uint256 i = 0; i < inner.length; ++i) {
            if (inner[i].operation == 1 && !delegates) return e.deny(Reason.BadOperation, 1, 0);
            if (!_action(e, inner[i], depth + 1)) return false;
        }
        return true;
    }

    function _leaf(Evaluation memory e, ActionView memory a) private view returns (bool) {
        uint256 leaf = ControlCalls.classify(e, a);
        if (leaf == ControlCalls.ORDINARY) return _ordinary(e, a);

        bytes calldata data = a.data.bytesOf();
        uint32 selector = data.selector();
        bool fromOwners = e.origin == address(0) && a.value == 0;
        if (leaf == ControlCalls.ENTRY || !fromOwners) return e.deny(Reason.ControlDenied, selector, 0);
        if (!ControlCalls.exact(e, a)) return e.deny(Reason.NonCanonicalCalldata, selector, 0);
        // A handler is called as the account, so with the hook as handler anyone could speak for the account here.
        bool handsOver = selector == uint32(ISafe.setFallbackHandler.selector) && data.addressAt(4) == address(this);
        if (handsOver) return e.deny(Reason.ControlDenied, selector, 0);

        bool install = selector == uint32(IPolicyHook.install.selector);
        if (e.control.program() == address(0)) {
            if (leaf != ControlCalls.SLOT && !install) return e.deny(Reason.NoProgram, 0, 0);
        } else if (install) {
            return e.deny(Reason.ControlDenied, selector, 0);
        } else if (leaf == ControlCalls.SLOT) {
            Slots.note(e, a);
        } else {
            e.markers = Marker.push(e.markers, Marker.keyOf(e.account, data));
        }
        e.rule = NO_RULE;
        ++e.effects;
        return true;
    }

    function _ordinary(Evaluation memory e, ActionView memory a) private view returns (bool) {
        if (e.control.program() == address(0)) return e.deny(Reason.NoProgram, 0, 0);
        if (!e.opened) {
            e.opened = true;
            Program.open(e.image, e.control.program());
            e.charges = new uint256[](e.image.malformed ? 0 : e.image.limitCount);
        }
        if (e.image.malformed) return e.malformed();

        bytes calldata data = a.data.bytesOf();
        if (data.length != 0 && data.length < 4) return e.deny(Reason.ShortCalldata, data.length, 0);
        Effect memory effect;
        effect.subject = a.to;
        effect.hasSelector = data.length != 0;
        effect.selector = data.selector();
        if (a.value != 0) {
            effect.kind = Kind.NATIVE;
            effect.recipient = a.to;
            effect.amount = a.value;
            if (!_effect(e, effect)) return false;
            if (data.length == 0) return true;
        }

        effect.kind = Kind.CALL;
        if (data.length != 0) {
            bool declared = Index.declares(e.image, a.to);
            if (e.image.malformed) return e.malformed();
            if (declared && !Decoder.decode(effect, data, e.account)) {
                return e.deny(Reason.NonCanonicalCalldata, effect.selector, 0);
            }
        }
        return _effect(e, effect);
    }

    /// @dev The first rule whose origin and conditions fit decides.
    function _effect(Evaluation memory e, Effect memory effect) private view returns (bool) {
        Run[] memory runs = Index.lookUp(e.image, effect, e.account);
        if (e.image.malformed) return e.malformed();
        uint256 entry = Index.next(runs);
        while (entry != 0) {
            Rule memory rule = Rules.read(e.image, entry);
            bool decides = Rules.matches(e, effect, rule);
            if (e.image.malformed) return e.malformed();
            if (decides) return _outcome(e, effect, rule);
            entry = Index.next(runs);
        }
        return e.deny(Reason.NoRule, effect.kind, 0);
    }

    function _outcome(Evaluation memory e, Effect memory effect, Rule memory rule) private view returns (bool) {
        e.rule = rule.index;
        if (!rule.allows) return e.denyByRule(Reason.RuleDenies, 0, effect.kind, 0);
        if (!SpendLimit.charge(e, effect, rule.limits, rule.limitCount)) return false;
        if (rule.delay > e.delay) {
            e.delay = rule.delay;
            e.delayRule = rule.index;
            e.delayEffect = e.effects;
        }
        ++e.effects;
        return true;
    }
}
