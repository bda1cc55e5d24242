// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Request, Verdict} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

/// @notice Rules with conditions that only attesters see, on real Safes under every semantics.
contract HybridRulesTest is ObligationTest {
    using ProgramBuilder for Draft;

    bytes1 private constant SILENT = 0x00;
    bytes1 private constant NO = 0x40;
    bytes1 private constant YES = 0x80;
    bytes1 private constant BOTH = 0xc0;

    /// @dev Pays alice if two of the group say so, and bob just so.
    function _ifStated(uint8 semantics) private returns (Draft memory d) {
        d = _start(semantics);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.stated(0);
        _transfers(d);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(bob));
        _transfers(d);
        program = _deployCode(d.encode());
    }

    /// @dev Pays alice unless two of the group say so.
    function _unlessStated() private {
        Draft memory d = _start(0);
        d.rule(0, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.stated(0);
        _transfers(d);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        _transfers(d);
        program = _deployCode(d.encode());
    }

    function _start(uint8 semantics) private view returns (Draft memory d) {
        (d.semantics, d.expiry) = (semantics, EXPIRY);
        d.declare(address(usdc));
        d.attesters(d.list(group), 2);
    }

    function _transfers(Draft memory d) private view {
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
    }

    /// @dev The material in which two of the group state this of these effects.
    function _says(bytes32 request, bytes32 effects, uint8 set, bytes memory statement)
        private
        view
        returns (bytes memory)
    {
        bytes32 digest = _attestation(request, effects, set, statement, "proposal", DEADLINE);
        return _saysBy(set, statement, bytes.concat(_entry(people[0], digest), _entry(people[1], digest)));
    }

    function _saysBy(uint8 set, bytes memory statement, bytes memory entries) private pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(set, DEADLINE, bytes32("proposal"), uint16(statement.length));
        return _item(2, bytes.concat(head, statement, entries));
    }

    function _said(bytes32 request, bytes memory statement) private view returns (bytes memory) {
        return _with(request, _says(request, _effects(alice, AMOUNT), 0, statement));
    }

    modifier underEach(Edition edition) {
        _deploy(edition);
        for (uint8 semantics; semantics < 3; semantics++) {
            _ifStated(semantics);
            if (semantics == 0) _install(program, 0);
            else _change();
            _;
        }
    }

    function table_whatNobodyStatedDenies(Edition edition) public underEach(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes32 effects = _effects(alice, AMOUNT);
        _fails(t, _signatures(request), Reason.AttestationRequired, 0, 0);
        _fails(t, _with(request, ""), Reason.AttestationRequired, 0, 0);
        _fails(t, _with(request, _twoApprovals(request)), Reason.AttestationRequired, 0, 0);
        _fails(t, _said(request, abi.encodePacked(SILENT)), Reason.AttestationRequired, 0, 0);
        _fails(t, _said(request, abi.encodePacked(BOTH)), Reason.AttestationRequired, 0, 0);
        _fails(t, _said(request, ""), Reason.AttestationRequired, 0, 0);
        _fails(t, _with(request, _says(request, effects, 1, hex"80")), Reason.AttestationRequired, 0, 0);
        // Material that is not well formed states nothing, whatever stands in it.
        bytes memory cut = bytes.concat(_says(request, effects, 0, hex"80"), hex"02");
        _fails(t, _with(request, cut), Reason.AttestationRequired, 0, 0);
        assertEq(usdc.balanceOf(alice), 0, "alice");
        _allowed(_pay(bob, 1));
    }

    function table_aTruthCountsOnlyAsItWasSigned(Edition edition) public underEach(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes32 effects = _effects(alice, AMOUNT);
        bytes32[5] memory wrong = [
            _attestation(request, effects, 0, hex"40", "proposal", DEADLINE),
            _attestation(request, effects, 1, hex"80", "proposal", DEADLINE),
            _attestation(request, _effects(alice, AMOUNT + 1), 0, hex"80", "proposal", DEADLINE),
            _attestation(request, _effects(bob, AMOUNT), 0, hex"80", "proposal", DEADLINE),
            _attestation(keccak256("another"), effects, 0, hex"80", "proposal", DEADLINE)
        ];
        for (uint256 i; i < wrong.length; i++) {
            bytes memory item = _saysBy(0, hex"80", _entry(people[0], wrong[i]));
            _fails(t, _with(request, item), Reason.TooFewAttesters, 0, 2);
        }
        bytes32 digest = _attestation(request, effects, 0, hex"80", "proposal", DEADLINE);
        _fails(t, _with(request, _saysBy(0, hex"80", _entry(people[0], digest))), Reason.TooFewAttesters, 1, 2);
        _fails(t, _with(request, _saysBy(0, hex"80", "")), Reason.TooFewAttesters, 0, 2);
    }

    function table_aStatementOutOfFormDenies(Edition edition) public underEach(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes[4] memory bad = [bytes(hex"81"), hex"90", hex"a0", hex"8000"];
        for (uint256 i; i < bad.length; i++) {
            _fails(t, _said(request, bad[i]), Reason.MalformedMaterial, 0, 0);
        }
    }

    function table_aFalsehoodIsNoMatch(Edition edition) public underEach(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        Verdict memory v = hook.check(address(safe), _asRequest(t, _said(request, abi.encodePacked(NO))));
        assertEq(uint256(v.reason), uint256(Reason.NoRule), "no rule pays alice then");
    }

    function table_aTruthPays(Edition edition) public underEach(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        VM.expectEmit(address(hook));
        emit IPolicyHook.Attested(address(safe), request, 0, "proposal");
        (bool ok, bytes memory returned) = address(safe).call(_calldata(t, _said(request, abi.encodePacked(YES))));
        assertTrue(ok, "execTransaction");
        assertEq(returned, abi.encode(true), "execTransaction");
        // The same material is for that nonce alone.
        (SafeTx memory next, bytes32 another) = _payment();
        _neverPays(next, _with(another, _says(request, _effects(alice, AMOUNT), 0, abi.encodePacked(YES))));
    }

    function table_eachEffectHasATruthOfItsOwn(Edition edition) public underEach(edition) {
        SafeTx memory t = _safeTx(_batch(_list(_pay(alice, 1), _pay(bob, 2), _pay(alice, 3))));
        bytes32 request = _hash(t);
        bytes32 effects = _fold(_fold(_fold(0, alice, 1), bob, 2), alice, 3);
        bytes[3] memory denied = [bytes(hex"80"), hex"08", hex"90"];
        for (uint256 i; i < denied.length; i++) {
            _neverPays(t, _with(request, _says(request, effects, 0, denied[i])));
        }
        // What the chain does not ask for may be stated or not.
        uint256 before = usdc.balanceOf(alice);
        bytes memory payload = _says(request, effects, 0, hex"88");
        (bool ok,) = address(safe).call(_calldata(t, _with(request, payload)));
        assertTrue(ok, "execTransaction");
        assertEq(usdc.balanceOf(alice), before + 4, "alice");
    }

    function table_aDenyingRuleIsNeverSilencedByNotAsking(Edition edition) public on(edition) {
        _unlessStated();
        _install(program, 0);
        (SafeTx memory t, bytes32 request) = _payment();
        _fails(t, _signatures(request), Reason.AttestationRequired, 0, 0);
        _fails(t, _said(request, abi.encodePacked(SILENT)), Reason.AttestationRequired, 0, 0);
        // That it does not apply must be signed as well.
        _fails(t, _with(request, _saysBy(0, hex"40", "")), Reason.TooFewAttesters, 0, 2);
        _fails(t, _said(request, abi.encodePacked(YES)), Reason.RuleDenies, 2, 0);
        _passes(t, _said(request, abi.encodePacked(NO)));
    }

    function table_aModuleStatesNothing(Edition edition) public on(edition) {
        Draft memory d = _start(0);
        d.rule(ProgramBuilder.ALLOW | ProgramBuilder.FOR_MODULES, 0, "");
        d.stated(0);
        _transfers(d);
        program = _deployCode(d.encode());
        _install(program, 0);
        (SafeTx memory t, bytes32 request) = _payment();
        Request memory r = _asRequest(t, _said(request, abi.encodePacked(YES)));
        (r.origin, r.initiator) = (stranger, stranger);
        Verdict memory v = hook.check(address(safe), r);
        assertEq(uint256(v.reason), uint256(Reason.AttestationRequired), "check");
        assertEq(v.rule, 0, "rule");
    }

    function table_whatStandsInTheWrongPlaceIsMalformed(Edition edition) public on(edition) {
        bytes[6] memory bad =
            [bytes(hex"1100"), hex"11000001", hex"11010000", hex"20000411000000", hex"22000411000000", hex"1100ffff"];
        for (uint256 i; i < bad.length; i++) {
            Draft memory d = _start(0);
            d.rule(ProgramBuilder.ALLOW, 0, "");
            d.when(bad[i]);
            _transfers(d);
            d.hybrids[0] = 1;
            program = _deployCode(d.encode());
            if (i == 0) _install(program, 0);
            else _change();
            (SafeTx memory t, bytes32 request) = _payment();
            Verdict memory v = hook.check(address(safe), _asRequest(t, _said(request, abi.encodePacked(YES))));
            assertEq(uint256(v.reason), uint256(Reason.MalformedProgram), "check");
        }
    }

    function _neverPays(SafeTx memory t, bytes memory signatures) private {
        uint256 before = usdc.balanceOf(alice);
        Verdict memory v = hook.check(address(safe), _asRequest(t, signatures));
        assertTrue(v.reason != Reason.Allowed, "check");
        (bool ok, bytes memory returned) = address(safe).call(_calldata(t, signatures));
        assertFalse(ok, "executed");
        assertEq(returned, _denial(v), "revert");
        assertEq(usdc.balanceOf(alice), before, "alice");
    }

    /// @dev Activates the program at once, which the change delay of zero allows.
    function _change() private {
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stage, (program, program.codehash, 0))));
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (program))));
    }
}
