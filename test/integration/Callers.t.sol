// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {AccountState, Action, SlotCall} from "../../contracts/types/Types.sol";
import {HANDLER_SLOT} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Who may speak for an account: itself, in a request that the hook has seen.
contract CallersTest is TreasuryTest {
    function table_strangersChangeNothingOfTheAccounts(Edition edition) public installed(edition) {
        bytes32 before = _state();
        bytes[] memory calls = _accountOnly();
        for (uint256 i; i < calls.length; i++) {
            VM.prank(stranger);
            (bool ok,) = address(hook).call(calls[i]);
            assertFalse(ok, "a stranger's call");
            assertEq(_state(), before, "INV-4");
        }
    }

    function table_theAccountItselfIsRefused_whereNoRequestContainedTheCall(Edition edition) public installed(edition) {
        bytes32 before = _state();
        bytes[] memory calls = _accountOnly();
        // The first is `install`, which finds a program.
        for (uint256 i = 1; i < calls.length; i++) {
            VM.prank(address(safe));
            (bool ok, bytes memory returned) = address(hook).call(calls[i]);
            assertFalse(ok, "not requested");
            assertEq(returned, abi.encodeWithSelector(IPolicyHook.NotRequested.selector), "why");
            assertEq(_state(), before, "INV-4");
        }
    }

    function table_aRequestedCallServesOnce(Edition edition) public installed(edition) {
        bytes memory stage = abi.encodeCall(IPolicyHook.stage, (program, program.codehash, CHANGE_DELAY));
        _allowed(_call(address(hook), stage));
        VM.warp(START + 1 hours);
        VM.prank(address(safe));
        (bool ok, bytes memory returned) = address(hook).call(stage);
        assertFalse(ok, "again");
        assertEq(returned, abi.encodeWithSelector(IPolicyHook.NotRequested.selector), "why");
        assertEq(hook.accountState(address(safe)).stagedAt, START, "staged when it was requested");
    }

    function table_aHandlerThatIsTheHookSpeaksForNobody(Edition edition) public installed(edition) {
        // No request can set it; were it set all the same, a stranger's call to the Safe would reach the hook.
        VM.store(address(safe), HANDLER_SLOT, bytes32(uint256(uint160(address(hook)))));
        bytes32 before = _state();
        bytes[] memory calls = _accountOnly();
        for (uint256 i = 1; i < calls.length; i++) {
            VM.prank(stranger);
            (bool ok, bytes memory returned) = address(safe).call(calls[i]);
            assertFalse(ok, "through the handler");
            // A Safe appends its caller to what it forwards, which exact calldata already tells.
            bytes4 why = bytes4(returned);
            assertTrue(
                why == IPolicyHook.HandlerIsHook.selector || why == IPolicyHook.NonCanonicalEntry.selector, "why"
            );
            assertEq(_state(), before, "INV-4");
        }
        VM.prank(stranger);
        (bool installed_,) = address(safe).call(calls[0]);
        assertFalse(installed_, "install through the handler");
    }

    function table_strangersCallingTheEntriesBurnNobodysLimit(Edition edition) public installed(edition) {
        Action memory a = _pay(alice, MOST);
        for (uint256 i; i < 4; i++) {
            VM.prank(stranger);
            (bool ok,) = address(hook)
                .call(
                    abi.encodeWithSignature(
                        "checkTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes,address)",
                        a.to,
                        0,
                        a.data,
                        0,
                        0,
                        0,
                        0,
                        address(0),
                        address(0),
                        "",
                        stranger
                    )
                );
            assertFalse(ok, "a stranger has no program");
        }
        _allowed(_batch(_list(a, a, a)));
    }

    function table_callsToTheHookAboutAnotherAccountNeedARule(Edition edition) public installed(edition) {
        Action[] memory actions = _list(_pay(vendor, 1));
        _denied(
            _call(address(hook), abi.encodeCall(IPolicyHook.announce, (stranger, address(0), actions))), Reason.NoRule
        );
        _denied(_call(address(hook), abi.encodeCall(IPolicyHook.cancel, (stranger, bytes32(0)))), Reason.NoRule);
    }

    function table_theEntriesAreNeverCalledByRequest(Edition edition) public installed(edition) {
        _denied(
            _call(address(hook), abi.encodeWithSignature("checkAfterExecution(bytes32,bool)", bytes32(0), true)),
            Reason.ControlDenied
        );
        _denied(_call(address(hook), abi.encodePacked(bytes4(0x176ae7b7))), Reason.ControlDenied);
        _denied(_call(address(hook), abi.encodePacked(bytes4(0x7359b742))), Reason.ControlDenied);
        _denied(_call(address(hook), abi.encodePacked(bytes4(0xf44d4ca3))), Reason.ControlDenied);
        _denied(_call(address(hook), abi.encodePacked(bytes4(0x75f0bb52))), Reason.ControlDenied);
        _denied(_call(address(hook), abi.encodePacked(bytes4(0x728c2972))), Reason.ControlDenied);
        _denied(_call(address(hook), abi.encodePacked(bytes4(0x2acc37aa))), Reason.ControlDenied);
    }

    /// @dev No allowed request gets there with `false` on the guard route, for a Safe reverts before.
    function test_theEntriesRefuseAnExecutionThatFailed() public installed(Edition.V150) {
        bytes[3] memory calls = [
            abi.encodeWithSignature("checkAfterExecution(bytes32,bool)", bytes32(0), false),
            abi.encodeWithSignature("checkAfterModuleExecution(bytes32,bool)", bytes32(0), false),
            abi.encodeWithSignature("postCheck(address,bool,bytes)", safe, false, "")
        ];
        for (uint256 i; i < 3; i++) {
            VM.prank(address(safe));
            (bool ok, bytes memory returned) = address(hook).call(calls[i]);
            assertFalse(ok, "INV-3");
            assertEq(returned, abi.encodeWithSelector(IPolicyHook.ExecutionFailed.selector), "why");
        }
    }

    function table_controlNeedsExactCalldataAndNoValue(Edition edition) public installed(edition) {
        Action memory a = _call(address(hook), abi.encodeCall(IPolicyHook.cancelStaged, ()));
        a.value = 1;
        _denied(a, Reason.ControlDenied);
        a.value = 0;
        a.data = bytes.concat(a.data, hex"00");
        _denied(a, Reason.NonCanonicalCalldata);
        a.data = abi.encodePacked(IPolicyHook.activate.selector, uint256(uint160(program)) | (1 << 160));
        _denied(a, Reason.NonCanonicalCalldata);
    }

    /// @dev `install` first; the rest finds the account installed.
    function _accountOnly() private view returns (bytes[] memory calls) {
        calls = new bytes[](7);
        Action[] memory actions = _list(_pay(vendor, 1));
        calls[0] = abi.encodeCall(
            IPolicyHook.install, (program, program.codehash, CHANGE_DELAY, address(0), new address[](0))
        );
        calls[1] = abi.encodeCall(IPolicyHook.stage, (program, program.codehash, 0));
        calls[2] = abi.encodeCall(IPolicyHook.stageSlots, (new SlotCall[](0)));
        calls[3] = abi.encodeCall(IPolicyHook.cancelStaged, ());
        calls[4] = abi.encodeCall(IPolicyHook.activate, (program));
        calls[5] = abi.encodeCall(IPolicyHook.announce, (address(safe), address(0), actions));
        calls[6] = abi.encodeCall(IPolicyHook.cancel, (address(safe), bytes32(0)));
    }

    function _state() private view returns (bytes32) {
        AccountState memory state = hook.accountState(address(safe));
        bytes32 id = hook.announcementId(address(safe), address(0), _list(_pay(vendor, 1)));
        return keccak256(abi.encode(state, hook.announcedAt(id)));
    }
}
