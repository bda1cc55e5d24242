// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request, SlotCall, Verdict} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Misbehaving} from "../base/Misbehaving.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

contract ApprovalsTest is ObligationTest {
    using ProgramBuilder for Draft;

    uint24 private list;

    modifier approving(Edition edition, uint8 flags) {
        _deploy(edition);
        Draft memory d = _twoApprove(flags);
        list = d.offsetOf(d.list(group));
        _install(program, CHANGE_DELAY);
        _;
    }

    function table_neverPaysWithoutApprovals(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        _fails(t, _signatures(request), Reason.TooFewApprovals, 0, 2);
        _fails(t, _with(request, ""), Reason.TooFewApprovals, 0, 2);
        bytes memory one = _item(1, _approvalBy(people[0], request, DEADLINE));
        _fails(t, _with(request, one), Reason.TooFewApprovals, 1, 2);
        assertEq(usdc.balanceOf(alice), 0, "alice");

        _passes(t, _with(request, _twoApprovals(request)));
    }

    function table_neverCountsOnePersonTwice(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory a = _approvalBy(people[0], request, DEADLINE);
        bytes memory again = _approvalBy(people[0], request, DEADLINE + 1);
        bytes memory b = _approvalBy(people[1], request, DEADLINE);
        _fails(t, _with(request, _item(1, bytes.concat(a, a))), Reason.BadMaterial, 1, 3);
        _fails(t, _with(request, _item(1, bytes.concat(a, again))), Reason.BadMaterial, 1, 3);
        _fails(t, _with(request, _item(1, bytes.concat(b, a))), Reason.BadMaterial, 1, 3);
        VM.prank(group[0]);
        hook.approve(address(safe), request, program.codehash, DEADLINE);
        bytes memory onChain = abi.encodePacked(uint8(2), group[0]);
        _fails(t, _with(request, _item(1, bytes.concat(a, onChain))), Reason.BadMaterial, 1, 3);
        _fails(t, _with(request, _item(1, bytes.concat(onChain, a))), Reason.BadMaterial, 1, 3);
        _fails(t, _with(request, _item(1, onChain)), Reason.TooFewApprovals, 1, 2);
    }

    function table_neverCountsAStranger(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        uint256 key = uint256(keccak256("stranger"));
        bytes memory a = _approvalBy(people[0], request, DEADLINE);
        bytes memory b = _approvalBy(key, request, DEADLINE);
        bytes memory both = stranger > group[0] ? bytes.concat(a, b) : bytes.concat(b, a);
        _fails(t, _with(request, _item(1, both)), Reason.TooFewApprovals, 1, 2);
        VM.prank(stranger);
        hook.approve(address(safe), request, program.codehash, DEADLINE);
        _fails(t, _signatures(request), Reason.TooFewApprovals, 0, 2);
    }

    function table_neverTakesTheTwinOfASignature(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory a = _approvalBy(people[0], request, DEADLINE);
        bytes memory signature = _sign(people[1], _approval(request, DEADLINE));
        bytes memory head = abi.encodePacked(uint8(0), DEADLINE);
        _fails(t, _with(request, _item(1, bytes.concat(a, head, _twin(signature)))), Reason.BadMaterial, 1, 2);
        signature[64] = bytes1(uint8(signature[64]) - 27);
        _fails(t, _with(request, _item(1, bytes.concat(a, head, signature))), Reason.BadMaterial, 1, 2);
        _fails(t, _with(request, _item(1, bytes.concat(a, head, new bytes(65)))), Reason.BadMaterial, 1, 2);
    }

    function table_neverTakesAnApprovalPastItsDeadline(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory material = _with(request, _twoApprovals(request));
        VM.warp(uint256(DEADLINE) + 1);
        _fails(t, material, Reason.BadMaterial, 0, 1);
        VM.warp(DEADLINE);
        _passes(t, material);
    }

    function table_neverTakesAnApprovalOnChainPastItsDeadline(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        for (uint256 i; i < 2; i++) {
            VM.prank(group[i]);
            hook.approve(address(safe), request, program.codehash, DEADLINE);
        }
        VM.warp(uint256(DEADLINE) + 1);
        _fails(t, _signatures(request), Reason.TooFewApprovals, 0, 2);
        bytes memory named = _item(1, abi.encodePacked(uint8(2), group[0], uint8(2), group[1]));
        _fails(t, _with(request, named), Reason.BadMaterial, 0, 4);
        VM.warp(DEADLINE);
        VM.prank(group[1]);
        hook.approve(address(safe), request, program.codehash, 0);
        _fails(t, _signatures(request), Reason.TooFewApprovals, 1, 2);
        _fails(t, _with(request, named), Reason.BadMaterial, 1, 4);
        VM.prank(group[1]);
        hook.approve(address(safe), request, program.codehash, DEADLINE);
        _passes(t, _with(request, named));
    }

    function table_paysWithApprovalsOnChainAlone(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        for (uint256 i; i < 2; i++) {
            VM.prank(group[i]);
            VM.expectEmit(address(hook));
            emit IPolicyHook.Approved(address(safe), request, group[i], program.codehash, DEADLINE);
            hook.approve(address(safe), request, program.codehash, DEADLINE);
        }
        _passes(t, _signatures(request));
    }

    function table_neverTakesMaterialOfAnotherForm(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory good = _twoApprovals(request);
        bytes memory entries = bytes.concat(_approvalBy(people[0], request, DEADLINE));
        bytes[9] memory bad = [
            bytes.concat(good, hex"00"),
            bytes.concat(good, good),
            bytes.concat(_attested(0, DEADLINE, ""), good),
            bytes.concat(_attested(1, DEADLINE, ""), _attested(0, DEADLINE, "")),
            bytes.concat(_attested(0, DEADLINE, ""), _attested(0, DEADLINE, "")),
            _item(3, ""),
            _item(1, bytes.concat(entries, hex"0300")),
            _item(2, abi.encodePacked(uint8(0), DEADLINE, bytes32(0), uint16(0), uint8(2), group[0])),
            abi.encodePacked(uint8(1), uint24(entries.length + 1), entries)
        ];
        for (uint256 i; i < bad.length; i++) {
            _fails(t, _with(request, bad[i]), Reason.MalformedMaterial, 0, 0);
        }
        // Every way of cutting it short.
        for (uint256 cut = 1; cut < good.length; cut += 7) {
            bytes memory short = new bytes(good.length - cut);
            for (uint256 i; i < short.length; i++) {
                short[i] = good[i];
            }
            _fails(t, _with(request, short), Reason.MalformedMaterial, 0, 0);
        }
        _passes(t, _with(request, good));
    }

    function table_neverTakesAnEnvelopeThatIsLongerThanWhatItIsIn(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory signatures = bytes.concat(_signatures(request), _twoApprovals(request));
        bytes32 typeHash = keccak256("PortcullisMaterial(bytes payload)");
        bytes memory tail = abi.encodePacked(signatures.length + 1, typeHash);
        _fails(t, bytes.concat(signatures, tail), Reason.MalformedMaterial, 0, 0);
        tail = abi.encodePacked(type(uint256).max, typeHash);
        _fails(t, bytes.concat(signatures, tail), Reason.MalformedMaterial, 0, 0);
        // The owner signatures are no payload.
        tail = abi.encodePacked(signatures.length, typeHash);
        _fails(t, bytes.concat(signatures, tail), Reason.MalformedMaterial, 0, 0);
        // Without the last word there is no envelope.
        tail = abi.encodePacked(signatures.length - 130, typeHash ^ bytes32(uint256(1)));
        _fails(t, bytes.concat(signatures, tail), Reason.TooFewApprovals, 0, 2);
    }

    function table_aMembersDenialEndsTheRequest(Edition edition) public approving(edition, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, stranger));
        hook.deny(address(safe), request, list);

        VM.prank(group[2]);
        VM.expectEmit(address(hook));
        emit IPolicyHook.ApprovalDenied(address(safe), request, group[2], list);
        hook.deny(address(safe), request, list);
        _fails(t, _with(request, _twoApprovals(request)), Reason.ApprovalDenied, list, 0);
        VM.warp(block.timestamp + 30 minutes);
        _fails(t, _with(request, _twoApprovals(request)), Reason.ApprovalDenied, list, 0);

        // Another nonce is another request.
        _execute(_pay(bob, 1));
        (t, request) = _payment();
        _passes(t, _with(request, _twoApprovals(request)));
    }

    function table_theInitiatorCountsOnlyIfTheGroupSaysSo(Edition edition) public on(edition) {
        group[2] = address(this);
        group = _ascending(group[0], group[1], group[2]);
        for (uint8 flags; flags < 2; flags++) {
            _twoApprove(flags);
            if (flags == 0) _install(program, 0);
            else _change();
            (SafeTx memory t, bytes32 request) = _payment();
            hook.approve(address(safe), request, program.codehash, type(uint64).max);
            uint256 other = group[0] == address(this) ? 1 : 0;
            VM.prank(group[other]);
            hook.approve(address(safe), request, program.codehash, type(uint64).max);
            if (flags == 0) _fails(t, _signatures(request), Reason.TooFewApprovals, 1, 2);
            else _passes(t, _signatures(request));
        }
    }

    function table_ownersWhoSignedCountOnlyIfTheGroupSaysSo(Edition edition) public on(edition) {
        address third = group[0];
        group = _ascending(owners[0], owners[2], third);
        for (uint8 flags; flags < 3; flags += 2) {
            _twoApprove(flags);
            if (flags == 0) _install(program, 0);
            else _change();
            (SafeTx memory t, bytes32 request) = _payment();
            for (uint256 i; i < 2; i++) {
                VM.prank(i == 0 ? owners[0] : third);
                hook.approve(address(safe), request, program.codehash, type(uint64).max);
            }
            if (flags == 0) {
                _fails(t, _signatures(request), Reason.TooFewApprovals, 1, 2);
                // An owner who did not sign is a member like any other.
                VM.prank(owners[2]);
                hook.approve(address(safe), request, program.codehash, type(uint64).max);
            }
            _passes(t, _signatures(request));
        }
    }

    function table_aSafeApproves(Edition edition) public on(edition) {
        address member = _safeOf(people[0], 1);
        group = _members(member, group[1]);
        _twoApprove(0);
        _install(program, CHANGE_DELAY);
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory message = abi.encode(_approval(request, DEADLINE));
        bytes memory signature = _signedFor(member, people[0], message);
        bytes memory a = abi.encodePacked(uint8(1), DEADLINE, member, uint16(signature.length), signature);
        bytes memory b = _approvalBy(people[1], request, DEADLINE);
        bool first = member < VM.addr(people[1]);
        bytes memory wrong = _signedFor(member, people[1], message);
        bytes memory c = abi.encodePacked(uint8(1), DEADLINE, member, uint16(wrong.length), wrong);
        uint256 index = first ? 0 : 1;
        _fails(
            t, _with(request, _item(1, first ? bytes.concat(c, b) : bytes.concat(b, c))), Reason.BadMaterial, index, 2
        );
        _passes(t, _with(request, _item(1, first ? bytes.concat(a, b) : bytes.concat(b, a))));
    }

    function test_aContractThatMisbehavesNeverApproves() public approving(Edition.V150, 0) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes32 magic = bytes32(bytes4(0x1626ba7e));
        bytes[7] memory codes = [
            Misbehaving.returning(uint256(magic), 31),
            Misbehaving.returning(uint256(magic), 64),
            Misbehaving.returning(uint256(magic) | 1, 32),
            Misbehaving.returning(0x1626ba7e, 32),
            Misbehaving.reverting(uint256(magic)),
            Misbehaving.looping(),
            Misbehaving.writing()
        ];
        address member = group[0];
        bytes memory a = abi.encodePacked(uint8(1), DEADLINE, member, uint16(0));
        bytes memory both = bytes.concat(a, _approvalBy(people[1], request, DEADLINE));
        for (uint256 i; i < codes.length; i++) {
            VM.etch(member, codes[i]);
            _fails(t, _with(request, _item(1, both)), Reason.BadMaterial, 0, 2);
        }
        VM.etch(member, "");
        _fails(t, _with(request, _item(1, both)), Reason.BadMaterial, 0, 2);
        VM.etch(member, Misbehaving.returning(uint256(magic), 32));
        _passes(t, _with(request, _item(1, both)));
    }

    function table_approvingAndDenyingTakeExactCalldata(Edition edition) public approving(edition, 0) {
        (, bytes32 request) = _payment();
        bytes[3] memory calls = [
            abi.encodeCall(IPolicyHook.approve, (address(safe), request, program.codehash, DEADLINE)),
            abi.encodeCall(IPolicyHook.deny, (address(safe), request, list)),
            abi.encodeCall(IPolicyHook.freeze, (address(safe)))
        ];
        for (uint256 i; i < 3; i++) {
            VM.prank(group[0]);
            // As a Safe's fallback forwards it.
            (bool ok, bytes memory returned) = address(hook).call(abi.encodePacked(calls[i], stranger));
            assertFalse(ok, "forwarded");
            assertEq(returned, abi.encodeWithSelector(IPolicyHook.NonCanonicalEntry.selector), "forwarded");
        }
        VM.prank(group[0]);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.DeadlinePassed.selector, uint64(START - 1)));
        hook.approve(address(safe), request, program.codehash, uint64(START - 1));
    }

    function table_theAccountApprovesAndDeniesUnderAnyProgram(Edition edition) public approving(edition, 0) {
        (, bytes32 request) = _payment();
        bytes memory call_ = abi.encodeCall(IPolicyHook.approve, (address(safe), request, program.codehash, DEADLINE));
        _allowed(_call(address(hook), call_));
        _denied(_call(address(hook), bytes.concat(call_, hex"00")), Reason.NonCanonicalCalldata);
        _denied(
            _call(address(hook), abi.encodeCall(IPolicyHook.approve, (alice, request, program.codehash, DEADLINE))),
            Reason.NoRule
        );
        VM.prank(address(safe));
        VM.expectRevert(IPolicyHook.NotRequested.selector);
        hook.approve(address(safe), request, program.codehash, DEADLINE);
        // No member of the list: it may ask, and is refused.
        bytes memory denial = abi.encodeCall(IPolicyHook.deny, (address(safe), request, list));
        assertEq(uint256(_check(_call(address(hook), denial)).reason), uint256(Reason.Allowed), "check");
        _fails(_call(address(hook), denial), abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, safe));
    }

    /// @dev Activates the program at once, which the change delay of zero allows.
    function _change() private {
        bytes memory stage = abi.encodeCall(IPolicyHook.stage, (program, program.codehash, 0));
        _execute(_call(address(hook), stage));
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (program))));
    }
}
