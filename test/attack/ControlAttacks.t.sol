// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {Module, NoOpGuard} from "../base/Actors.sol";
import {GUARD_SLOT, ISafe} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Taking the guard away instead of passing it. Each works on a Safe without Portcullis.
contract ControlAttacks is TreasuryTest {
    function table_theGuardIsTakenOffAndTheSafeDrainedAtOnce(Edition edition) public on(edition) {
        _execute(_call(address(safe), abi.encodeCall(ISafe.setGuard, (address(new NoOpGuard())))));
        Action memory off = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(0))));
        Action memory attack = _batch(_list(off, _pay(stranger, 1e6)));
        _execute(attack);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.NoRule);
        _denied(off, Reason.SlotsNotStaged);
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(uint256(uint160(address(hook)))), "INV-1");
    }

    /// @dev A Safe's fallback calls its handler as the Safe: a handler that is a token pays whoever asks.
    function table_theHandlerIsSetToTheToken(Edition edition) public on(edition) {
        Action memory attack = _call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (address(usdc))));
        _execute(attack);
        VM.prank(stranger);
        (bool ok,) = address(safe).call(abi.encodeCall(usdc.transfer, (stranger, 1e6)));
        assertTrue(ok && usdc.balanceOf(stranger) == 1e6, "works without Portcullis");
        _execute(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (kit.handler))));

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.SlotsNotStaged);
        VM.prank(stranger);
        (ok,) = address(safe).call(abi.encodeCall(usdc.transfer, (stranger, 1e6)));
        assertEq(usdc.balanceOf(stranger), 1e6, "INV-1");
    }

    function table_aModuleIsEnabledAndDrainsLater(Edition edition) public on(edition) {
        Module thief = new Module();
        Action memory attack = _call(address(safe), abi.encodeCall(ISafe.enableModule, (address(thief))));
        _execute(attack);
        thief.execute(safe, address(usdc), 0, abi.encodeCall(usdc.transfer, (stranger, 1e6)), 0);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");
        _execute(_call(address(safe), abi.encodeCall(ISafe.disableModule, (address(1), address(thief)))));

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.NoRule);
        assertFalse(safe.isModuleEnabled(address(thief)), "INV-1");
    }

    function table_theThresholdIsLowered(Edition edition) public on(edition) {
        Action memory attack = _call(address(safe), abi.encodeCall(ISafe.changeThreshold, (1)));
        _execute(attack);
        assertEq(safe.getThreshold(), 1, "works without Portcullis");
        _execute(_call(address(safe), abi.encodeCall(ISafe.changeThreshold, (2))));

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.NoRule);
        assertEq(safe.getThreshold(), 2, "INV-1");
    }

    /// @dev Announced once, paid twice: the second payment finds nothing announced.
    function table_anAnnouncementIsUsedTwice(Edition edition) public on(edition) {
        Action memory attack = _pay(vendor, 1e6);
        _execute(attack);
        _execute(attack);
        assertEq(usdc.balanceOf(vendor), 2e6, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        VM.prank(owners[0]);
        hook.announce(address(safe), address(0), _list(attack));
        VM.warp(START + DELAY);
        _allowed(attack);
        _denied(attack, Reason.NotAnnounced);
        assertEq(usdc.balanceOf(vendor), 3e6, "INV-5");
    }

    /// @dev A looser program, activated and used before anybody could object.
    function table_aLooserProgramIsActivatedAtOnce(Edition edition) public on(edition) {
        Action memory attack = _pay(stranger, 1e6);
        _execute(attack);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        address loose = _allowingTheStranger();
        Action memory stage =
            _call(address(hook), abi.encodeCall(IPolicyHook.stage, (loose, loose.codehash, CHANGE_DELAY)));
        Action memory activate = _call(address(hook), abi.encodeCall(IPolicyHook.activate, (loose)));
        _denied(_batch(_list(stage, activate, attack)), Reason.NoRule);
        (bool ok,) = address(safe).call(_calldata(_batch(_list(stage, activate))));
        assertFalse(ok, "activated at once");
        _allowed(stage);
        (ok,) = address(safe).call(_calldata(activate));
        assertFalse(ok, "activated early");
        _denied(attack, Reason.NoRule);
        assertEq(usdc.balanceOf(stranger), 1e6, "INV-1");
    }
}
