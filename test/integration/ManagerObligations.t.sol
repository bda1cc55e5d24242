// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {ISafe} from "../base/ISafe.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {IManager, IRegistry, Protocol} from "../base/Protocol.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

/// @notice The same material, where the Safe Protocol's own manager hands the hook what the owners signed.
contract ManagerObligationsTest is ObligationTest {
    using ProgramBuilder for Draft;

    function table_approvalsServeOneRequest(Edition older) public {
        _deploy(older);
        _twoApprove(0);
        _protect();
        (SafeTx memory t, bytes32 request) = _payment();
        _fails(t, _signatures(request), Reason.TooFewApprovals, 0, 2);
        bytes memory payload = _twoApprovals(request);
        (SafeTx memory other,) = _payment();
        other.refundReceiver = stranger;
        bytes memory strange = _with(_hash(other), payload);
        (bool ok,) = address(safe).call(_calldata(other, strange));
        assertFalse(ok, "another refund receiver");
        _passes(t, _with(request, payload));
        (t, request) = _payment();
        (ok,) = address(safe).call(_calldata(t, _with(request, payload)));
        assertFalse(ok, "another nonce");
    }

    function table_anAttestationServesABatch(Edition older) public {
        _deploy(older);
        _twoAttest();
        _protect();
        SafeTx memory t = _safeTx(_batch(_list(_pay(bob, 1), _pay(alice, AMOUNT))));
        bytes32 request = _hash(t);
        bytes32 effects = _fold(_fold(0, bob, 1), alice, AMOUNT);
        _isUnattested(t, _signatures(request));
        _passes(t, _with(request, _twoAttestations(request, effects)));
    }

    function table_ownersAboveTheThreshold(Edition older) public {
        _deploy(older);
        Draft memory d = _begin();
        d.ask(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(3)));
        _finish(d);
        _protect();
        (SafeTx memory t, bytes32 request) = _payment();
        _fails(t, _signatures(request), Reason.TooFewSignatures, 2, 3);
        bytes memory third = abi.encodePacked(uint256(uint160(owners[2])), uint256(0), uint8(1));
        bytes memory signatures = bytes.concat(_signatures(request), third);
        _fails(t, signatures, Reason.BadOwnerSignatures, 2, 0);
        VM.prank(owners[2]);
        (bool ok,) = address(safe).call(_calldata(t, signatures));
        assertTrue(ok, "the third owner executes");
        assertEq(usdc.balanceOf(alice), AMOUNT, "alice");
    }

    function table_aFreezeStopsOwnersAndPlugins(Edition older) public {
        _deploy(older);
        _twoApprove(0);
        _protect();
        VM.prank(group[0]);
        hook.freeze(address(safe));
        _denied(_pay(bob, 1), Reason.Frozen);
        Reason reason = _checkModule(stranger, _pay(bob, 1)).reason;
        assertEq(uint256(reason), uint256(Reason.Frozen), "plugin");
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.startUnfreeze, ())));
        VM.warp(block.timestamp + CHANGE_DELAY);
        _allowed(_call(address(hook), abi.encodeCall(IPolicyHook.unfreeze, ())));
        _allowed(_pay(bob, 1));
    }

    function _isUnattested(SafeTx memory t, bytes memory signatures) private {
        assertEq(
            uint256(hook.check(address(safe), _asRequest(t, signatures)).reason),
            uint256(Reason.AttestationRequired),
            "check"
        );
        (bool ok,) = address(safe).call(_calldata(t, signatures));
        assertFalse(ok, "executed");
    }

    function _protect() private {
        (IManager manager, IRegistry registry) = Protocol.deploy(address(this));
        registry.addModule(address(hook), Protocol.HOOKS);
        Action[] memory actions = new Action[](4);
        actions[0] = _call(address(safe), abi.encodeCall(ISafe.enableModule, (address(manager))));
        actions[1] = _call(
            address(manager), abi.encodePacked(abi.encodeCall(IManager.setHooks, (address(hook))), address(safe))
        );
        actions[2] = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(manager))));
        actions[3] = _call(
            address(hook),
            abi.encodeCall(
                IPolicyHook.install,
                (program, program.codehash, CHANGE_DELAY, address(manager), _members(address(manager)))
            )
        );
        _execute(_batch(actions));
    }
}
