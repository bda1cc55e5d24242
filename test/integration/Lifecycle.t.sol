// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {AccountState, Action, Route, SlotCall, StagedKind, Verdict} from "../../contracts/types/Types.sol";
import {GUARD_SLOT, HANDLER_SLOT, ISafe, MODULE_GUARD_SLOT} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

contract LifecycleTest is TreasuryTest {
    // Removal

    function table_neverTakesTheGuardOffUnstaged(Edition edition) public installed(edition) {
        (Action memory removal,) = _removal();
        _denied(removal, Reason.SlotsNotStaged);
        _denied(_call(address(safe), abi.encodeCall(ISafe.setGuard, (address(0)))), Reason.SlotsNotStaged);
        _denied(_call(address(safe), abi.encodeCall(ISafe.setGuard, (address(hook)))), Reason.SlotsNotStaged);
        _denied(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (stranger))), Reason.SlotsNotStaged);
        _denied(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (address(hook)))), Reason.ControlDenied);
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(uint256(uint160(address(hook)))), "still guarded");
    }

    function table_neverTakesTheGuardOffBeforeTheChangeMatured(Edition edition) public installed(edition) {
        Action memory removal = _stageRemoval();
        VM.warp(START + CHANGE_DELAY - 1);
        Verdict memory v = _denied(removal, Reason.SlotsNotMatured);
        assertEq(v.have, START + CHANGE_DELAY, "matures at");
        VM.warp(START + CHANGE_DELAY);
        _allowed(removal);
    }

    function table_neverTakesTheGuardOffAfterTheChangeExpired(Edition edition) public installed(edition) {
        Action memory removal = _stageRemoval();
        VM.warp(START + CHANGE_DELAY + hook.CHANGE_WINDOW());
        Verdict memory v = _denied(removal, Reason.StagedExpired);
        assertEq(v.have, START + CHANGE_DELAY + hook.CHANGE_WINDOW(), "expired at");
        VM.warp(START + CHANGE_DELAY + hook.CHANGE_WINDOW() - 1);
        _allowed(removal);
    }

    function table_neverChangesASlotInAnyWayButTheStagedOne(Edition edition) public installed(edition) {
        _stageRemoval();
        VM.warp(START + CHANGE_DELAY);
        _denied(_call(address(safe), abi.encodeCall(ISafe.setGuard, (stranger))), Reason.SlotsNotStaged);
        (Action memory removal,) = _removal();
        Action memory handler = _call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (stranger)));
        if (guardsModules) {
            Action[] memory guards = _guardCalls(address(0));
            _denied(guards[0], Reason.SlotsNotStaged);
            _denied(_batch(_list(guards[1], guards[0])), Reason.SlotsNotStaged);
            _denied(_batch(_list(guards[0], guards[1], handler)), Reason.SlotsNotStaged);
        } else {
            _denied(_batch(_list(removal, handler)), Reason.SlotsNotStaged);
            _denied(_batch(_list(removal, removal)), Reason.SlotsNotStaged);
        }
        _allowed(removal);
    }

    function test_neverTakesOffOneGuardOfTwo() public installed(Edition.V150) {
        Action[] memory guards = _guardCalls(address(0));
        for (uint256 i; i < 2; i++) {
            SlotCall[] memory half = new SlotCall[](1);
            half[0] = SlotCall(guards[i].to, guards[i].data);
            _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (half))));
            VM.warp(block.timestamp + CHANGE_DELAY);
            _denied(guards[i], Reason.HalfRoute);
        }
    }

    function table_removalClearsTheAccountAndRaisesItsEpoch(Edition edition) public installed(edition) {
        Action memory removal = _stageRemoval();
        VM.warp(START + CHANGE_DELAY);
        bytes memory data = _calldata(removal);
        VM.expectEmit(address(hook));
        emit IPolicyHook.Removed(address(safe), 1);
        (bool ok,) = address(safe).call(data);
        assertTrue(ok, "removal");

        AccountState memory state = hook.accountState(address(safe));
        assertEq(state.program, address(0), "program");
        assertEq(state.epoch, 1, "epoch");
        assertTrue(state.route == Route.None && state.stagedKind == StagedKind.None, "route and staged");
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(0), "guard");
        assertEq(VM.load(address(safe), MODULE_GUARD_SLOT), bytes32(0), "module guard");
        _execute(_pay(stranger, 1));
        assertEq(usdc.balanceOf(stranger), 1, "the Safe is its owners' again");
    }

    function table_reinstalling_keepsUsageAndForgetsAnnouncements(Edition edition) public installed(edition) {
        VM.prank(owners[0]);
        hook.announce(address(safe), address(0), _list(_pay(vendor, 1)));
        Action memory removal = _stageRemoval();
        VM.warp(START + CHANGE_DELAY);
        _allowed(_batch(_list(_pay(alice, MOST), _pay(alice, MOST), _pay(alice, MOST))));
        _denied(_pay(alice, 1), Reason.LimitExceeded);
        _allowed(removal);
        _install(program, CHANGE_DELAY);

        _denied(_pay(alice, 1), Reason.LimitExceeded);
        _denied(_pay(vendor, 1), Reason.NotAnnounced);
    }

    function table_theStagedListIsUsedOnce(Edition edition) public installed(edition) {
        SlotCall[] memory list = new SlotCall[](1);
        list[0] = SlotCall(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (stranger)));
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (list))));
        VM.warp(START + CHANGE_DELAY);
        Action memory change = _call(list[0].to, list[0].data);
        _allowed(change);
        assertEq(VM.load(address(safe), HANDLER_SLOT), bytes32(uint256(uint160(stranger))), "handler");
        assertTrue(hook.accountState(address(safe)).route != Route.None, "still installed");
        _denied(change, Reason.SlotsNotStaged);
    }

    // Replacement

    function table_aNewProgramNeverActsBeforeItMatured(Edition edition) public installed(edition) {
        address next = _denyAll();
        _stage(next, 1 hours);
        _activateFails(next, abi.encodeWithSelector(IPolicyHook.NotMatured.selector, START + CHANGE_DELAY));
        VM.warp(START + CHANGE_DELAY - 1);
        _activateFails(next, abi.encodeWithSelector(IPolicyHook.NotMatured.selector, START + CHANGE_DELAY));
        _allowed(_pay(alice, 1));

        VM.warp(START + CHANGE_DELAY);
        _activateFails(program, abi.encodeWithSelector(IPolicyHook.NotStaged.selector));
        _allowed(_activation(next));
        AccountState memory state = hook.accountState(address(safe));
        assertEq(state.program, next, "program");
        assertEq(state.changeDelay, 1 hours, "change delay");
        assertTrue(state.stagedKind == StagedKind.None, "nothing staged");
        _denied(_pay(alice, 1), Reason.NoRule);
    }

    function table_aStagedProgramExpires(Edition edition) public installed(edition) {
        address next = _denyAll();
        _stage(next, CHANGE_DELAY);
        uint256 expiry = START + CHANGE_DELAY + hook.CHANGE_WINDOW();
        VM.warp(expiry);
        _activateFails(next, abi.encodeWithSelector(IPolicyHook.Expired.selector, expiry));
        VM.warp(expiry - 1);
        _allowed(_activation(next));
    }

    function table_aCancelledChangeNeverActs(Edition edition) public installed(edition) {
        address next = _denyAll();
        _stage(next, CHANGE_DELAY);
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.cancelStaged, ())));
        VM.warp(START + CHANGE_DELAY);
        _activateFails(next, abi.encodeWithSelector(IPolicyHook.NotStaged.selector));

        Action memory removal = _stageRemoval();
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.cancelStaged, ())));
        VM.warp(block.timestamp + CHANGE_DELAY);
        _denied(removal, Reason.SlotsNotStaged);
    }

    function table_anUnsoundProgramIsNeverStaged(Edition edition) public installed(edition) {
        _stageFails(address(usdc), CHANGE_DELAY, abi.encodeWithSelector(IPolicyHook.UnsoundProgram.selector, usdc));
        uint32 most = hook.MAX_CHANGE_DELAY();
        _stageFails(program, most + 1, abi.encodeWithSelector(IPolicyHook.ChangeDelayTooLong.selector, most + 1, most));
    }

    function table_theProgramOfPreCheckGovernsTheWholeRequest(Edition edition) public installed(edition) {
        address next = _allowingTheStranger();
        _stage(next, CHANGE_DELAY);
        VM.warp(START + CHANGE_DELAY);
        _denied(_batch(_list(_activation(next), _pay(stranger, 1))), Reason.NoRule);
        _allowed(_batch(_list(_activation(next), _pay(alice, 1))));
        _allowed(_pay(stranger, 1));
    }

    function table_usageIsCarriedOverToAProgramWithAnotherCap(Edition edition) public installed(edition) {
        address next = _treasuryWithCap(CAP * 2);
        _stage(next, CHANGE_DELAY);
        VM.warp(START + CHANGE_DELAY);
        _allowed(_batch(_list(_pay(alice, MOST), _pay(alice, MOST), _pay(alice, MOST))));
        _allowed(_activation(next));
        _allowed(_batch(_list(_pay(alice, MOST), _pay(alice, MOST), _pay(alice, MOST))));
        _denied(_pay(alice, 1), Reason.LimitExceeded);
    }

    // No program locks an account out

    function table_aProgramThatDeniesAllIsReplacedAndRemoved(Edition edition) public on(edition) {
        _install(_denyAll(), CHANGE_DELAY);
        _denied(_pay(alice, 1), Reason.NoRule);
        _replaceThenRemove();
    }

    function table_aMalformedProgramIsReplacedAndRemoved(Edition edition) public on(edition) {
        // Sound where installing looks, and nothing behind it.
        _install(_malformed(), CHANGE_DELAY);
        _denied(_pay(alice, 1), Reason.MalformedProgram);
        _denied(_send(alice, 1), Reason.MalformedProgram);
        _replaceThenRemove();
    }

    function _replaceThenRemove() private {
        address next = _treasury();
        _stage(next, CHANGE_DELAY);
        VM.warp(block.timestamp + CHANGE_DELAY);
        _allowed(_activation(next));
        _allowed(_pay(alice, 1));

        address last = _denyAll();
        _stage(last, CHANGE_DELAY);
        VM.warp(block.timestamp + CHANGE_DELAY);
        _allowed(_activation(last));
        Action memory removal = _stageRemoval();
        VM.warp(block.timestamp + CHANGE_DELAY);
        _allowed(removal);
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(0), "INV-6");
    }

    function _stage(address next, uint32 changeDelay) private {
        _allowed(_staging(next, changeDelay));
    }

    function _stageRemoval() private returns (Action memory removal) {
        SlotCall[] memory list;
        (removal, list) = _removal();
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (list))));
    }

    function _staging(address next, uint32 changeDelay) private view returns (Action memory) {
        return _call(address(hook), abi.encodeCall(IPolicyHook.stage, (next, next.codehash, changeDelay)));
    }

    function _activation(address next) private view returns (Action memory) {
        return _call(address(hook), abi.encodeCall(IPolicyHook.activate, (next)));
    }

    function _stageFails(address next, uint32 changeDelay, bytes memory wanted) private {
        assertEq(uint256(_check(_staging(next, changeDelay)).reason), uint256(Reason.Allowed), "control passes");
        _fails(_staging(next, changeDelay), wanted);
        assertTrue(hook.accountState(address(safe)).stagedKind == StagedKind.None, "nothing staged");
    }

    function _activateFails(address next, bytes memory wanted) private {
        assertEq(uint256(_check(_activation(next)).reason), uint256(Reason.Allowed), "control passes");
        _fails(_activation(next), wanted);
    }
}
