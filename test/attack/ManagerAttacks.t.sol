// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {IManager, IRegistry, Protocol, SafeProtocolAction, SafeRootAccess, SafeTransaction} from "../base/Protocol.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveHooks, NaiveLateHooks} from "./naive/NaiveHooks.sol";

/// @notice The Safe Protocol's own manager as the route, on Safes older than 1.5.0.
contract ManagerAttacks is AttackTest {
    uint256 private constant BY_PLUGIN = 1;

    IManager private manager;
    /// @dev What the manager asks: the hook, or a naive one in its turn.
    address private hooks;

    /// @dev The account is an argument of the entry.
    function table_aStrangerBurnsTheLimit(Edition older)
        public
        attack(
            older, "limit-burned-through-precheck", "a stranger calls preCheck about this account and uses its limit up"
        )
    {
        _route(address(new NaiveHooks(CAP)));
        uint256 due = _control(_pay(alice, MOST), alice, START);
        SafeTransaction memory t = _transaction(_list(_pay(alice, CAP)));
        VM.prank(stranger);
        (bool called,) = hooks.call(
            abi.encodeWithSelector(
                NaiveHooks.preCheck.selector, address(safe), t, BY_PLUGIN, abi.encode(address(plugin))
            )
        );
        assertTrue(called != protected, "believed");
        _attempt(_pay(alice, MOST));
        _observe(due, usdc.balanceOf(alice));
    }

    function table_aPluginPaysTheThief(Edition older)
        public
        attack(older, "plugin-bypass", "a plugin of the Safe Protocol pays the thief")
    {
        _route(address(new NaiveHooks(CAP)));
        uint256 before = usdc.balanceOf(stranger);
        try plugin.executeFromPlugin(address(manager), address(safe), _transaction(_list(_pay(stranger, LOOT)))) {}
        catch (bytes memory returned) {
            _noteReason(returned);
        }
        _because(Reason.NoRule);
        _observe(before, usdc.balanceOf(stranger));
    }

    function table_aPluginsRootAccessPaysTheThief(Edition older)
        public
        attack(older, "plugin-root-access", "a plugin with root access has the account run a batch that pays the thief")
    {
        _route(address(new NaiveHooks(CAP)));
        uint256 before = usdc.balanceOf(stranger);
        Action memory batch = _batch(_list(_pay(stranger, LOOT)));
        SafeRootAccess memory access = SafeRootAccess(SafeProtocolAction(batch.to, 0, batch.data), 0, "");
        try plugin.executeRootAccessTxFromPlugin(address(manager), address(safe), access) {}
        catch (bytes memory returned) {
            _noteReason(returned);
        }
        _because(Reason.NoRule);
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev Where the manager is the fallback handler, a call to oneself reaches it in the account's name.
    function table_theHooksAreClearedByASelfCall(Edition older)
        public
        attack(older, "manager-hooks-cleared", "setHooks(0) as a call of the account to itself")
    {
        _prepare(address(new NaiveHooks(CAP)));
        _execute(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (address(manager)))));
        _setRoute();
        uint256 before = uint160(manager.getEnabledHooks(address(safe)));
        bytes memory clear = abi.encodeCall(IManager.setHooks, (address(0)));
        assertFalse(_attempt(_call(address(manager), abi.encodePacked(clear, address(safe)))), "the direct call");
        _attempt(_call(address(safe), clear));
        _because(Reason.SlotsNotStaged);
        _observe(before, uint160(manager.getEnabledHooks(address(safe))));
    }

    /// @dev The account pays while it nests, and the manager forgets the outer request when the inner one comes.
    function table_theManagerForgetsTheOuterRequest(Edition older)
        public
        attack(older, "nested-request-drops-post-check", "a cap in a request whose postCheck a nested request swallows")
    {
        _route(address(new NaiveLateHooks(CAP)));
        uint256 before = _excess(CAP);
        Action[] memory legs = new Action[](4);
        (legs[0], legs[1], legs[2]) = (_pay(alice, MOST), _pay(alice, MOST), _pay(alice, MOST));
        legs[3] = _nesting(_threePayments());
        _attempt(_batch(legs));
        _observe(before, _excess(CAP));
    }

    /// @dev The manager must be there before it can be the fallback handler.
    function _prepare(address naive) private {
        IRegistry registry;
        (manager, registry) = Protocol.deploy(address(this));
        plugin = Protocol.deployPlugin();
        registry.addModule(address(plugin), Protocol.PLUGIN);
        hooks = protected ? address(hook) : naive;
        registry.addModule(hooks, Protocol.HOOKS);
    }

    function _route(address naive) private {
        _prepare(naive);
        _setRoute();
    }

    function _setRoute() private {
        uint8 permissions = Protocol.EXECUTE_CALL | Protocol.CALL_TO_SELF | Protocol.EXECUTE_DELEGATECALL;
        plugin.setRequiresPermissions(permissions);
        program = _treasury();
        address[] memory modules = new address[](1);
        modules[0] = address(manager);

        Action[] memory actions = new Action[](protected ? 5 : 4);
        actions[0] = _call(address(safe), abi.encodeCall(ISafe.enableModule, (address(manager))));
        actions[1] = _toManager(abi.encodeCall(IManager.enablePlugin, (address(plugin), permissions)));
        actions[2] = _toManager(abi.encodeCall(IManager.setHooks, (hooks)));
        actions[3] = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(manager))));
        if (protected) {
            actions[4] = _call(
                address(hook),
                abi.encodeCall(
                    IPolicyHook.install, (program, program.codehash, CHANGE_DELAY, address(manager), modules)
                )
            );
        }
        _execute(_batch(actions));
        if (protected) _noteActive();
    }

    /// @dev The manager knows its caller by a suffix.
    function _toManager(bytes memory data) private view returns (Action memory) {
        return _call(address(manager), abi.encodePacked(data, address(safe)));
    }

    function _transaction(Action[] memory actions) private pure returns (SafeTransaction memory t) {
        t.actions = new SafeProtocolAction[](actions.length);
        for (uint256 i; i < actions.length; i++) {
            t.actions[i] = SafeProtocolAction(actions[i].to, actions[i].value, actions[i].data);
        }
    }
}
