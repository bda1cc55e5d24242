// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Module} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Safe 1.5.0: module transactions meet the hook as well.
contract ModulesTest is TreasuryTest {
    function test_aModuleIsDenied_whatOnlyOwnersMay() public {
        _setUp(Edition.V150);
        _deniedModule(_send(alice, 1), Reason.NoRule);
        _deniedModule(_pay(bob, 1), Reason.NoRule);
        _deniedModule(_pay(vendor, 1), Reason.NoRule);
        _deniedModule(_call(address(safe), abi.encodeCall(ISafe.addOwnerWithThreshold, (stranger, 1))), Reason.NoRule);
    }

    function test_aModuleIsDenied_whatNobodyMay() public {
        _setUp(Edition.V150L2);
        _deniedModule(_pay(stranger, 1), Reason.NoRule);
        _deniedModule(_delegate(address(usdc), abi.encodeCall(usdc.transfer, (alice, 1))), Reason.DelegatecallDenied);
        _deniedModule(_batch(_list(_pay(alice, 1), _pay(stranger, 1))), Reason.NoRule);
        assertEq(usdc.balanceOf(stranger), 0, "balance");
    }

    function test_aModuleIsDenied_control() public {
        _setUp(Edition.V150);
        _deniedModule(_call(address(safe), abi.encodeCall(ISafe.setGuard, (address(0)))), Reason.ControlDenied);
        _deniedModule(_call(address(safe), abi.encodeCall(ISafe.setModuleGuard, (address(0)))), Reason.ControlDenied);
        _deniedModule(_call(address(hook), abi.encodeCall(IPolicyHook.cancelStaged, ())), Reason.ControlDenied);
        _deniedModule(
            _call(address(hook), abi.encodeCall(IPolicyHook.cancel, (address(safe), bytes32(0)))), Reason.ControlDenied
        );
    }

    function test_ownersAreDenied_whatOnlyAModuleMay() public {
        _setUp(Edition.V150);
        // The modules' rule has no upper bound of the owners' size: owners meet theirs.
        assertEq(_check(_pay(alice, 1)).rule, PAYROLL, "owners");
        assertEq(_checkModule(address(module), _pay(alice, 1)).rule, MODULE, "module");
        Verdict memory v = _checkModule(stranger, _pay(alice, 1));
        assertEq(uint256(v.reason), uint256(Reason.NoRule), "another module");
    }

    function test_aModuleDoesWhatItsRuleAllows() public {
        _setUp(Edition.V150);
        assertEq(uint256(_checkModule(address(module), _pay(alice, 5e6)).reason), uint256(Reason.Allowed), "check");
        module.execute(safe, address(usdc), 0, abi.encodeCall(usdc.transfer, (alice, 5e6)), 0);
        assertEq(usdc.balanceOf(alice), 5e6, "paid");
        Action memory batch = _batch(_list(_pay(alice, 1e6), _pay(alice, 2e6)));
        module.execute(safe, batch.to, 0, batch.data, 1);
        assertEq(usdc.balanceOf(alice), 8e6, "paid in a batch");
    }

    function test_aModuleIsChargedToTheSameLimit() public {
        _setUp(Edition.V150);
        _allowed(_batch(_list(_pay(alice, MOST), _pay(alice, MOST), _pay(alice, MOST))));
        Verdict memory v = _deniedModule(_pay(alice, 1), Reason.LimitExceeded);
        assertEq(v.rule, MODULE, "rule");
        assertEq(v.have, 0, "nothing is left");
    }

    function test_aModulesFailedCallReverts_andChargesNothing() public {
        _setUp(Edition.V150);
        VM.prank(address(safe));
        usdc.transfer(stranger, FUNDS);
        VM.expectRevert(IPolicyHook.ExecutionFailed.selector);
        module.execute(safe, address(usdc), 0, abi.encodeCall(usdc.transfer, (alice, MOST_MODULE)), 0);
        VM.prank(stranger);
        usdc.transfer(address(safe), FUNDS);
        _allowed(_batch(_list(_pay(alice, MOST), _pay(alice, MOST), _pay(alice, MOST))));
    }

    function test_aModuleAnnouncesItsOwnRequests() public {
        _setUp(Edition.V150);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, address(this)));
        hook.announce(address(safe), address(module), _list(_pay(alice, 1)));
        VM.prank(address(module));
        bytes32 id = hook.announce(address(safe), address(module), _list(_pay(alice, 1)));
        assertEq(hook.announcedAt(id), START, "announced");
        VM.prank(address(module));
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, address(module)));
        hook.announce(address(safe), address(0), _list(_pay(alice, 1)));
    }

    function table_before150_aModuleBypassesTheGuard_whichTheInstallationAcknowledged(Edition older) public on(older) {
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        address[] memory bypassing = new address[](1);
        bypassing[0] = address(module);
        _execute(_installation(_treasury(), CHANGE_DELAY, bypassing));

        _denied(_pay(stranger, 1), Reason.NoRule);
        module.execute(safe, address(usdc), 0, abi.encodeCall(usdc.transfer, (stranger, 1)), 0);
        assertEq(usdc.balanceOf(stranger), 1, "past the guard");
    }

    function _setUp(Edition edition) private {
        _deploy(edition);
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        _install(_treasury(), CHANGE_DELAY);
    }

    function _deniedModule(Action memory a, Reason reason) private returns (Verdict memory v) {
        v = _checkModule(address(module), a);
        assertEq(uint256(v.reason), uint256(reason), "check");
        VM.expectRevert(_denial(v));
        module.execute(safe, a.to, a.value, a.data, a.operation);
    }
}
