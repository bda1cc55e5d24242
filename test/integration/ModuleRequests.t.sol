// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, SlotCall} from "../../contracts/types/Types.sol";
import {Module} from "../base/Actors.sol";
import {ModuleRequestTest} from "../base/ModuleRequestTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {VM} from "../base/Vm.sol";

/// @notice Approvals of what a module asks for, on a real Safe 1.5.0 with a real module.
contract ModuleRequestsTest is ModuleRequestTest {
    using ProgramBuilder for Draft;

    uint24 private list;
    Module private second;

    function test_neverPaysBeforeItIsOpenedAndApproved() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
        bytes32 request = _openedByModule(a);
        assertEq(request, _name(address(module), _list(a), 1), "the name");
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
        _approve(group[0], request);
        _failsForModule(a, Reason.TooFewApprovals, 1, 2);
        assertEq(usdc.balanceOf(alice), 0, "alice");

        _approve(group[2], request);
        _passesForModule(a);
    }

    function test_neverServesASecondRequest() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _approved(a);
        _passesForModule(a);
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
        assertEq(VM.load(address(hook), _openingSlot(address(module), _list(a))), 0, "consumed");

        // The next of the same content has another name, so nobody has approved it.
        bytes32 next = _openedByModule(a);
        assertEq(next, _name(address(module), _list(a), 2), "another name");
        assertTrue(next != request, "another name");
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
    }

    function test_neverServesAnotherContentModuleOrOrigin() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        _approved(a);
        _failsForModule(_pay(alice, AMOUNT + 1), Reason.TooFewApprovals, 0, 2);
        _failsForModule(_batch(_list(a)), Reason.TooFewApprovals, 0, 2);
        _failsFor(second, a, Reason.TooFewApprovals, 0, 2);
        _passesForModule(a);
    }

    function test_neverServesAnotherModulesOpening() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _approved(a);
        bytes32 other = second.open(hook, address(safe), _list(a));
        assertTrue(other != request, "each has its own");
        _failsFor(second, a, Reason.TooFewApprovals, 0, 2);
        // Material for the one is no material for the other.
        bytes memory payload = _twoApprovals(request);
        // A signature of something else is somebody's: nobody's of the group.
        try hook.post(address(safe), address(second), _content(_list(a)), payload) {} catch {}
        _failsFor(second, a, Reason.TooFewApprovals, 0, 2);
    }

    function test_neverCountsTheModuleItself_norStrangers() public {
        _deployWithModule();
        address member = address(module);
        address[] memory members = _ascending(member, group[0], stranger);
        Draft memory d = _beginForModules();
        d.askOf(ProgramBuilder.APPROVALS, d.list(members), abi.encodePacked(uint8(2), uint8(0)));
        _forModules(d, _members(member));
        _install(program, CHANGE_DELAY);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _openedByModule(a);
        _approve(member, request);
        _approve(group[0], request);
        _approve(group[1], request);
        _failsForModule(a, Reason.TooFewApprovals, 1, 2);
        _approve(stranger, request);
        _passesForModule(a);
    }

    function test_theModuleCountsWhereTheGroupSaysSo() public {
        _deployWithModule();
        Draft memory d = _beginForModules();
        d.askOf(
            ProgramBuilder.APPROVALS,
            d.list(_ascending(address(module), group[0], group[1])),
            abi.encodePacked(uint8(2), uint8(1))
        );
        _forModules(d, _members(address(module)));
        _install(program, CHANGE_DELAY);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _openedByModule(a);
        _approve(address(module), request);
        _approve(group[0], request);
        _passesForModule(a);
    }

    function test_neverAfterADenial() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _approved(a);
        VM.prank(group[2]);
        hook.deny(address(safe), request, list);
        _failsForModule(a, Reason.ApprovalDenied, list, 0);
        // Nor is there another one of the same content while it is open.
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.AlreadyOpened.selector, request, START));
        module.open(hook, address(safe), _list(a));
    }

    function test_neverPastADeadline() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        _approved(a);
        VM.warp(uint256(DEADLINE) + 1);
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
        VM.warp(DEADLINE);
        _passesForModule(a);
    }

    function test_neverOnceTheOpeningHasExpired() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _openedByModule(a);
        for (uint256 i; i < 2; i++) {
            VM.prank(group[i]);
            hook.approve(address(safe), request, program.codehash, type(uint64).max);
        }
        VM.warp(START + EXPIRY);
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
        bytes32 content = _content(_list(a));
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotOpened.selector, address(module), content));
        hook.post(address(safe), address(module), content, "");
        assertTrue(_openedByModule(a) != request, "opened anew, under another name");
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
    }

    function test_passesUntilTheLastSecondOfTheOpening() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _openedByModule(a);
        for (uint256 i; i < 2; i++) {
            VM.prank(group[i]);
            hook.approve(address(safe), request, program.codehash, type(uint64).max);
        }
        VM.warp(START + EXPIRY - 1);
        _passesForModule(a);
    }

    function test_neverUnderAnotherProgram() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _approved(a);
        address before = program;
        Draft memory d = _beginForModules();
        d.askOf(ProgramBuilder.APPROVALS, d.list(group), abi.encodePacked(uint8(2), uint8(1)));
        _forModules(d, _members(address(module), address(second)));
        assertTrue(program.codehash != before.codehash, "another version");
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stage, (program, program.codehash, CHANGE_DELAY))));
        VM.warp(START + CHANGE_DELAY);
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (program))));
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
        // It is still open, for the members to look at again.
        for (uint256 i; i < 2; i++) {
            VM.prank(group[i]);
            hook.approve(address(safe), request, program.codehash, uint64(block.timestamp));
        }
        _passesForModule(a);
    }

    function test_neverAfterARemoval() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        bytes32 request = _openedByModule(a);
        for (uint256 i; i < 2; i++) {
            VM.prank(group[i]);
            hook.approve(address(safe), request, program.codehash, type(uint64).max);
        }
        _removeAndInstallAgain();
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
        epoch = 1;
        bytes32 next = _openedByModule(a);
        assertEq(next, _name(address(module), _list(a), 2), "serials go on");
        _failsForModule(a, Reason.TooFewApprovals, 0, 2);
    }

    function test_aFailedExecutionUsesNothingUp() public {
        _setUp(0);
        Action memory a = _pay(alice, AMOUNT);
        _approved(a);
        bytes32 slot = _openingSlot(address(module), _list(a));
        bytes32 word = VM.load(address(hook), slot);
        VM.prank(address(safe));
        usdc.transfer(stranger, FUNDS);
        VM.expectRevert(IPolicyHook.ExecutionFailed.selector);
        module.execute(safe, a.to, a.value, a.data, a.operation);
        assertEq(VM.load(address(hook), slot), word, "still open");
        VM.prank(stranger);
        usdc.transfer(address(safe), FUNDS);
        _passesForModule(a);
    }

    function test_whatAsksForNothingUsesNothingUp() public {
        _setUp(0);
        Action memory a = _pay(bob, 1);
        _openedByModule(a);
        bytes32 slot = _openingSlot(address(module), _list(a));
        bytes32 word = VM.load(address(hook), slot);
        assertTrue(word != 0, "open");
        module.execute(safe, a.to, a.value, a.data, a.operation);
        assertEq(VM.load(address(hook), slot), word, "still open");
        // And the owners pay as ever: theirs is another origin.
        _allowed(_pay(alice, AMOUNT));
        assertEq(VM.load(address(hook), slot), word, "still open");
    }

    function test_batchesAreOpenedAsTheyAreExecuted() public {
        _setUp(0);
        Action memory a = _batch(_list(_pay(bob, 1), _pay(alice, AMOUNT)));
        _approved(a);
        _failsForModule(_batch(_list(_pay(alice, AMOUNT), _pay(bob, 1))), Reason.TooFewApprovals, 0, 2);
        _passesForModule(a);
    }

    function test_namedSignersAreNeverThere() public {
        _deployWithModule();
        Draft memory d = _beginForModules();
        d.ask(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(1)));
        _forModules(d, _members(address(module)));
        _install(program, CHANGE_DELAY);
        Action memory a = _pay(alice, AMOUNT);
        _openedByModule(a);
        _failsForModule(a, Reason.TooFewSignatures, 0, 2);
    }

    function _setUp(uint8 flags) private {
        _deployWithModule();
        second = _newModule();
        Draft memory d = _approvedModules(flags, _members(address(module), address(second)));
        list = d.offsetOf(d.list(group));
        _install(program, CHANGE_DELAY);
    }

    function _removeAndInstallAgain() private {
        (Action memory removal, SlotCall[] memory staged) = _removal();
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (staged))));
        VM.warp(START + CHANGE_DELAY);
        _execute(removal);
        assertEq(hook.accountState(address(safe)).program, address(0), "removed");
        _install(program, CHANGE_DELAY);
    }

    /// @dev Opened, and approved by two.
    function _approved(Action memory a) private returns (bytes32 request) {
        request = _openedByModule(a);
        _approve(group[0], request);
        _approve(group[1], request);
    }

    function _approve(address who, bytes32 request) private {
        VM.prank(who);
        hook.approve(address(safe), request, program.codehash, DEADLINE);
    }
}
