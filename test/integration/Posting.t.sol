// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {Misbehaving} from "../base/Misbehaving.sol";
import {ModuleRequestTest} from "../base/ModuleRequestTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {VM} from "../base/Vm.sol";

/// @notice What anybody posts for an opened module request: only what verifies is kept.
contract PostingTest is ModuleRequestTest {
    using ProgramBuilder for Draft;

    Action private payment;
    bytes32 private request;

    function test_postedApprovalsCount_whoeverPostsThem() public {
        _approving();
        VM.prank(stranger);
        hook.post(address(safe), address(module), _content(_list(payment)), _twoApprovals(request));
        _passesForModule(payment);
    }

    function test_keepsNothing_whereOneEntryDoesNotCount() public {
        _approving();
        bytes memory a = _approvalBy(people[0], request, DEADLINE);
        bytes memory b = _approvalBy(people[1], request, DEADLINE);
        bytes memory twin = abi.encodePacked(uint8(0), DEADLINE, _twin(_sign(people[1], _approval(request, DEADLINE))));
        _isBad(_item(1, bytes.concat(b, a)), 1, 1, 3);
        _isBad(_item(1, bytes.concat(a, a)), 1, 1, 3);
        _isBad(_item(1, bytes.concat(a, twin)), 1, 1, 2);
        _isBad(_item(1, bytes.concat(a, _approvalBy(people[1], request, uint64(START - 1)))), 1, 1, 1);
        _isBad(_item(1, bytes.concat(a, abi.encodePacked(uint8(0), DEADLINE, new bytes(65)))), 1, 1, 2);
        _isBad(_item(1, bytes.concat(_approvalOf(address(0), ""), a)), 1, 0, 3);
        _failsForModule(payment, Reason.TooFewApprovals, 0, 2);
    }

    function test_neverKeepsWhatIsNotWellFormed() public {
        _approving();
        bytes memory a = _approvalBy(people[0], request, DEADLINE);
        bytes memory attestation = _postedByTwo(request, _effects(alice, AMOUNT), DEADLINE);
        bytes[12] memory bad = [
            bytes(hex"01"),
            hex"01000001",
            abi.encodePacked(_item(1, a), uint8(0)),
            // One that was made on chain is there already.
            _item(1, abi.encodePacked(uint8(2), group[0])),
            _item(1, abi.encodePacked(uint8(3), a)),
            // Twice, and behind what comes later.
            bytes.concat(_item(1, a), _item(1, a)),
            bytes.concat(attestation, _item(1, a)),
            bytes.concat(attestation, attestation),
            // Of an owner request.
            _twoAttestations(request, _effects(alice, AMOUNT)),
            _item(3, new bytes(74)),
            _item(3, abi.encodePacked(uint8(0), DEADLINE, bytes32(0), bytes32(0), uint16(2), uint8(1))),
            _item(3, abi.encodePacked(uint8(0), DEADLINE, bytes32(0), bytes32(0), uint16(1025), new bytes(1025)))
        ];
        for (uint256 i; i < bad.length; i++) {
            VM.expectRevert(IPolicyHook.MalformedMaterial.selector);
            _post(payment, bad[i]);
        }
        _failsForModule(payment, Reason.TooFewApprovals, 0, 2);
    }

    function test_neverKeepsAnythingForWhatIsNotOpen() public {
        _approving();
        bytes memory payload = _twoApprovals(request);
        bytes32 content = _content(_list(_pay(alice, AMOUNT + 1)));
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotOpened.selector, address(module), content));
        hook.post(address(safe), address(module), content, payload);
        content = _content(_list(payment));
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotOpened.selector, stranger, content));
        hook.post(address(safe), stranger, content, payload);
        VM.expectRevert(IPolicyHook.NotInstalled.selector);
        hook.post(stranger, address(module), content, payload);
    }

    function test_neverShortensADeadline() public {
        _approving();
        bytes memory later = _approvalBy(people[0], request, DEADLINE);
        bytes memory sooner = _approvalBy(people[0], request, uint64(START));
        _post(payment, _item(1, later));
        _post(payment, _item(1, sooner));
        VM.prank(group[1]);
        hook.approve(address(safe), request, program.codehash, DEADLINE);
        _post(payment, _item(1, _approvalBy(people[1], request, uint64(START))));
        VM.warp(DEADLINE);
        _passesForModule(payment);
    }

    function test_neverRevivesAnApprovalThatWasTakenBack() public {
        _approving();
        _post(payment, _twoApprovals(request));
        VM.prank(group[0]);
        hook.approve(address(safe), request, program.codehash, 0);
        _failsForModule(payment, Reason.TooFewApprovals, 1, 2);
        _post(payment, _twoApprovals(request));
        _failsForModule(payment, Reason.TooFewApprovals, 1, 2);
        VM.prank(group[0]);
        hook.approve(address(safe), request, program.codehash, DEADLINE);
        _passesForModule(payment);
    }

    function test_lengthensADeadline() public {
        _approving();
        VM.prank(group[0]);
        hook.approve(address(safe), request, program.codehash, uint64(START));
        _post(payment, _twoApprovals(request));
        VM.warp(DEADLINE);
        _passesForModule(payment);
    }

    function test_contractsApproveBySignature() public {
        _deployWithModule();
        address other = _safeOf(people[1], 7);
        Draft memory d = _beginForModules();
        address[] memory members = _members(group[0], other);
        d.askOf(ProgramBuilder.APPROVALS, d.list(members), abi.encodePacked(uint8(2), uint8(0)));
        _openUnder(d);
        bytes memory signature = _signedFor(other, people[1], abi.encode(_approval(request, DEADLINE)));
        bytes memory a = _approvalBy(people[0], request, DEADLINE);
        bytes memory b = _approvalOf(other, signature);
        bytes memory bad = _approvalOf(other, _sign(people[1], keccak256("another")));
        bool first = group[0] < other;
        _isBad(_item(1, first ? bytes.concat(a, bad) : bytes.concat(bad, a)), 1, first ? 1 : 0, 2);
        _post(payment, _item(1, first ? bytes.concat(a, b) : bytes.concat(b, a)));
        _passesForModule(payment);
    }

    function test_aRegistryHasNobodyWhoApproved() public {
        _deployWithModule();
        Draft memory d = _beginForModules();
        d.askOf(ProgramBuilder.APPROVALS, d.registry(address(forwarder)), abi.encodePacked(uint8(1), uint8(0)));
        _openUnder(d);
        _post(payment, _twoApprovals(request));
        _failsForModule(payment, Reason.TooFewApprovals, 0, 1);
    }

    // Attestations

    function test_neverPaysUnattested() public {
        _attesting();
        _failsForModule(payment, Reason.AttestationRequired, 0, 0);
        bytes32 effects = _effects(alice, AMOUNT);
        bytes32 digest = _attestation(request, effects, 0, "proposal", DEADLINE);
        bytes memory one = _posted(0, DEADLINE, effects, _entry(people[0], digest));
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.TooFewAttesters.selector, 0, 1, 2));
        _post(payment, one);
        _failsForModule(payment, Reason.AttestationRequired, 0, 0);

        _post(payment, _postedByTwo(request, effects, DEADLINE));
        VM.expectEmit(address(hook));
        emit IPolicyHook.Consumed(address(safe), address(module), request);
        VM.expectEmit(address(hook));
        emit IPolicyHook.Attested(address(safe), request, 0, "proposal");
        module.execute(safe, payment.to, payment.value, payment.data, payment.operation);
        assertEq(usdc.balanceOf(alice), AMOUNT, "alice");
        _failsForModule(payment, Reason.AttestationRequired, 0, 0);
    }

    function test_neverByAttestersWhoSignedOtherEffects() public {
        _attesting();
        bytes32 effects = _effects(alice, AMOUNT + 1);
        _post(payment, _postedByTwo(request, effects, DEADLINE));
        _failsForModule(payment, Reason.BadMaterial, 0, 5);
        // What counts takes its place.
        _post(payment, _postedByTwo(request, _effects(alice, AMOUNT), DEADLINE));
        _passesForModule(payment);
    }

    function test_neverByAttestersWhoSignedAnotherRequest() public {
        _attesting();
        bytes32 effects = _effects(alice, AMOUNT);
        bytes memory material = _postedByTwo(request, effects, DEADLINE);
        _post(payment, material);
        _passesForModule(payment);
        _openedByModule(payment);
        (bool ok,) = address(hook)
            .call(
                abi.encodeCall(IPolicyHook.post, (address(safe), address(module), _content(_list(payment)), material))
            );
        assertFalse(ok, "of the request before");
        _failsForModule(payment, Reason.AttestationRequired, 0, 0);
    }

    function test_neverPastTheAttestationsDeadline() public {
        _attesting();
        bytes memory material = _postedByTwo(request, _effects(alice, AMOUNT), DEADLINE);
        _post(payment, material);
        VM.warp(uint256(DEADLINE) + 1);
        _failsForModule(payment, Reason.BadMaterial, 0, 1);
        _isBad(material, 2, 0, 1);
        VM.warp(DEADLINE);
        _passesForModule(payment);
    }

    function test_anOlderAttestationNeverTakesTheNewersPlace() public {
        _attesting();
        bytes memory older = _postedByTwo(request, _effects(alice, AMOUNT + 1), DEADLINE - 1);
        _post(payment, _postedByTwo(request, _effects(alice, AMOUNT), DEADLINE));
        VM.prank(stranger);
        hook.post(address(safe), address(module), _content(_list(payment)), older);
        _passesForModule(payment);
    }

    function test_neverByStrangersOrOneAttesterTwice() public {
        _attesting();
        bytes32 effects = _effects(alice, AMOUNT);
        bytes32 digest = _attestation(request, effects, 0, "proposal", DEADLINE);
        bytes memory a = _entry(people[0], digest);
        _isBad(_posted(0, DEADLINE, effects, bytes.concat(a, a)), 2, 1, 3);
        uint256 key = uint256(keccak256("stranger"));
        bytes memory s = _entry(key, digest);
        bytes memory both = stranger > group[0] ? bytes.concat(a, s) : bytes.concat(s, a);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.TooFewAttesters.selector, 0, 1, 2));
        _post(payment, _posted(0, DEADLINE, effects, both));
        digest = _attestation(request, effects, 1, "proposal", DEADLINE);
        both = bytes.concat(_entry(people[0], digest), _entry(people[1], digest));
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.UnknownSet.selector, 1));
        _post(payment, _posted(1, DEADLINE, effects, both));
        _failsForModule(payment, Reason.AttestationRequired, 0, 0);
    }

    function test_aRegistryHasNoAttesters() public {
        _deployWithModule();
        Draft memory d = _beginForModules();
        d.attesters(d.registry(_deployCode(Misbehaving.returning(1, 32))), 1);
        d.ask(abi.encodePacked(ProgramBuilder.ATTESTATION, uint8(0)));
        _openUnder(d);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.TooFewAttesters.selector, 0, 0, 1));
        _post(payment, _postedByTwo(request, _effects(alice, AMOUNT), DEADLINE));
    }

    function test_aStatementIsKept_andNotUnderstood() public {
        _attesting();
        bytes memory statement = bytes("a statement longer than one word, so that it takes several");
        _postStatement(statement);
        _failsForModule(payment, Reason.MalformedMaterial, 0, 0);
        uint256 base = uint256(keccak256(abi.encode(safe, epoch, program.codehash, request, uint256(0), uint256(6))));
        assertEq(_word(base), uint256(DEADLINE) << 16 | statement.length, "deadline and length");
        assertEq(_word(base + 1), uint256(_effects(alice, AMOUNT)), "effects");
        assertEq(_word(base + 2), uint256(bytes32("proposal")), "proposal");
        assertEq(bytes.concat(bytes32(_word(base + 3)), bytes32(_word(base + 4))), _padded(statement), "statement");
    }

    /// @dev What a rule asks of what the chain cannot see is answered in an envelope, and modules bring none.
    function test_aPostedStatement_neverAnswersARule() public {
        _deployWithModule();
        Draft memory d = _beginForModules();
        d.attesters(d.list(group), 2);
        d.stated(0);
        _openUnder(d);
        _failsForModule(payment, Reason.AttestationRequired, 0, 0);
        _postStatement(hex"80");
        _failsForModule(payment, Reason.AttestationRequired, 0, 0);
    }

    function _postStatement(bytes memory statement) private {
        bytes32 effects = _effects(alice, AMOUNT);
        bytes32 digest = _attestation(request, effects, 0, statement, "proposal", DEADLINE);
        bytes memory entries = bytes.concat(_entry(people[0], digest), _entry(people[1], digest));
        bytes memory head = abi.encodePacked(uint8(0), DEADLINE, effects, bytes32("proposal"));
        _post(payment, _item(3, abi.encodePacked(head, uint16(statement.length), statement, entries)));
    }

    function _approving() private {
        _deployWithModule();
        Draft memory d = _beginForModules();
        d.askOf(ProgramBuilder.APPROVALS, d.list(group), abi.encodePacked(uint8(2), uint8(0)));
        _openUnder(d);
    }

    function _attesting() private {
        _deployWithModule();
        Draft memory d = _beginForModules();
        d.attesters(d.list(group), 2);
        d.ask(abi.encodePacked(ProgramBuilder.ATTESTATION, uint8(0)));
        _openUnder(d);
    }

    function _openUnder(Draft memory d) private {
        _forModules(d, _members(address(module)));
        _install(program, CHANGE_DELAY);
        payment = _pay(alice, AMOUNT);
        request = _openedByModule(payment);
    }

    function _isBad(bytes memory payload, uint256 kind, uint256 entry, uint256 why) private {
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.BadMaterial.selector, kind, entry, why));
        _post(payment, payload);
    }

    function _approvalOf(address signer, bytes memory signature) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), DEADLINE, signer, uint16(signature.length), signature);
    }

    function _word(uint256 slot) private view returns (uint256) {
        return uint256(VM.load(address(hook), bytes32(slot)));
    }

    function _padded(bytes memory data) private pure returns (bytes memory) {
        return bytes.concat(data, new bytes(64 - data.length));
    }
}
