// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, SlotCall} from "../../contracts/types/Types.sol";
import {Module, NoOpGuard} from "../base/Actors.sol";
import {GUARD_SLOT, HANDLER_SLOT, ISafe} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveLock, NaiveSelfDefence, NaiveStaging} from "./naive/NaiveControl.sol";

/// @notice Taking the guard away, or the account, instead of passing the rules.
contract ControlAttacks is AttackTest {
    function table_theGuardIsTakenOff(Edition edition)
        public
        attack(edition, "guard-removed", "setGuard(0), and then a payment to the thief")
    {
        _under(address(new NoOpGuard()), _treasury());
        uint256 before = uint256(VM.load(address(safe), GUARD_SLOT));
        _attempt(_off());
        _because(Reason.SlotsNotStaged);
        _observe(before, uint256(VM.load(address(safe), GUARD_SLOT)));
    }

    function table_theGuardIsTakenOffInTheMiddleOfABatch(Edition edition)
        public
        attack(edition, "guard-removed-mid-batch", "setGuard(0) between two payments of a batch")
    {
        _under(address(new NaiveSelfDefence()), _treasury());
        assertFalse(_attempt(_off()), "alone, it is refused");
        uint256 before = uint256(VM.load(address(safe), GUARD_SLOT));
        _attempt(_batch(_list(_pay(alice, LOOT), _off(), _pay(alice, LOOT))));
        _because(Reason.SlotsNotStaged);
        _observe(before, uint256(VM.load(address(safe), GUARD_SLOT)));
    }

    /// @dev The list is even staged and matured; the hook still will not be left in one slot of two.
    function table_halfOfTheRouteIsRemoved(Edition newer)
        public
        attack(newer, "half-route-removal", "setModuleGuard(0) alone, and a module that pays the thief")
    {
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        _under(address(new NaiveSelfDefence()), _treasury());
        Action memory half = _call(address(safe), abi.encodeCall(ISafe.setModuleGuard, (address(0))));
        if (protected) {
            SlotCall[] memory staged = new SlotCall[](1);
            staged[0] = SlotCall(half.to, half.data);
            _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (staged))));
            VM.warp(START + CHANGE_DELAY);
        }
        _attempt(half);
        _because(Reason.HalfRoute);
        uint256 before = usdc.balanceOf(stranger);
        try module.execute(safe, address(usdc), 0, abi.encodeCall(usdc.transfer, (stranger, LOOT)), 0) {} catch {}
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev A Safe's fallback calls its handler as the Safe: a handler that is a token pays whoever asks.
    function table_theHandlerIsSetToTheToken(Edition edition)
        public
        attack(edition, "handler-is-the-token", "the token as fallback handler, which pays whoever calls the account")
    {
        _protect(_treasury());
        uint256 before = usdc.balanceOf(stranger);
        _attempt(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (address(usdc)))));
        _because(Reason.SlotsNotStaged);
        VM.prank(stranger);
        (bool called,) = address(safe).call(abi.encodeCall(usdc.transfer, (stranger, LOOT)));
        assertTrue(called || protected, "the fallback answered");
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev The handler is set by force here, for the hook lets no request set it.
    function table_theFallbackSpeaksForTheAccount(Edition edition)
        public
        attack(edition, "handler-is-the-guard", "a stranger stages a program through a handler that is the guard")
    {
        NaiveStaging naive = new NaiveStaging();
        address loose = _allowingTheStranger();
        _under(address(naive), _treasury());
        address guard = protected ? address(hook) : address(naive);
        if (protected) {
            _attempt(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (guard))));
            _because(Reason.ControlDenied);
        }
        VM.store(address(safe), HANDLER_SLOT, bytes32(uint256(uint160(guard))));
        uint256 before = _staged(naive);
        VM.prank(stranger);
        (bool called,) = address(safe).call(abi.encodeCall(IPolicyHook.stage, (loose, loose.codehash, 0)));
        assertTrue(called != protected, "the fallback was believed");
        _observe(before, _staged(naive));
    }

    function table_aModuleIsEnabledAndDrainsLater(Edition edition)
        public
        attack(edition, "module-enabled", "a module is enabled, and pays the thief later")
    {
        Module thief = new Module();
        _protect(_treasury());
        uint256 before = usdc.balanceOf(stranger);
        _attempt(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(thief)))));
        _because(Reason.NoRule);
        try thief.execute(safe, address(usdc), 0, abi.encodeCall(usdc.transfer, (stranger, LOOT)), 0) {} catch {}
        _observe(before, usdc.balanceOf(stranger));
    }

    function table_theThresholdIsLowered(Edition edition)
        public
        attack(edition, "threshold-lowered", "changeThreshold(1), so that one stolen key is enough")
    {
        _protect(_treasury());
        uint256 before = safe.getThreshold();
        _attempt(_call(address(safe), abi.encodeCall(ISafe.changeThreshold, (1))));
        _because(Reason.NoRule);
        _observe(before, safe.getThreshold());
    }

    function table_anOwnerIsSwapped(Edition edition)
        public
        attack(edition, "owner-swapped", "swapOwner, which puts a thief among the owners")
    {
        _protect(_treasury());
        uint256 before = safe.isOwner(stranger) ? 1 : 0;
        bytes memory swap =
            abi.encodeWithSignature("swapOwner(address,address,address)", address(1), owners[0], stranger);
        _attempt(_call(address(safe), swap));
        _because(Reason.NoRule);
        _observe(before, safe.isOwner(stranger) ? 1 : 0);
    }

    /// @dev A looser program, activated and used before anybody could object.
    function table_aLooserProgramIsActivatedAtOnce(Edition edition)
        public
        attack(edition, "program-loosened-at-once", "a looser program, staged, activated and used in one batch")
    {
        _protect(_treasury());
        address loose = _allowingTheStranger();
        uint256 before = usdc.balanceOf(stranger);
        if (protected) {
            Action memory stage =
                _call(address(hook), abi.encodeCall(IPolicyHook.stage, (loose, loose.codehash, CHANGE_DELAY)));
            Action memory activate = _call(address(hook), abi.encodeCall(IPolicyHook.activate, (loose)));
            _attempt(_batch(_list(stage, activate, _pay(stranger, LOOT))));
            _because(Reason.NoRule);
            assertFalse(_attempt(_batch(_list(stage, activate))), "activated at once");
            _execute(stage);
            assertFalse(_attempt(activate), "activated early");
        }
        _attempt(_pay(stranger, LOOT));
        _because(Reason.NoRule);
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev What refuses everything refuses its own removal, unless that is no matter for rules.
    function table_aBadProgramLocksTheAccountOut(Edition edition)
        public
        attack(edition, "bricked-by-a-bad-program", "rules that deny everything, or cannot be read, for ever")
    {
        uint256 due = _control(_pay(alice, LOOT), alice, START);
        _under(address(new NaiveLock()), _malformed());
        assertFalse(_attempt(_pay(alice, LOOT)), "it denies everything");
        _because(Reason.MalformedProgram);
        (Action memory removal, SlotCall[] memory staged) = _removal();
        if (protected) _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (staged))));
        VM.warp(START + CHANGE_DELAY);
        _attempt(removal);
        _attempt(_pay(alice, LOOT));
        _observe(due, usdc.balanceOf(alice));
    }

    function _staged(NaiveStaging naive) private view returns (uint256) {
        return uint160(protected ? hook.accountState(address(safe)).stagedProgram : naive.staged(address(safe)));
    }

    function _off() private view returns (Action memory) {
        return _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(0))));
    }
}
