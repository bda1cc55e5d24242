// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

contract TimelockTest is TreasuryTest {
    uint256 private constant AMOUNT = 400_000e6;

    function table_neverPassesUnannounced(Edition edition) public installed(edition) {
        Verdict memory v = _denied(_pay(vendor, AMOUNT), Reason.NotAnnounced);
        assertEq(v.rule, VENDOR, "rule");
        assertEq(v.need, DELAY, "delay");
    }

    function table_passesOnceMaturedAndNeverTwice(Edition edition) public installed(edition) {
        bytes32 id = _announce(owners[0], _pay(vendor, AMOUNT));
        assertEq(hook.announcedAt(id), START, "made");

        VM.warp(START + DELAY - 1);
        Verdict memory v = _denied(_pay(vendor, AMOUNT), Reason.NotMatured);
        assertEq(v.have, START + DELAY, "matures at");
        assertEq(v.need, START + DELAY - 1, "now");

        VM.warp(START + DELAY);
        _allowed(_pay(vendor, AMOUNT));
        assertEq(usdc.balanceOf(vendor), AMOUNT, "paid");
        assertEq(hook.announcedAt(id), 0, "consumed");
        _denied(_pay(vendor, AMOUNT), Reason.NotAnnounced);
        assertEq(usdc.balanceOf(vendor), AMOUNT, "paid once");
    }

    function table_neverPassesAfterItExpired(Edition edition) public installed(edition) {
        _announce(owners[0], _pay(vendor, AMOUNT));
        VM.warp(START + EXPIRY - 1);
        assertEq(uint256(_check(_pay(vendor, AMOUNT)).reason), uint256(Reason.Allowed), "a second before");
        VM.warp(START + EXPIRY);
        Verdict memory v = _denied(_pay(vendor, AMOUNT), Reason.AnnouncementExpired);
        assertEq(v.have, START + EXPIRY, "expired at");

        _announce(owners[0], _pay(vendor, AMOUNT));
        _denied(_pay(vendor, AMOUNT), Reason.NotMatured);
    }

    function table_anAnnouncementServesNoOtherRequest(Edition edition) public installed(edition) {
        _announce(owners[0], _pay(vendor, AMOUNT));
        VM.warp(START + DELAY);
        _denied(_pay(vendor, AMOUNT + 1), Reason.NotAnnounced);
        _denied(_batch(_list(_pay(vendor, AMOUNT), _pay(vendor, AMOUNT))), Reason.NotAnnounced);
        _denied(_batch(_list(_pay(vendor, AMOUNT))), Reason.NotAnnounced);
        _allowed(_pay(vendor, AMOUNT));
    }

    function table_aFailedExecutionKeepsTheAnnouncement(Edition edition) public installed(edition) {
        bytes32 id = _announce(owners[0], _pay(vendor, FUNDS));
        VM.warp(START + DELAY);
        VM.prank(address(safe));
        usdc.transfer(stranger, 1);
        (bool ok,) = address(safe).call(_calldata(_pay(vendor, FUNDS)));
        assertFalse(ok, "it fails");
        assertEq(hook.announcedAt(id), START, "still announced");

        VM.prank(stranger);
        usdc.transfer(address(safe), 1);
        _allowed(_pay(vendor, FUNDS));
    }

    function table_announcingAgainNeverChangesALiveAnnouncement(Edition edition) public installed(edition) {
        bytes32 id = _announce(owners[0], _pay(vendor, AMOUNT));
        VM.warp(START + 1 hours);
        VM.prank(owners[1]);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.AlreadyAnnounced.selector, id, START));
        hook.announce(address(safe), address(0), _list(_pay(vendor, AMOUNT)));
        assertEq(hook.announcedAt(id), START, "unchanged");
    }

    function table_nobodyElseAnnouncesOrCancels(Edition edition) public installed(edition) {
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, stranger));
        hook.announce(address(safe), address(0), _list(_pay(vendor, AMOUNT)));

        bytes32 id = _announce(owners[0], _pay(vendor, AMOUNT));
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, stranger));
        hook.cancel(address(safe), id);
        VM.prank(owners[0]);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.NotAllowed.selector, owners[0]));
        hook.cancel(address(safe), id);
        assertEq(hook.announcedAt(id), START, "still announced");
    }

    function table_theAccountAnnouncesAndCancelsUnderAnyProgram(Edition edition) public installed(edition) {
        Action[] memory actions = _list(_pay(vendor, AMOUNT));
        bytes32 id = hook.announcementId(address(safe), address(0), actions);
        _allowed(_call(address(hook), abi.encodeCall(hook.announce, (address(safe), address(0), actions))));
        assertEq(hook.announcedAt(id), START, "announced");
        _allowed(_call(address(hook), abi.encodeCall(hook.cancel, (address(safe), id))));
        assertEq(hook.announcedAt(id), 0, "cancelled");
        VM.warp(START + DELAY);
        _denied(_pay(vendor, AMOUNT), Reason.NotAnnounced);
    }

    function table_theProgramsAnnouncersAndCancellersDoSo(Edition edition) public installed(edition) {
        bytes32 id = _announce(announcer, _pay(vendor, AMOUNT));
        VM.prank(canceller);
        hook.cancel(address(safe), id);
        assertEq(hook.announcedAt(id), 0, "cancelled");
        VM.prank(canceller);
        VM.expectRevert(abi.encodeWithSelector(IPolicyHook.UnknownAnnouncement.selector, id));
        hook.cancel(address(safe), id);
    }

    function table_aBatchWaitsForItsLongestDelay(Edition edition) public installed(edition) {
        Action memory batch = _batch(_list(_pay(alice, 1), _pay(vendor, AMOUNT)));
        Verdict memory v = _denied(batch, Reason.NotAnnounced);
        assertEq(v.effect, 1, "the effect that asked");
        _announce(owners[2], batch);
        VM.warp(START + DELAY);
        _allowed(batch);
        assertEq(usdc.balanceOf(vendor), AMOUNT, "paid");
    }

    function _announce(address by, Action memory a) private returns (bytes32 id) {
        VM.prank(by);
        id = hook.announce(address(safe), address(0), _list(a));
        assertEq(id, hook.announcementId(address(safe), address(0), _list(a)), "id");
    }
}
