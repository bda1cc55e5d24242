// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {AccountState, Action, Route} from "../../contracts/types/Types.sol";
import {Module, NoOpGuard} from "../base/Actors.sol";
import {GUARD_SLOT, ISafe, MODULE_GUARD_SLOT} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

contract InstallTest is TreasuryTest {
    function table_install_leavesNothingInstalled_whenTheGuardIsMissing(Edition edition) public on(edition) {
        _fails(_installOnly(_treasury()), _routeIncomplete(address(0), address(0)));
        _assertNotInstalled();
    }

    function table_install_leavesNothingInstalled_whenAnotherGuardIsSet(Edition edition) public on(edition) {
        address other = address(new NoOpGuard());
        Action[] memory actions =
            _list(_call(address(safe), abi.encodeCall(ISafe.setGuard, (other))), _installOnly(_treasury()));
        _fails(_batch(actions), _routeIncomplete(other, address(0)));
        _assertNotInstalled();
    }

    function test_install_leavesNothingInstalled_whenOnlyTheTransactionGuardIsSet() public on(Edition.V150) {
        Action[] memory actions =
            _list(_call(address(safe), abi.encodeCall(ISafe.setGuard, (address(hook)))), _installOnly(_treasury()));
        _fails(_batch(actions), _routeIncomplete(address(hook), address(0)));
        _assertNotInstalled();
    }

    function test_install_leavesNothingInstalled_whenOnlyTheModuleGuardIsSet() public on(Edition.V150) {
        Action[] memory actions = _list(
            _call(address(safe), abi.encodeCall(ISafe.setModuleGuard, (address(hook)))), _installOnly(_treasury())
        );
        _fails(_batch(actions), _routeIncomplete(address(0), address(hook)));
        _assertNotInstalled();
    }

    function table_install_leavesNothingInstalled_whenTheHandlerIsTheHook(Edition edition) public on(edition) {
        _execute(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (address(hook)))));
        _fails(
            _installation(_treasury(), CHANGE_DELAY, new address[](0)),
            abi.encodeWithSelector(IPolicyHook.HandlerIsHook.selector)
        );
        _assertNotInstalled();
    }

    function table_install_leavesNothingInstalled_whenTheProgramIsUnsound(Edition edition) public on(edition) {
        _installFailsWith(address(0xdead));
        _installFailsWith(address(usdc));
        _installFailsWith(_deployCode(hex"00"));
        _installFailsWith(_deployCode(new bytes(63)));
        bytes memory format2 = new bytes(128);
        format2[1] = 0x02;
        _installFailsWith(_deployCode(format2));
        _assertNotInstalled();
    }

    function table_install_leavesNothingInstalled_whenTheCodeHashIsAnother(Edition edition) public on(edition) {
        address program = _treasury();
        Action memory install = _call(
            address(hook),
            abi.encodeCall(
                IPolicyHook.install, (program, keccak256("another"), CHANGE_DELAY, address(0), new address[](0))
            )
        );
        _fails(_withGuards(install), abi.encodeWithSelector(IPolicyHook.UnsoundProgram.selector, program));
        _assertNotInstalled();
    }

    function table_install_leavesNothingInstalled_whenTheChangeDelayIsOverTheMaximum(Edition edition)
        public
        on(edition)
    {
        uint32 most = hook.MAX_CHANGE_DELAY();
        _fails(
            _installation(_treasury(), most + 1, new address[](0)),
            abi.encodeWithSelector(IPolicyHook.ChangeDelayTooLong.selector, most + 1, most)
        );
        _assertNotInstalled();
    }

    function table_install_leavesNothingInstalled_whenAModuleThatBypassesIsNotNamed(Edition older) public on(older) {
        address[] memory enabled = new address[](2);
        enabled[1] = _enableModule();
        enabled[0] = _enableModule();
        address program = _treasury();

        _installFailsWithModules(program, new address[](0), enabled);
        address[] memory one = new address[](1);
        one[0] = enabled[0];
        _installFailsWithModules(program, one, enabled);
        address[] memory other = new address[](2);
        (other[0], other[1]) = (enabled[1], enabled[0]);
        _installFailsWithModules(program, other, enabled);
        _assertNotInstalled();

        _execute(_installation(program, CHANGE_DELAY, enabled));
        assertEq(hook.accountState(address(safe)).program, program, "acknowledged in order");
    }

    function test_install_asksForNoName_whenModulesAreGuarded() public on(Edition.V150) {
        _enableModule();
        _install(_treasury(), CHANGE_DELAY);
        assertTrue(hook.accountState(address(safe)).route == Route.Guards, "route");
    }

    function table_nothingElsePasses_whileTheHookIsAGuardWithoutAProgram(Edition edition) public on(edition) {
        Action[] memory guards = _guardCalls(address(hook));
        _execute(guards.length == 1 ? guards[0] : _batch(guards));

        _denied(_pay(alice, 1), Reason.NoProgram);
        _denied(_send(alice, 1), Reason.NoProgram);
        _denied(_call(address(safe), abi.encodeCall(ISafe.enableModule, (stranger))), Reason.NoProgram);
        _denied(_batch(_list(_installOnly(_treasury()), _pay(alice, 1))), Reason.NoProgram);

        _allowed(_installOnly(_treasury()));
        _allowed(_pay(alice, 1));
    }

    function table_theGuardsComeOffAtOnce_whileNoProgramIsActive(Edition edition) public on(edition) {
        Action[] memory guards = _guardCalls(address(hook));
        _execute(guards.length == 1 ? guards[0] : _batch(guards));
        (Action memory removal,) = _removal();
        _allowed(removal);
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(0), "guard");
    }

    function table_install_isDenied_whenAProgramIsActive(Edition edition) public on(edition) {
        _install(_treasury(), CHANGE_DELAY);
        _denied(_installOnly(_treasury()), Reason.ControlDenied);
    }

    function table_installsInOneBatch(Edition edition) public on(edition) {
        address program = _treasury();
        Action memory installation = _installation(program, CHANGE_DELAY, new address[](0));
        bytes memory data = _calldata(installation);
        VM.expectEmit(address(hook));
        emit IPolicyHook.Installed(
            address(safe), program, program.codehash, CHANGE_DELAY, guardsModules ? Route.Guards : Route.Guard
        );
        (bool ok,) = address(safe).call(data);
        assertTrue(ok, "installation");

        AccountState memory state = hook.accountState(address(safe));
        assertEq(state.program, program, "program");
        assertEq(state.changeDelay, CHANGE_DELAY, "change delay");
        assertEq(state.epoch, 0, "epoch");
        assertTrue(state.route == (guardsModules ? Route.Guards : Route.Guard), "route");
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(uint256(uint160(address(hook)))), "guard");
        if (guardsModules) {
            assertEq(
                VM.load(address(safe), MODULE_GUARD_SLOT), bytes32(uint256(uint160(address(hook)))), "module guard"
            );
        }
    }

    function _installOnly(address program) private view returns (Action memory) {
        return _call(
            address(hook),
            abi.encodeCall(IPolicyHook.install, (program, program.codehash, CHANGE_DELAY, address(0), new address[](0)))
        );
    }

    function _withGuards(Action memory last) private view returns (Action memory) {
        Action[] memory guards = _guardCalls(address(hook));
        return _batch(guards.length == 1 ? _list(guards[0], last) : _list(guards[0], guards[1], last));
    }

    function _installFailsWith(address program) private {
        _fails(
            _installation(program, CHANGE_DELAY, new address[](0)),
            abi.encodeWithSelector(IPolicyHook.UnsoundProgram.selector, program)
        );
    }

    function _installFailsWithModules(address program, address[] memory named, address[] memory enabled) private {
        // The Safe itself says only GS013: ask the hook what it objects to, as the account would.
        Action memory install = _call(
            address(hook),
            abi.encodeCall(IPolicyHook.install, (program, program.codehash, CHANGE_DELAY, address(0), named))
        );
        bytes32 was = VM.load(address(safe), GUARD_SLOT);
        VM.store(address(safe), GUARD_SLOT, bytes32(uint256(uint160(address(hook)))));
        VM.prank(address(safe));
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.ModulesNotAcknowledged.selector, enabled));
        hook.install(program, program.codehash, CHANGE_DELAY, address(0), named);
        VM.store(address(safe), GUARD_SLOT, was);
        _fails(_withGuards(install), "");
    }

    function _enableModule() private returns (address module) {
        module = address(new Module());
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (module))));
    }

    function _routeIncomplete(address guard, address moduleGuard) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPolicyHook.RouteIncomplete.selector, guard, moduleGuard);
    }

    function _assertNotInstalled() private view {
        AccountState memory state = hook.accountState(address(safe));
        assertEq(state.program, address(0), "no program");
        assertTrue(state.route == Route.None, "no route");
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(0), "no guard");
    }
}
