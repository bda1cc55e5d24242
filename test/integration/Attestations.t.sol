// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

contract AttestationsTest is ObligationTest {
    using ProgramBuilder for Draft;

    modifier attested(Edition edition) {
        _deploy(edition);
        _twoAttest();
        _install(program, CHANGE_DELAY);
        _;
    }

    function table_neverPaysUnattested(Edition edition) public attested(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes32 effects = _effects(alice, AMOUNT);
        _fails(t, _signatures(request), Reason.AttestationRequired, 0, 0);
        _fails(t, _with(request, _twoApprovals(request)), Reason.AttestationRequired, 0, 0);
        bytes32 digest = _attestation(request, effects, 0, "proposal", DEADLINE);
        bytes memory one = _attested(0, DEADLINE, _entry(people[0], digest));
        _fails(t, _with(request, one), Reason.TooFewAttesters, 1, 2);
        _fails(t, _with(request, _attested(0, DEADLINE, "")), Reason.TooFewAttesters, 0, 2);
        bytes memory twice = bytes.concat(_entry(people[0], digest), _entry(people[0], digest));
        _fails(t, _with(request, _attested(0, DEADLINE, twice)), Reason.BadMaterial, 1, 3);
        bytes memory other = _item(2, abi.encodePacked(uint8(1), DEADLINE, bytes32("proposal"), uint16(0), twice));
        _fails(t, _with(request, other), Reason.AttestationRequired, 0, 0);
        assertEq(usdc.balanceOf(alice), 0, "alice");

        bytes memory material = _with(request, _twoAttestations(request, effects));
        VM.expectEmit(address(hook));
        emit IPolicyHook.Attested(address(safe), request, 0, "proposal");
        _executes(t, material);
    }

    function table_neverTakesASignatureThatSaysSomethingElse(Edition edition) public attested(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes32 effects = _effects(alice, AMOUNT);
        bytes32[6] memory wrong = [
            _attestation(request, _effects(alice, AMOUNT + 1), 0, "proposal", DEADLINE),
            _attestation(request, _effects(bob, AMOUNT), 0, "proposal", DEADLINE),
            _attestation(request, effects, 1, "proposal", DEADLINE),
            _attestation(request, effects, 0, "other", DEADLINE),
            _attestation(request, effects, 0, "proposal", DEADLINE + 1),
            _attestation(keccak256("another"), effects, 0, "proposal", DEADLINE)
        ];
        for (uint256 i; i < wrong.length; i++) {
            // What it is said to be signed by is a stranger then, wherever that sorts.
            bytes memory entry = _entry(people[0], wrong[i]);
            _fails(t, _with(request, _attested(0, DEADLINE, entry)), Reason.TooFewAttesters, 0, 2);
        }
    }

    function table_neverTakesAnAttestationPastItsDeadline(Edition edition) public attested(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory material = _with(request, _twoAttestations(request, _effects(alice, AMOUNT)));
        VM.warp(uint256(DEADLINE) + 1);
        Verdict memory v = hook.check(address(safe), _asRequest(t, material));
        assertEq(v.detail, 2, "of an attestation");
        _fails(t, material, Reason.BadMaterial, 0, 1);
        VM.warp(DEADLINE);
        _passes(t, material);
    }

    function table_neverTakesAStatement(Edition edition) public attested(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory item = _item(2, abi.encodePacked(uint8(0), DEADLINE, bytes32(0), uint16(1), hex"80"));
        _fails(t, _with(request, item), Reason.MalformedMaterial, 0, 0);
        item = _item(2, abi.encodePacked(uint8(0), DEADLINE, bytes32(0), uint16(1)));
        _fails(t, _with(request, item), Reason.MalformedMaterial, 0, 0);
    }

    /// @dev The refund's price is zero in every request that passes; the rest of its terms are signed all the same.
    function table_anAttestationIsBoundToTheGasFields(Edition edition) public attested(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory payload = _twoAttestations(request, _effects(alice, AMOUNT));
        for (uint256 i; i < 3; i++) {
            (SafeTx memory other,) = _payment();
            if (i == 0) other.baseGas = 1;
            else if (i == 1) other.gasToken = address(usdc);
            else other.refundReceiver = stranger;
            _neverPasses(other, _with(_hash(other), payload));
            bytes memory own = _twoAttestations(_hash(other), _effects(alice, AMOUNT));
            Verdict memory v = hook.check(address(safe), _asRequest(other, _with(_hash(other), own)));
            assertEq(uint256(v.reason), uint256(Reason.Allowed), "what is attested as it is");
        }
        t.gasPrice = 1;
        Verdict memory refund = hook.check(address(safe), _asRequest(t, _with(_hash(t), payload)));
        assertEq(uint256(refund.reason), uint256(Reason.GasRefund), "refund");
        t.gasPrice = 0;
        _passes(t, _with(request, payload));
    }

    function table_anAttestationIsOfAllEffectsOfABatch(Edition edition) public attested(edition) {
        bytes memory announcement = abi.encodeCall(IPolicyHook.cancelStaged, ());
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stage, (program, program.codehash, CHANGE_DELAY))));
        SafeTx memory t = _safeTx(_batch(_list(_call(address(hook), announcement), _pay(bob, 1), _pay(alice, AMOUNT))));
        bytes32 request = _hash(t);
        bytes memory head = abi.encode(bytes32(0), uint256(0), hook, uint256(uint32(IPolicyHook.cancelStaged.selector)));
        bytes32 d = keccak256(bytes.concat(head, abi.encode(address(0), address(0), uint256(0))));
        bytes32 effects = _fold(_fold(d, bob, 1), alice, AMOUNT);
        _neverPasses(t, _with(request, _twoAttestations(request, _effects(alice, AMOUNT))));
        _neverPasses(t, _with(request, _twoAttestations(request, _fold(_fold(0, bob, 1), alice, AMOUNT))));
        _passes(t, _with(request, _twoAttestations(request, effects)));
    }

    function table_everySetThatIsAskedForAttests(Edition edition) public on(edition) {
        Draft memory d = _begin();
        d.attesters(d.list(group), 1);
        d.attesters(d.list(_members(group[2])), 1);
        d.ask(abi.encodePacked(ProgramBuilder.ATTESTATION, uint8(0), ProgramBuilder.ATTESTATION, uint8(1)));
        d.ask(abi.encodePacked(ProgramBuilder.NOTIFY, bytes32("treasurer")));
        _finish(d);
        _install(program, CHANGE_DELAY);

        (SafeTx memory t, bytes32 request) = _payment();
        bytes32 effects = _effects(alice, AMOUNT);
        bytes32 zero = _attestation(request, effects, 0, "proposal", DEADLINE);
        bytes32 one = _attestation(request, effects, 1, "proposal", DEADLINE);
        bytes memory first = _attested(0, DEADLINE, _entry(people[0], zero));
        Verdict memory v = hook.check(address(safe), _asRequest(t, _with(request, first)));
        assertEq(uint256(v.reason), uint256(Reason.AttestationRequired), "the other set is asked for");
        assertEq(v.detail, 1, "the other set");
        bytes memory wrong = bytes.concat(first, _attested(1, DEADLINE, _entry(people[0], one)));
        _fails(t, _with(request, wrong), Reason.TooFewAttesters, 0, 1);
        bytes memory both = bytes.concat(first, _attested(1, DEADLINE, _entry(people[2], one)));
        VM.expectEmit(address(hook));
        emit IPolicyHook.Attested(address(safe), request, 0, "proposal");
        VM.expectEmit(address(hook));
        emit IPolicyHook.Attested(address(safe), request, 1, "proposal");
        VM.expectEmit(address(hook));
        emit IPolicyHook.Notified(address(safe), "treasurer", 0);
        _executes(t, _with(request, both));
    }

    function table_aMalformedObligationDeniesEverything(Edition edition) public on(edition) {
        bytes[9] memory bad = [
            bytes(hex"06"),
            hex"00",
            hex"0200",
            hex"02",
            hex"0400",
            hex"01000000",
            hex"03000040",
            hex"0100004001",
            hex"05ffff"
        ];
        for (uint256 i; i < bad.length; i++) {
            Draft memory d = _begin();
            d.ask(bad[i]);
            _finish(d);
            if (i == 0) _install(program, 0);
            else _change();
            Verdict memory v = _denied(_pay(alice, 1), Reason.MalformedProgram);
            assertEq(v.rule, NO_RULE, "no rule's");
            _allowed(_pay(bob, 1));
        }
    }

    /// @dev Activates the program at once, which the change delay of zero allows.
    function _change() private {
        bytes memory stage = abi.encodeCall(IPolicyHook.stage, (program, program.codehash, 0));
        _execute(_call(address(hook), stage));
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (program))));
    }

    function _executes(SafeTx memory t, bytes memory signatures) private {
        (bool ok, bytes memory returned) = address(safe).call(_calldata(t, signatures));
        assertTrue(ok, "execTransaction");
        assertEq(returned, abi.encode(true), "execTransaction");
        assertEq(usdc.balanceOf(alice), AMOUNT, "alice");
    }

    /// @dev The signatures recover to strangers, in any order, so only that it is denied is the same everywhere.
    function _neverPasses(SafeTx memory t, bytes memory signatures) private {
        Verdict memory v = hook.check(address(safe), _asRequest(t, signatures));
        bool denied = v.reason == Reason.TooFewAttesters || v.reason == Reason.BadMaterial;
        assertTrue(denied, "check");
        (bool ok, bytes memory returned) = address(safe).call(_calldata(t, signatures));
        assertFalse(ok, "executed");
        assertEq(returned, _denial(v), "revert");
    }
}
