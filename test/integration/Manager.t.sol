// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {AccountState, Action, Route, SlotCall, Verdict} from "../../contracts/types/Types.sol";
import {GUARD_SLOT, ISafe} from "../base/ISafe.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {
    IManager,
    IPlugin,
    IRegistry,
    Protocol,
    SafeProtocolAction,
    SafeRootAccess,
    SafeTransaction
} from "../base/Protocol.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

interface IHooks {
    function preCheck(address account, SafeTransaction calldata transaction, uint256 kind, bytes calldata meta)
        external
        returns (bytes memory);
    function preCheckRootAccess(address account, SafeRootAccess calldata rootAccess, uint256 kind, bytes calldata meta)
        external
        returns (bytes memory);
}

/// @notice The Safe Protocol's own manager as the route, on Safes older than 1.5.0.
contract ManagerTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint8 private constant PERMISSIONS = Protocol.EXECUTE_CALL | Protocol.CALL_TO_SELF | Protocol.EXECUTE_DELEGATECALL;

    IManager private manager;
    IRegistry private registry;

    function table_ownersMeetThePolicy(Edition older) public {
        _setUp(older);
        _denied(_pay(stranger, 1), Reason.NoRule);
        _denied(_send(stranger, 1), Reason.NoRule);
        _denied(_delegate(address(usdc), abi.encodeCall(usdc.transfer, (alice, 1))), Reason.DelegatecallDenied);
        _denied(_batch(_list(_pay(alice, 1), _pay(stranger, 1))), Reason.NoRule);

        _allowed(_pay(alice, 5e6));
        _allowed(_batch(_list(_pay(alice, 1e6), _pay(bob, 2e6))));
        assertEq(usdc.balanceOf(alice), 6e6, "alice");
        assertEq(usdc.balanceOf(stranger), 0, "stranger");
    }

    function table_ownersMeetTheLimit(Edition older) public {
        _setUp(older);
        for (uint256 i; i < 3; i++) {
            _allowed(_pay(alice, 40_000e6));
        }
        Verdict memory v = _denied(_pay(alice, 40_000e6), Reason.LimitExceeded);
        assertEq(v.have, 30_000e6, "what was left");
    }

    function table_gasIsNeverRefunded(Edition older) public {
        _setUp(older);
        Action memory a = _pay(alice, 1);
        (bool ok, bytes memory returned) = address(safe).call(_calldata(a, 0, 0, 1));
        assertFalse(ok, "gas price");
        assertEq(returned, _denial(Verdict(Reason.GasRefund, 0, NO_RULE, 0, 0, 1)), "gas price");
        (ok, returned) = address(safe).call(_calldata(a, 1, 0, 0));
        assertFalse(ok, "safeTxGas");
        assertEq(returned, _denial(Verdict(Reason.GasRefund, 0, NO_RULE, 0, 1, 0)), "safeTxGas");
    }

    function table_aPluginMeetsThePolicyUnderItsOwnName(Edition older) public {
        _setUp(older);
        _deniedPlugin(_list(_pay(stranger, 1)), Reason.NoRule);
        _deniedPlugin(_list(_pay(bob, 1)), Reason.NoRule);
        _deniedPlugin(_list(_pay(alice, 1), _pay(stranger, 1)), Reason.NoRule);
        _deniedPlugin(_list(_call(address(safe), abi.encodeCall(ISafe.setGuard, (address(0))))), Reason.ControlDenied);

        _plugin(_list(_pay(alice, 1e6), _pay(alice, 2e6)));
        assertEq(usdc.balanceOf(alice), 3e6, "alice");
        assertEq(usdc.balanceOf(stranger), 0, "stranger");
    }

    function table_aPluginsRootAccessIsADelegatecall(Edition older) public {
        _setUp(older);
        VM.expectRevert(_denial(Verdict(Reason.DelegatecallDenied, 0, NO_RULE, 0, uint160(address(usdc)), 0)));
        _rootAccess(_delegate(address(usdc), abi.encodeCall(usdc.transfer, (alice, 1))));

        Verdict memory v = _checkModule(address(plugin), _batch(_list(_pay(stranger, 1))));
        VM.expectRevert(_denial(v));
        _rootAccess(_batch(_list(_pay(stranger, 1))));

        _rootAccess(_batch(_list(_pay(alice, 1), _pay(alice, 2))));
        assertEq(usdc.balanceOf(alice), 3, "alice");
    }

    /// @dev It drops what comes after, so nobody would look what the code did.
    function table_noRuleAllowsADelegatecallHere(Edition older) public {
        _prepare(older);
        _protect(_trusting(address(usdc)));
        Action memory a = _delegate(address(usdc), abi.encodeCall(usdc.balanceOf, (alice)));
        Verdict memory v = _denied(a, Reason.DelegatecallUnwatched);
        assertEq(v.rule, 0, "rule");
        assertEq(v.effect, 0, "effect");
    }

    function table_aNestedRequestIsJudgedAndChargedToo(Edition older) public {
        _setUp(older);
        // The manager forgets the outer request when an inner one comes: one postCheck for two preChecks.
        _execute(_nesting(_pay(alice, 40_000e6)));
        _execute(_nesting(_nestingAt(_pay(alice, 40_000e6), safe.nonce() + 2)));
        assertEq(usdc.balanceOf(alice), 80_000e6, "paid by the inner ones");

        (bool ok,) = address(safe).call(_calldata(_nesting(_pay(stranger, 1))));
        assertFalse(ok, "the inner request is denied");
        assertEq(usdc.balanceOf(stranger), 0, "stranger");

        _allowed(_pay(alice, 50_000e6));
        Verdict memory v = _denied(_pay(alice, 50_000e6), Reason.LimitExceeded);
        assertEq(v.have, 20_000e6, "every one was charged");
    }

    function table_nobodyButTheRegisteredManagerSpeaksForTheAccount(Edition older) public {
        _setUp(older);
        bytes memory meta = abi.encode(address(plugin));
        SafeTransaction memory t = _transaction(_list(_pay(alice, 1)));
        SafeRootAccess memory r = SafeRootAccess(t.actions[0], 0, "");
        address[3] memory callers = [stranger, address(safe), address(plugin)];
        for (uint256 i; i < 3; i++) {
            bytes memory wanted = abi.encodeWithSelector(IPolicyHook.NotManager.selector, callers[i]);
            VM.prank(callers[i]);
            VM.expectRevert(wanted);
            IHooks(address(hook)).preCheck(address(safe), t, 1, meta);
            VM.prank(callers[i]);
            VM.expectRevert(wanted);
            IHooks(address(hook)).preCheckRootAccess(address(safe), r, 1, meta);
        }
    }

    function table_theManagerSpeaksForNoAccountThatDidNotRegisterIt(Edition older) public installed(older) {
        (manager, registry) = Protocol.deploy(address(this));
        SafeTransaction memory t = _transaction(_list(_pay(alice, 1)));
        VM.prank(address(manager));
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotManager.selector, address(manager)));
        IHooks(address(hook)).preCheck(address(safe), t, 1, abi.encode(stranger));
    }

    function table_theRouteIsLeftOnlyAsStaged(Edition older) public {
        _setUp(older);
        Action memory unhook = _setHooks(address(0));
        Action memory unguard = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(0))));
        _denied(unhook, Reason.SlotsNotStaged);
        _denied(unguard, Reason.SlotsNotStaged);
        _denied(_call(address(manager), abi.encodeCall(IManager.setHooks, (address(0)))), Reason.NonCanonicalCalldata);
        _denied(
            _call(address(manager), abi.encodePacked(abi.encodeCall(IManager.setHooks, (address(0))), stranger)),
            Reason.NonCanonicalCalldata
        );

        SlotCall[] memory list = new SlotCall[](2);
        list[0] = SlotCall(unhook.to, unhook.data);
        list[1] = SlotCall(unguard.to, unguard.data);
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (list))));
        _denied(_batch(_list(unhook, unguard)), Reason.SlotsNotMatured);
        VM.warp(START + CHANGE_DELAY);
        _denied(unhook, Reason.SlotsNotStaged);
        _allowed(_batch(_list(unhook, unguard)));

        AccountState memory state = hook.accountState(address(safe));
        assertEq(state.program, address(0), "program");
        assertTrue(state.route == Route.None, "route");
        assertEq(manager.getEnabledHooks(address(safe)), address(0), "hooks");
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(0), "guard");
    }

    function table_enablingAPluginNeedsARule(Edition older) public {
        _setUp(older);
        IPlugin other = Protocol.deployPlugin();
        registry.addModule(address(other), Protocol.PLUGIN);
        _denied(
            _call(
                address(manager),
                abi.encodePacked(
                    abi.encodeCall(IManager.enablePlugin, (address(other), Protocol.EXECUTE_CALL)), address(safe)
                )
            ),
            Reason.NoRule
        );
    }

    function table_aHalfInstalledManagerRouteIsRefused(Edition older) public on(older) {
        (manager, registry) = Protocol.deploy(address(this));
        registry.addModule(address(hook), Protocol.HOOKS);
        address next = _treasury();
        Action memory guard = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(manager))));
        Action memory install = _managerInstall(next, new address[](0));
        for (uint256 i; i < 2; i++) {
            Action memory first = i == 0 ? guard : _setHooks(address(hook));
            (bool ok,) = address(safe).call(_calldata(_batch(_list(first, install))));
            assertFalse(ok, "half");
            assertEq(hook.accountState(address(safe)).program, address(0), "not installed");
        }
    }

    /// @dev There, plain modules would pass by the manager, and the module guard would stand empty.
    function test_aManagerIsNoRoute_whereTheSafeGuardsModulesItself() public on(Edition.V150) {
        (manager, registry) = Protocol.deploy(address(this));
        registry.addModule(address(hook), Protocol.HOOKS);
        Action memory guard = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(manager))));
        Action[] memory batch = _list(guard, _setHooks(address(hook)), _managerInstall(_treasury(), new address[](0)));
        _fails(
            _batch(batch), abi.encodeWithSelector(IPolicyHook.RouteIncomplete.selector, address(manager), address(0))
        );
        assertEq(hook.accountState(address(safe)).program, address(0), "not installed");
    }

    function table_rulesThatDoNotNameSelectorAndTargetNeverReachTheManagersSwitches(Edition older) public {
        _prepare(older);
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SUBJECT | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SUBJECT, address(0), IManager.disablePlugin.selector);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, address(manager), 0);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        _protect(_deployCode(d.encode()));

        bytes[3] memory calls = _switches();
        for (uint256 i; i < 3; i++) {
            _denied(_call(address(manager), abi.encodePacked(calls[i], address(safe))), Reason.NoRule);
            _denied(_call(address(safe), calls[i]), Reason.NoRule);
            _denied(_batch(_list(_call(address(safe), calls[i]))), Reason.NoRule);
        }
        assertTrue(manager.isPluginEnabled(address(safe), address(plugin)), "still enabled");
    }

    function table_otherCallsToTheManagerDeny(Edition older) public {
        _prepare(older);
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        bytes4 execute = IManager.executeTransaction.selector;
        d.matching(ProgramBuilder.CALL, address(manager), execute);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, address(manager), 0);
        d.matching(ProgramBuilder.NATIVE | ProgramBuilder.ANY_SELECTOR, address(manager), 0);
        _protect(_deployCode(d.encode()));

        bytes memory data = abi.encodeCall(IManager.executeTransaction, (address(safe), _transaction(new Action[](0))));
        Verdict memory v = _denied(_call(address(manager), data), Reason.ControlDenied);
        assertEq(v.have, uint32(execute), "selector");
        _denied(_call(address(manager), hex"12345678"), Reason.ControlDenied);
        v = _denied(_call(address(manager), hex"1234"), Reason.ControlDenied);
        assertEq(v.have, 0, "no selector");
        _denied(_send(address(manager), 1), Reason.ControlDenied);
        _denied(_call(address(manager), ""), Reason.ControlDenied);
    }

    function table_aRuleThatNamesSelectorAndTargetReachesThatSwitch(Edition older) public {
        _prepare(older);
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL, address(manager), IManager.disablePlugin.selector);
        _protect(_deployCode(d.encode()));

        bytes[3] memory calls = _switches();
        _denied(_call(address(manager), abi.encodePacked(calls[0], address(safe))), Reason.NoRule);
        _denied(_call(address(manager), abi.encodePacked(calls[2], address(safe))), Reason.NoRule);
        _allowed(_call(address(manager), abi.encodePacked(calls[1], address(safe))));
        assertFalse(manager.isPluginEnabled(address(safe), address(plugin)), "disabled");
    }

    function table_theAccountsOwnFallbackReachesTheSwitchOnlyByARuleThatNamesIt(Edition older) public {
        _prepare(older);
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT, address(0), IManager.disablePlugin.selector);
        // The manager as handler takes what the account sends to itself for the account's own word.
        _execute(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (address(manager)))));
        _protect(_deployCode(d.encode()));

        bytes[3] memory calls = _switches();
        _denied(_call(address(safe), calls[0]), Reason.NoRule);
        _denied(_call(address(safe), calls[2]), Reason.NoRule);
        _allowed(_call(address(safe), calls[1]));
        assertFalse(manager.isPluginEnabled(address(safe), address(plugin)), "disabled");
    }

    /// @dev What decides which code the manager runs for the account.
    function _switches() private view returns (bytes[3] memory calls) {
        calls[0] = abi.encodeCall(IManager.enablePlugin, (alice, 1));
        calls[1] = abi.encodeCall(IManager.disablePlugin, (address(1), address(plugin)));
        calls[2] = abi.encodeCall(IManager.setFunctionHandler, (bytes4(0x12345678), alice));
    }

    function _setUp(Edition edition) private {
        _prepare(edition);
        _protect(_treasury());
    }

    /// @dev The account, the manager and a plugin, not yet enabled.
    function _prepare(Edition edition) private {
        _deploy(edition);
        (manager, registry) = Protocol.deploy(address(this));
        plugin = Protocol.deployPlugin();
        plugin.setRequiresPermissions(PERMISSIONS);
        registry.addModule(address(hook), Protocol.HOOKS);
        registry.addModule(address(plugin), Protocol.PLUGIN);
    }

    function _protect(address program_) private {
        program = program_;
        address[] memory modules = new address[](1);
        modules[0] = address(manager);
        Action[] memory actions = new Action[](5);
        actions[0] = _call(address(safe), abi.encodeCall(ISafe.enableModule, (address(manager))));
        actions[1] = _call(
            address(manager),
            abi.encodePacked(abi.encodeCall(IManager.enablePlugin, (address(plugin), PERMISSIONS)), address(safe))
        );
        actions[2] = _setHooks(address(hook));
        actions[3] = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(manager))));
        actions[4] = _managerInstall(program, modules);
        _execute(_batch(actions));
        AccountState memory state = hook.accountState(address(safe));
        assertTrue(state.route == Route.Manager, "route");
        assertEq(state.manager, address(manager), "manager");
    }

    function _managerInstall(address next, address[] memory modules) private view returns (Action memory) {
        return _call(
            address(hook),
            abi.encodeCall(IPolicyHook.install, (next, next.codehash, CHANGE_DELAY, address(manager), modules))
        );
    }

    function _setHooks(address hooks) private view returns (Action memory) {
        return _call(address(manager), abi.encodePacked(abi.encodeCall(IManager.setHooks, (hooks)), address(safe)));
    }

    function _transaction(Action[] memory actions) private pure returns (SafeTransaction memory t) {
        t.actions = new SafeProtocolAction[](actions.length);
        for (uint256 i; i < actions.length; i++) {
            t.actions[i] = SafeProtocolAction(actions[i].to, actions[i].value, actions[i].data);
        }
    }

    function _plugin(Action[] memory actions) private {
        plugin.executeFromPlugin(address(manager), address(safe), _transaction(actions));
    }

    function _rootAccess(Action memory a) private {
        plugin.executeRootAccessTxFromPlugin(
            address(manager), address(safe), SafeRootAccess(SafeProtocolAction(a.to, a.value, a.data), 0, "")
        );
    }

    function _deniedPlugin(Action[] memory actions, Reason reason) private {
        Verdict memory v = hook.check(address(safe), _moduleRequest(address(plugin), actions));
        assertEq(uint256(v.reason), uint256(reason), "check");
        VM.expectRevert(_denial(v));
        _plugin(actions);
    }
}
