// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {ModuleRequestTest} from "../base/ModuleRequestTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Who opens module requests, and what others can do about it.
contract OpeningsTest is ModuleRequestTest {
    Action private payment;

    function test_strangersNeverOpen() public {
        _setUp();
        Action[] memory actions = _list(payment);
        address[3] memory others = [stranger, group[0], canceller];
        for (uint256 i; i < others.length; i++) {
            VM.prank(others[i]);
            VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, others[i]));
            hook.open(address(safe), address(module), actions);
        }
        VM.prank(address(safe));
        VM.expectRevert(IPolicyHook.NotRequested.selector);
        hook.open(address(safe), address(module), actions);
        VM.expectRevert(IPolicyHook.NotInstalled.selector);
        hook.open(stranger, address(module), actions);
    }

    function test_ownersAnnouncersTheModuleAndTheAccountOpen() public {
        _setUp();
        Action[] memory actions = _list(payment);
        address[3] memory callers = [owners[0], announcer, address(module)];
        for (uint256 i; i < callers.length; i++) {
            bytes32 request = _name(address(module), actions, i + 1);
            VM.expectEmit(address(hook));
            emit IPolicyHook.Opened(address(safe), address(module), request, callers[i], uint64(i + 1), actions);
            VM.prank(callers[i]);
            assertEq(hook.open(address(safe), address(module), actions), request, "request");
            VM.warp(block.timestamp + EXPIRY);
        }
        _allowed(_openByAccount(actions));
        bytes32 word = VM.load(address(hook), _openingSlot(address(module), actions));
        assertEq(uint256(word), uint256(4) << 40 | block.timestamp, "serial and time");
        assertEq(uint256(VM.load(address(hook), bytes32(uint256(uint160(address(safe))) << 96 | 6))), 4, "serials");
    }

    function test_neverChangesWhatIsOpen() public {
        _setUp();
        bytes32 request = _openedByModule(payment);
        VM.warp(START + EXPIRY - 1);
        bytes memory wanted = abi.encodeWithSelector(IPolicyHook.AlreadyOpened.selector, request, START);
        VM.prank(owners[0]);
        VM.expectRevert(wanted);
        hook.open(address(safe), address(module), _list(payment));
        VM.expectRevert(wanted);
        module.open(hook, address(safe), _list(payment));
        VM.warp(START + EXPIRY);
        assertTrue(_openedByModule(payment) != request, "opened anew");
    }

    /// @dev Calldata that is not exact may have been forwarded by a Safe whose handler is the hook.
    function test_onlyExactCalldataOpens() public {
        _setUp();
        bytes memory call = abi.encodeCall(IPolicyHook.open, (address(safe), address(module), _list(payment)));
        _isNotExact(bytes.concat(call, abi.encodePacked(stranger)));
        _isNotExact(bytes.concat(call, new bytes(32)));
        bytes memory moved = bytes.concat(call, new bytes(32));
        // The list of actions begins a word later.
        moved[99] = bytes1(uint8(moved[99]) + 32);
        for (uint256 i = moved.length - 1; i >= 132; i--) {
            moved[i] = moved[i - 32];
        }
        _isNotExact(moved);
        VM.prank(owners[0]);
        (bool ok,) = address(hook).call(call);
        assertTrue(ok, "exact");
    }

    function test_ownOpeningsAreSelfService() public {
        _setUp();
        Action memory open = _openByAccount(_list(payment));
        Request memory byModule = _moduleRequest(address(module), _list(open));
        assertEq(uint256(hook.check(address(safe), byModule).reason), uint256(Reason.ControlDenied), "by a module");
        // About another account it is an ordinary call.
        bytes memory about = abi.encodeCall(IPolicyHook.open, (stranger, address(module), _list(payment)));
        _denied(_call(address(hook), about), Reason.NoRule);
        _allowed(open);
    }

    function test_nothingIsOpenedUnderAFreezeByTheAccount() public {
        _deployWithModule();
        program = _frozenBy();
        _install(program, CHANGE_DELAY);
        VM.prank(group[0]);
        hook.freeze(address(safe));
        _denied(_openByAccount(_list(_pay(alice, 1))), Reason.Frozen);
    }

    /// @dev Whoever is a module of nobody's opens what only that module could ask for.
    function test_spamNeitherDisplacesNorServesWhatIsOpen() public {
        _setUp();
        bytes32 request = _openedByModule(payment);
        VM.prank(stranger);
        bytes32 other = hook.open(address(safe), stranger, _list(payment));
        assertTrue(other != request, "another name");
        for (uint256 i; i < 2; i++) {
            VM.prank(group[i]);
            hook.approve(address(safe), other, program.codehash, DEADLINE);
        }
        _failsForModule(payment, Reason.TooFewApprovals, 0, 2);
        _post(payment, _twoApprovals(request));
        _passesForModule(payment);
    }

    function test_accountsNeverShareOpenings() public {
        _setUp();
        bytes32 request = _openedByModule(payment);
        ISafe first = safe;
        safe = ISafe(_safeOf(uint256(keccak256("another")), 9));
        assertTrue(_name(address(module), _list(payment), 1) != request, "another name");
        bytes32 slot = _openingSlot(address(module), _list(payment));
        assertEq(VM.load(address(hook), slot), 0, "not open");
        safe = first;
        assertTrue(VM.load(address(hook), _openingSlot(address(module), _list(payment))) != 0, "open");
    }

    function _setUp() private {
        _deployWithModule();
        _approvedModules(0, _members(address(module)));
        _install(program, CHANGE_DELAY);
        payment = _pay(alice, AMOUNT);
    }

    /// @dev The group are guardians.
    function _frozenBy() private returns (address) {
        _twoApprove(0);
        return program;
    }

    function _openByAccount(Action[] memory actions) private view returns (Action memory) {
        return _call(address(hook), abi.encodeCall(IPolicyHook.open, (address(safe), address(module), actions)));
    }

    function _isNotExact(bytes memory call) private {
        VM.prank(owners[0]);
        (bool ok, bytes memory returned) = address(hook).call(call);
        assertFalse(ok, "took it");
        assertEq(returned, abi.encodeWithSelector(IPolicyHook.NonCanonicalEntry.selector), "revert");
    }
}
