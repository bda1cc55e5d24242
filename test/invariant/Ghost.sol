// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {AccountState, Action, Route, SlotCall, StagedKind} from "../../contracts/types/Types.sol";
import {GUARD_SLOT, HANDLER_SLOT, ISafe, MODULE_GUARD_SLOT} from "../base/ISafe.sol";
import {IManager} from "../base/Protocol.sol";
import {VM} from "../base/Vm.sol";
import {Counts, Frame, Holdings, Properties, Sight, Usage} from "./Properties.sol";
import {Recorder} from "./Recorder.sol";

/// @notice What the handler counted and expects, and how it looks at the chain beside it.
abstract contract Ghost is Recorder {
    struct Outflow {
        uint64 madeAt;
        uint192 amount;
        uint256 cap;
    }

    struct Notice {
        bytes32 id;
        uint256 made;
        uint256 uses;
    }

    Route internal route;
    IManager internal manager;
    AccountState internal expected;
    /// @dev Which of the terms are active, and which are staged.
    uint256 internal current;
    uint256 internal next;

    Outflow[] internal outflows;
    mapping(uint256 day => uint256) internal etherOn;
    mapping(uint256 week => mapping(address payee => uint256)) internal payeeIn;
    mapping(uint256 day => uint256) internal vendorOn;
    uint256 internal usdcHeld;
    uint256 internal etherHeld;
    uint256 internal allowed;
    uint256 internal otherHeld;

    mapping(bytes32 request => uint256) internal executions;
    uint256 internal mostExecutions;
    Notice[] internal notices;
    mapping(bytes32 id => uint256) internal noticeOf;
    bytes32[] internal denials;
    mapping(uint64 activations => mapping(address guardian => bool)) internal barred;

    /// @notice Everything that the properties are about.
    function look() public returns (Sight memory s) {
        VM.warp(clock);
        s.step = last;
        s.usage = _usage();
        s.holdings = _holdings();
        s.frame = _frame();
        s.counts = _counts();
        s.state = hook.accountState(address(safe));
        s.expected = expected;
        s.told = told;
    }

    /// @dev For steps that others follow before forge looks.
    function _between() internal {
        Properties.check(look());
    }

    // The treasury's rules in plain words

    function _allows() internal view returns (bool) {
        return terms[current].cap != 0;
    }

    /// @dev Whether ordinary requests pass at all.
    function _open() internal view returns (bool) {
        return expected.program != address(0) && !expected.frozen && _allows();
    }

    function _fitsAll(uint256 amount) internal view returns (bool) {
        return _inWindow(clock) + amount <= terms[current].cap;
    }

    function _inWindow(uint256 end) internal view returns (uint256 sum) {
        for (uint256 i = outflows.length; i > 0 && end - outflows[i - 1].madeAt <= WINDOW; i--) {
            sum += outflows[i - 1].amount;
        }
    }

    function _authorised(uint256 amount) internal {
        if (amount != 0) outflows.push(Outflow(uint64(clock), uint192(amount), terms[current].cap));
    }

    function _paid(uint256 amount) internal {
        _authorised(amount);
        usdcHeld -= amount;
    }

    function _expiry() internal view returns (uint256) {
        return _allows() ? EXPIRY : 0;
    }

    function _removalDigest() internal view returns (bytes32) {
        Action[] memory off = _slotChanges(false);
        SlotCall[] memory calls = new SlotCall[](off.length);
        for (uint256 i; i < off.length; i++) {
            calls[i] = SlotCall(off[i].to, off[i].data);
        }
        return _digestOf(calls);
    }

    /// @dev Whether what is staged can be carried out now.
    function _isDue() internal view returns (bool) {
        uint256 matures = uint256(expected.stagedAt) + expected.changeDelay;
        return clock >= matures && clock < matures + 14 days;
    }

    function _removalDue() internal view returns (bool) {
        return expected.stagedKind == StagedKind.Slots && _isDue();
    }

    function _day() internal view returns (uint256) {
        return clock / 1 days;
    }

    function _week() internal view returns (uint256) {
        return (_day() + 3) / 7;
    }

    // What sets and what takes away the hook, last in one case and all in the other

    function _slotChanges(bool on) internal view returns (Action[] memory) {
        if (route != Route.Manager) return _guardCalls(on ? address(hook) : address(0));
        bytes memory hooks = abi.encodeCall(IManager.setHooks, (on ? address(hook) : address(0)));
        return _list(
            _call(address(manager), abi.encodePacked(hooks, address(safe))),
            _call(address(safe), abi.encodeCall(ISafe.setGuard, (on ? address(manager) : address(0))))
        );
    }

    function _removalRequest() internal view returns (Action memory) {
        Action[] memory off = _slotChanges(false);
        return off.length == 1 ? off[0] : _batch(off);
    }

    // Looking

    function _usage() private view returns (Usage memory u) {
        if (outflows.length != 0) {
            Outflow memory o = outflows[outflows.length - 1];
            (u.inWindow, u.cap) = (_inWindow(o.madeAt), o.cap);
        }
        (u.live, u.noted) = (_inWindow(clock), _rollingNoted());
        (u.etherToday, u.etherCap) = (etherOn[_day()], ETHER_CAP);
        u.etherNoted = _calendarNoted(_etherSlot(address(safe)), _day());
        (uint256 a, uint256 b) = (payeeIn[_week()][alice], payeeIn[_week()][bob]);
        (u.payeeMost, u.payeeCap, u.payees) = (a > b ? a : b, PAYEE_CAP, a << 128 | b);
        u.payeesNoted = _calendarNoted(_payeeSlot(address(safe), alice), _week()) << 128
            | _calendarNoted(_payeeSlot(address(safe), bob), _week());
        (u.vendorToday, u.vendorCap) = (vendorOn[_day()], VENDOR_CAP);
        u.vendorNoted = _calendarNoted(_vendorSlot(address(safe)), _day());
    }

    function _calendarNoted(uint256 slot, uint256 period) private view returns (uint256) {
        uint256 word = _word(slot);
        return word >> 192 == period ? uint192(word) : 0;
    }

    /// @dev `docs/program.md` §5: nine lanes of 23 bits, which move up as time goes on.
    function _rollingNoted() private view returns (uint256 sum) {
        uint256 word = _word(_allSlot(address(safe)));
        if (word == 0) return 0;
        uint256 behind = clock / LANE - (word >> 213) % 2 ** 40;
        for (uint256 i; i + behind < 9; i++) {
            sum += (word >> (23 * i)) % 2 ** 23;
        }
        return sum * 10 ** ((word >> 207) % 64);
    }

    function _holdings() private view returns (Holdings memory h) {
        (h.usdc, h.usdcExpected) = (usdc.balanceOf(address(safe)), usdcHeld);
        (h.ether_, h.etherExpected) = (address(safe).balance, etherHeld);
        (h.allowance, h.allowanceExpected) = (usdc.allowance(address(safe), spender), allowed);
        (h.other, h.otherExpected) = (usdc.balanceOf(address(other)), otherHeld);
        h.strangers = usdc.balanceOf(stranger) + stranger.balance + usdc.allowance(address(safe), stranger);
        h.blocked = usdc.balanceOf(blocked) + blocked.balance;
    }

    function _frame() private view returns (Frame memory f) {
        f.installed = expected.program != address(0);
        f.inPlace = _inPlace();
        f.handlerKept = _address(HANDLER_SLOT) == kit.handler;
        f.ownersKept = safe.getThreshold() == 2 && uint256(VM.load(address(safe), bytes32(uint256(3)))) == 3;
        for (uint256 i; i < 3; i++) {
            f.ownersKept = f.ownersKept && safe.isOwner(owners[i]);
        }
        f.codeKept = _address(0) == address(kit.singleton);
        if (!f.installed) return f;
        f.controlPasses = _check(_batch(_controls())).reason == Reason.Allowed;
        f.removalDue = _removalDue();
        if (f.removalDue) f.removalPasses = _check(_removalRequest()).reason == Reason.Allowed;
    }

    function _address(bytes32 slot) private view returns (address) {
        return address(uint160(uint256(VM.load(address(safe), slot))));
    }

    function _inPlace() private view returns (bool) {
        address guard = _address(GUARD_SLOT);
        if (route == Route.Guard) return guard == address(hook);
        if (route == Route.Guards) return guard == address(hook) && _address(MODULE_GUARD_SLOT) == address(hook);
        return guard == address(manager) && manager.getEnabledHooks(address(safe)) == address(hook);
    }

    function _controls() private view returns (Action[] memory calls) {
        address program_ = terms[0].program;
        calls = new Action[](5);
        calls[0] = _call(address(hook), abi.encodeCall(IPolicyHook.stage, (program_, program_.codehash, CHANGE_DELAY)));
        calls[1] = _call(address(hook), abi.encodeCall(IPolicyHook.activate, (program_)));
        calls[2] = _call(address(hook), abi.encodeCall(IPolicyHook.cancelStaged, ()));
        calls[3] = _call(address(hook), abi.encodeCall(IPolicyHook.startUnfreeze, ()));
        calls[4] = _call(address(hook), abi.encodeCall(IPolicyHook.unfreeze, ()));
    }

    function _counts() private view returns (Counts memory c) {
        (c.executions, c.untoldAnnouncements) = (mostExecutions, untold);
        for (uint256 i; i < notices.length; i++) {
            if (notices[i].uses > c.uses) c.uses = notices[i].uses;
            if (hook.announcedAt(notices[i].id) != notices[i].made) c.wrongAnnouncements++;
        }
        for (uint256 i; i < denials.length; i++) {
            if (VM.load(address(hook), denials[i]) != bytes32(uint256(1))) c.lostDenials++;
        }
    }
}
