// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC165} from "../../contracts/interfaces/IERC165.sol";
import {IModuleGuard} from "../../contracts/interfaces/IModuleGuard.sol";
import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {ISafeProtocolHooks} from "../../contracts/interfaces/ISafeProtocol.sol";
import {ITransactionGuard} from "../../contracts/interfaces/ITransactionGuard.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request, SlotCall} from "../../contracts/types/Types.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice What cannot be done where there is nothing to do it to.
contract UnreadyTest is TreasuryTest {
    function table_nothingIsStagedOrCalledOffWhereNothingIsInstalled(Edition edition) public {
        _deploy(edition);
        program = _treasury();
        bytes memory missing = abi.encodeWithSelector(IPolicyHook.NotInstalled.selector);
        _fails(_ofHook(abi.encodeCall(IPolicyHook.stage, (program, program.codehash, CHANGE_DELAY))), missing);
        _fails(_ofHook(abi.encodeCall(IPolicyHook.stageSlots, (new SlotCall[](1)))), missing);
        _fails(
            _ofHook(abi.encodeCall(IPolicyHook.cancelStaged, ())),
            abi.encodeWithSelector(IPolicyHook.NotStaged.selector)
        );
    }

    function test_nobodyAnnouncesDeniesOrCancelsWhereNothingIsInstalled() public {
        _deploy(Edition.V150);
        Action[] memory actions = _list(_pay(alice, 1));
        VM.prank(owners[0]);
        VM.expectRevert(IPolicyHook.NotInstalled.selector);
        hook.announce(address(safe), address(0), actions);
        VM.expectRevert(IPolicyHook.NotInstalled.selector);
        hook.deny(address(safe), keccak256("request"), 1);
        VM.prank(canceller);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, canceller));
        hook.cancel(address(safe), keccak256("announcement"));
    }

    function table_theSecondCancellationOfAChangeFails(Edition edition) public installed(edition) {
        _allowed(_ofHook(abi.encodeCall(IPolicyHook.stage, (program, program.codehash, CHANGE_DELAY))));
        _allowed(_ofHook(abi.encodeCall(IPolicyHook.cancelStaged, ())));
        _fails(
            _ofHook(abi.encodeCall(IPolicyHook.cancelStaged, ())),
            abi.encodeWithSelector(IPolicyHook.NotStaged.selector)
        );
    }

    function table_aRequestThatDoesNothingIsDenied(Edition edition) public installed(edition) {
        Request memory nothing;
        nothing.initiator = address(this);
        assertEq(uint256(hook.check(address(safe), nothing).reason), uint256(Reason.MalformedBatch), "by owners");
        nothing.origin = nothing.initiator = stranger;
        assertEq(uint256(hook.check(address(safe), nothing).reason), uint256(Reason.MalformedBatch), "by a module");
    }

    function test_theHookSupportsWhatItImplementsAndNothingElse() public {
        _deploy(Edition.V150);
        IERC165 asked = IERC165(address(hook));
        assertTrue(asked.supportsInterface(type(ITransactionGuard).interfaceId), "transaction guard");
        assertTrue(asked.supportsInterface(type(IModuleGuard).interfaceId), "module guard");
        assertTrue(asked.supportsInterface(type(ISafeProtocolHooks).interfaceId), "hooks");
        assertTrue(asked.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        assertFalse(asked.supportsInterface(0xffffffff), "none");
    }

    function test_theHookAnswersNothingElse() public {
        _deploy(Edition.V150);
        (bool ok, bytes memory returned) = address(hook).call(hex"deadbeef");
        assertFalse(ok, "another function");
        assertEq(returned, "", "no reason");
        (ok,) = address(hook).call("");
        assertFalse(ok, "no function");
        (ok,) = address(hook).call{value: 1}("");
        assertFalse(ok, "ether");
    }

    function _ofHook(bytes memory data) private view returns (Action memory) {
        return _call(address(hook), data);
    }
}
