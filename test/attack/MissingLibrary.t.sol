// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Action, Request} from "../../contracts/types/Types.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice The committed hook on a chain that lacks the libraries that it is linked with. A delegatecall to nothing
/// succeeds, which must never pass for an answer.
contract MissingLibraryTest is TreasuryTest {
    using ProgramBuilder for Draft;

    /// @dev In {Safes.committedHook}.
    uint256 private constant SERVICES = 8;
    uint256 private constant NONE = type(uint256).max;

    function table_withoutTheLibrariesNothingIsInstalled(Edition edition) public on(edition) {
        address lifecycle = _strip(NONE)[2];
        program = _treasury();
        _fails(_installation(program, CHANGE_DELAY, new address[](0)), "");
        // The account's word 0.
        bytes32 control = VM.load(address(hook), bytes32(uint256(uint160(address(safe))) << 96));
        assertEq(control, bytes32(0), "installed");

        address[] memory none = new address[](0);
        VM.prank(address(safe));
        VM.expectRevert(bytes(""));
        hook.install(program, program.codehash, CHANGE_DELAY, address(0), none);
        assertEq(lifecycle.code.length, 0, "library");
    }

    function table_withoutTheLibrariesNothingIsAnnounced(Edition edition) public on(edition) {
        address notices = _strip(SERVICES)[4];
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotLinked.selector, notices));
        hook.announce(address(safe), address(0), new Action[](0));
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotLinked.selector, notices));
        hook.cancel(address(safe), 0);
    }

    function table_withoutTheLibrariesConditionsAndTokensGiveNoVerdict(Edition edition) public on(edition) {
        (address deployed, address[12] memory libraries) = Safes.committedHook();
        hook = IPolicyHook(deployed);
        Draft memory d;
        d.declare(address(usdc));
        d.declare(address(forwarder), ProgramBuilder.ERC721);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        // Of kind transfer.
        d.when(hex"0a04");
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        _allowed(_pay(alice, 1));

        VM.etch(libraries[6], "");
        VM.etch(libraries[10], "");
        _givesNoVerdict(_pay(alice, 1));
        _givesNoVerdict(_call(address(forwarder), abi.encodeCall(usdc.approve, (alice, 1))));
        assertEq(usdc.balanceOf(alice), 1, "paid once");
    }

    function table_withoutTheLibrariesControlAndObligationsGiveNoVerdict(Edition edition) public on(edition) {
        (address deployed, address[12] memory libraries) = Safes.committedHook();
        hook = IPolicyHook(deployed);
        Draft memory d;
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.ask(abi.encodePacked(ProgramBuilder.NOTIFY, bytes32("treasurer")));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        _allowed(_pay(alice, 1));
        Action memory cancel = _call(address(hook), abi.encodeCall(IPolicyHook.cancelStaged, ()));
        assertEq(uint256(_check(cancel).reason), 0, "control");

        VM.etch(libraries[5], "");
        _givesNoVerdict(_pay(alice, 1));
        VM.etch(libraries[1], "");
        _givesNoVerdict(cancel);
        assertEq(usdc.balanceOf(alice), 1, "paid once");
    }

    function _givesNoVerdict(Action memory a) private {
        Request memory request = _request(a);
        VM.expectRevert(bytes(""));
        hook.check(address(safe), request);
        (bool ok,) = address(safe).call(_calldata(a));
        assertFalse(ok, "executed");
    }

    /// @param kept The library that is there.
    function _strip(uint256 kept) private returns (address[12] memory libraries) {
        address deployed;
        (deployed, libraries) = Safes.committedHook();
        hook = IPolicyHook(deployed);
        for (uint256 i; i < libraries.length; i++) {
            if (i != kept) VM.etch(libraries[i], "");
        }
    }
}
