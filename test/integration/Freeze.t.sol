// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {AccountState, Action, SlotCall} from "../../contracts/types/Types.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

/// @notice Guardians stop everything at once; the account gets itself free, after its change delay.
contract FreezeTest is ObligationTest {
    modifier guarded(Edition edition) {
        _deploy(edition);
        _twoApprove(0);
        _install(program, CHANGE_DELAY);
        _;
    }

    function table_onlyGuardiansFreeze(Edition edition) public guarded(edition) {
        address[3] memory others = [stranger, owners[0], address(safe)];
        for (uint256 i; i < 3; i++) {
            VM.prank(others[i]);
            VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, others[i]));
            hook.freeze(address(safe));
        }
        VM.prank(group[0]);
        VM.expectRevert(IPolicyHook.NotInstalled.selector);
        hook.freeze(alice);
        _allowed(_pay(bob, 1));

        VM.prank(group[0]);
        VM.expectEmit(address(hook));
        emit IPolicyHook.Frozen(address(safe), group[0]);
        hook.freeze(address(safe));
        AccountState memory state = hook.accountState(address(safe));
        assertTrue(state.frozen, "frozen");
        assertEq(state.guardian, group[0], "guardian");
        assertEq(state.unfreezesAt, 0, "not started");
        VM.prank(group[1]);
        VM.expectRevert(IPolicyHook.AlreadyFrozen.selector);
        hook.freeze(address(safe));
    }

    function table_withoutGuardiansNobodyFreezes(Edition edition) public installed(edition) {
        VM.prank(group[0]);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, group[0]));
        hook.freeze(address(safe));
    }

    function table_nothingButControlAndCancellingPassesUnderAFreeze(Edition edition) public guarded(edition) {
        Action memory announce = _call(
            address(hook), abi.encodeCall(IPolicyHook.announce, (address(safe), address(0), _list(_pay(bob, 1))))
        );
        _allowed(announce);
        bytes32 id = hook.announcementId(address(safe), address(0), _list(_pay(bob, 1)));
        _freeze(0);
        _denied(_pay(bob, 1), Reason.Frozen);
        _denied(_send(bob, 1), Reason.Frozen);
        _denied(_batch(_list(_pay(bob, 1), _pay(bob, 1))), Reason.Frozen);
        _denied(_pay(stranger, 1), Reason.Frozen);
        _denied(announce, Reason.Frozen);
        _denied(_call(address(hook), abi.encodeCall(IPolicyHook.approve, (address(safe), 0, 0, 0))), Reason.Frozen);
        _denied(_call(address(hook), abi.encodeCall(IPolicyHook.deny, (address(safe), 0, 0))), Reason.Frozen);
        _denied(_call(address(hook), abi.encodeCall(IPolicyHook.freeze, (address(safe)))), Reason.Frozen);
        if (guardsModules) {
            Reason reason = _checkModule(stranger, _pay(bob, 1)).reason;
            assertEq(uint256(reason), uint256(Reason.Frozen), "a module");
        }

        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.cancel, (address(safe), id))));
        _allowed(_stage());
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.cancelStaged, ())));
        assertEq(usdc.balanceOf(bob), 0, "bob");
    }

    function table_aFreezeEndsOnlyAfterTheChangeDelay(Edition edition) public guarded(edition) {
        Action memory start = _call(address(hook), abi.encodeCall(IPolicyHook.startUnfreeze, ()));
        Action memory end = _call(address(hook), abi.encodeCall(IPolicyHook.unfreeze, ()));
        _fails(start, abi.encodeWithSelector(IPolicyHook.NotFrozen.selector));
        _fails(end, abi.encodeWithSelector(IPolicyHook.NotFrozen.selector));
        _freeze(0);
        VM.warp(START + 10 days);
        _fails(end, abi.encodeWithSelector(IPolicyHook.UnfreezeNotStarted.selector));
        _allowed(start);
        uint256 endsAt = START + 10 days + CHANGE_DELAY;
        assertEq(hook.accountState(address(safe)).unfreezesAt, endsAt, "ends at");
        VM.warp(endsAt - 1);
        _fails(start, abi.encodeWithSelector(IPolicyHook.AlreadyUnfreezing.selector, endsAt));
        _fails(end, abi.encodeWithSelector(IPolicyHook.NotMatured.selector, endsAt));
        _denied(_pay(bob, 1), Reason.Frozen);
        VM.warp(endsAt);
        _denied(_pay(bob, 1), Reason.Frozen);
        _allowed(end);
        _allowed(_pay(bob, 1));
        AccountState memory state = hook.accountState(address(safe));
        assertFalse(state.frozen, "frozen");
        assertEq(state.guardian, address(0), "guardian");
        assertEq(state.unfreezesAt, 0, "ends at");
    }

    function table_nobodyButTheAccountEndsAFreeze(Edition edition) public guarded(edition) {
        _freeze(0);
        address[3] memory others = [stranger, group[0], owners[0]];
        for (uint256 i; i < 3; i++) {
            // Whoever has no Safe's slots to show is no account.
            VM.prank(others[i]);
            (bool ok,) = address(hook).call(abi.encodeCall(IPolicyHook.startUnfreeze, ()));
            assertFalse(ok, "start");
        }
        VM.prank(address(safe));
        VM.expectRevert(IPolicyHook.NotRequested.selector);
        hook.startUnfreeze();
        VM.prank(address(safe));
        VM.expectRevert(IPolicyHook.NotRequested.selector);
        hook.unfreeze();
        _denied(
            _call(address(hook), abi.encodePacked(IPolicyHook.unfreeze.selector, hex"00")), Reason.NonCanonicalCalldata
        );
    }

    /// @dev Each guardian can stop the account once between two activations, so no freeze is for ever.
    function table_aGuardianIsBarredUntilTheNextActivation(Edition edition) public guarded(edition) {
        for (uint256 i; i < 3; i++) {
            _freeze(i);
            _thaw();
            for (uint256 j; j <= i; j++) {
                VM.prank(group[j]);
                VM.expectRevert(abi.encodeWithSelector(IPolicyHook.Barred.selector, group[j]));
                hook.freeze(address(safe));
            }
        }
        _allowed(_pay(bob, 1));
        assertEq(hook.accountState(address(safe)).activations, 1, "the installation");
        _allowed(_stage());
        VM.warp(block.timestamp + CHANGE_DELAY);
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (program))));
        assertEq(hook.accountState(address(safe)).activations, 2, "activations");
        _freeze(0);
        _denied(_pay(bob, 1), Reason.Frozen);
    }

    function table_anActivationLeavesAFreezeAlone(Edition edition) public guarded(edition) {
        _allowed(_stage());
        _freeze(0);
        VM.warp(block.timestamp + CHANGE_DELAY);
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (program))));
        _denied(_pay(bob, 1), Reason.Frozen);
        assertEq(hook.accountState(address(safe)).guardian, group[0], "guardian");
        _thaw();
        _allowed(_pay(bob, 1));
    }

    function table_removalWorksUnderAFreezeAndEndsIt(Edition edition) public guarded(edition) {
        _freeze(0);
        (Action memory removal, SlotCall[] memory staged) = _removal();
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (staged))));
        _denied(removal, Reason.SlotsNotMatured);
        VM.warp(block.timestamp + CHANGE_DELAY);
        _allowed(removal);
        AccountState memory state = hook.accountState(address(safe));
        assertFalse(state.frozen, "frozen");
        assertEq(state.guardian, address(0), "guardian");
        _execute(_pay(stranger, 1));

        _install(program, CHANGE_DELAY);
        _allowed(_pay(bob, 1));
        _freeze(0);
        _denied(_pay(bob, 1), Reason.Frozen);
    }

    function _freeze(uint256 guardian) private {
        VM.prank(group[guardian]);
        hook.freeze(address(safe));
    }

    function _thaw() private {
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.startUnfreeze, ())));
        VM.warp(block.timestamp + CHANGE_DELAY);
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.unfreeze, ())));
    }

    function _stage() private view returns (Action memory) {
        return _call(address(hook), abi.encodeCall(IPolicyHook.stage, (program, program.codehash, CHANGE_DELAY)));
    }
}
