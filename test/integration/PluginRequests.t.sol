// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {ModuleRequestTest} from "../base/ModuleRequestTest.sol";
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
import {VM} from "../base/Vm.sol";

/// @notice Requests of a plugin under the Safe Protocol's own manager, opened and approved before.
contract PluginRequestsTest is ModuleRequestTest {
    uint8 private constant PERMISSIONS = Protocol.EXECUTE_CALL | Protocol.EXECUTE_DELEGATECALL;

    IManager private manager;

    function table_neverPaysBeforeItIsApproved(Edition older) public {
        _setUp(older);
        Action[] memory actions = _list(_pay(alice, AMOUNT), _pay(bob, 1));
        _isDenied(actions, 0);
        _open(actions);
        _isDenied(actions, 0);
        _approveBy(0, _name(address(plugin), actions, 1));
        _isDenied(actions, 1);
        _approveBy(1, _name(address(plugin), actions, 1));
        _isDenied(_list(_pay(bob, 1), _pay(alice, AMOUNT)), 0);
        _isDenied(_list(_pay(alice, AMOUNT)), 0);

        _execute(actions);
        assertEq(usdc.balanceOf(alice), AMOUNT, "alice");
        assertEq(usdc.balanceOf(bob), 1, "bob");
        _isDenied(actions, 0);
    }

    function table_whatIsPostedServesOneRequest(Edition older) public {
        _setUp(older);
        Action[] memory actions = _list(_pay(alice, AMOUNT));
        bytes32 request = _open(actions);
        VM.prank(stranger);
        hook.post(address(safe), address(plugin), _content(actions), _twoApprovals(request));
        // Root access of the same payment is another request.
        Action memory batch = _batch(actions);
        Verdict memory v = hook.check(address(safe), _moduleRequest(address(plugin), _list(batch)));
        assertEq(uint256(v.reason), uint256(Reason.TooFewApprovals), "check");
        VM.expectRevert(_denial(v));
        plugin.executeRootAccessTxFromPlugin(
            address(manager), address(safe), SafeRootAccess(SafeProtocolAction(batch.to, 0, batch.data), 0, "")
        );
        _execute(actions);
        assertEq(usdc.balanceOf(alice), AMOUNT, "alice");
        _isDenied(actions, 0);
    }

    function _setUp(Edition edition) private {
        _deploy(edition);
        IRegistry registry;
        (manager, registry) = Protocol.deploy(address(this));
        plugin = Protocol.deployPlugin();
        plugin.setRequiresPermissions(PERMISSIONS);
        registry.addModule(address(hook), Protocol.HOOKS);
        registry.addModule(address(plugin), Protocol.PLUGIN);
        _approvedModules(0, _members(address(plugin)));
        Action[] memory actions = new Action[](5);
        actions[0] = _call(address(safe), abi.encodeCall(ISafe.enableModule, (address(manager))));
        actions[1] = _toManager(abi.encodeCall(IManager.enablePlugin, (address(plugin), PERMISSIONS)));
        actions[2] = _toManager(abi.encodeCall(IManager.setHooks, (address(hook))));
        actions[3] = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(manager))));
        actions[4] = _call(
            address(hook),
            abi.encodeCall(
                IPolicyHook.install,
                (program, program.codehash, CHANGE_DELAY, address(manager), _members(address(manager)))
            )
        );
        _execute(_batch(actions));
        assertEq(hook.accountState(address(safe)).program, program, "installed");
    }

    function _toManager(bytes memory data) private view returns (Action memory) {
        return _call(address(manager), abi.encodePacked(data, address(safe)));
    }

    function _open(Action[] memory actions) private returns (bytes32 request) {
        VM.prank(owners[1]);
        request = hook.open(address(safe), address(plugin), actions);
    }

    function _approveBy(uint256 i, bytes32 request) private {
        VM.prank(group[i]);
        hook.approve(address(safe), request, program.codehash, DEADLINE);
    }

    function _execute(Action[] memory actions) private {
        plugin.executeFromPlugin(address(manager), address(safe), _transaction(actions));
    }

    function _isDenied(Action[] memory actions, uint256 have) private {
        Verdict memory v = hook.check(address(safe), _moduleRequest(address(plugin), actions));
        assertEq(uint256(v.reason), uint256(Reason.TooFewApprovals), "check");
        assertEq(v.have, have, "have");
        VM.expectRevert(_denial(v));
        _execute(actions);
    }

    function _transaction(Action[] memory actions) private pure returns (SafeTransaction memory t) {
        t.actions = new SafeProtocolAction[](actions.length);
        for (uint256 i; i < actions.length; i++) {
            t.actions[i] = SafeProtocolAction(actions[i].to, actions[i].value, actions[i].data);
        }
    }
}
