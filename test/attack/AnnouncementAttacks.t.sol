// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, SlotCall} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveTimelock} from "./naive/NaiveTimelock.sol";

/// @notice Delays that are got round, and delays that never end.
contract AnnouncementAttacks is AttackTest {
    NaiveTimelock private naive;
    /// @dev Where announcements are made: the hook, or the naive guard in its turn.
    IPolicyHook private notary;

    function table_aPaymentComesBeforeItsDelay(Edition edition)
        public
        attack(edition, "delay-ignored", "a payment that the rules delay, at once")
    {
        _protect(_treasury());
        notary = hook;
        uint256 before = usdc.balanceOf(vendor);
        _attempt(_pay(vendor, LOOT));
        _because(Reason.NotAnnounced);
        if (protected) _announce(owners[0], _pay(vendor, LOOT));
        VM.warp(START + DELAY - 1);
        _attempt(_pay(vendor, LOOT));
        if (protected) _because(Reason.NotMatured);
        _observe(before, usdc.balanceOf(vendor));
    }

    /// @dev Announced once, paid twice. The first payment is due.
    function table_anAnnouncementIsUsedTwice(Edition edition)
        public
        attack(edition, "announcement-used-twice", "a payment that was announced once, made twice")
    {
        _timelocked();
        _announce(owners[0], _pay(vendor, LOOT));
        VM.warp(START + DELAY);
        _execute(_pay(vendor, LOOT));
        uint256 before = usdc.balanceOf(vendor);
        _attempt(_pay(vendor, LOOT));
        _because(Reason.NotAnnounced);
        _observe(before, usdc.balanceOf(vendor));
    }

    function table_anAnnouncementServesAnotherAmount(Edition edition)
        public
        attack(edition, "announcement-for-other-data", "a payment of another amount than was announced")
    {
        _timelocked();
        _announce(owners[0], _pay(vendor, 1));
        VM.warp(START + DELAY);
        uint256 before = usdc.balanceOf(vendor);
        _attempt(_pay(vendor, FUNDS));
        _because(Reason.NotAnnounced);
        _observe(before, usdc.balanceOf(vendor));
    }

    /// @dev Who may announce again can hold a payment back for ever.
    function table_announcingAgainRestartsTheDelay(Edition edition)
        public
        attack(edition, "announcement-restarted", "a delay that starts anew whenever somebody announces again")
    {
        _timelocked();
        _announce(owners[0], _pay(vendor, LOOT));
        uint256 due = _control(_pay(vendor, LOOT), vendor, START + DELAY);
        VM.warp(START + DELAY - 1);
        _announce(stranger, _pay(vendor, LOOT));
        _announce(owners[1], _pay(vendor, LOOT));
        VM.warp(START + DELAY);
        _attempt(_pay(vendor, LOOT));
        _observe(due, usdc.balanceOf(vendor));
    }

    /// @dev Announced ahead by nobody in particular, a payment needs no delay when its time has come.
    function table_aStrangerAnnouncesAhead(Edition edition)
        public
        attack(edition, "announced-by-a-stranger", "an announcement that neither owners nor announcers made")
    {
        _timelocked();
        _announce(stranger, _pay(vendor, LOOT));
        VM.warp(START + DELAY);
        uint256 before = usdc.balanceOf(vendor);
        _attempt(_pay(vendor, LOOT));
        _because(Reason.NotAnnounced);
        _observe(before, usdc.balanceOf(vendor));
    }

    function table_aCancelledAnnouncementRevives(Edition edition)
        public
        attack(edition, "cancelled-announcement-revives", "a cancelled payment, announced again and made at once")
    {
        _timelocked();
        Action memory payment = _pay(vendor, LOOT);
        _announce(owners[0], payment);
        bytes32 id = notary.announcementId(address(safe), address(0), _list(payment));
        VM.warp(START + DELAY);
        VM.prank(canceller);
        notary.cancel(address(safe), id);
        assertFalse(_attempt(payment), "cancelled");
        _announce(owners[0], payment);
        uint256 before = usdc.balanceOf(vendor);
        _attempt(payment);
        _because(Reason.NotMatured);
        _observe(before, usdc.balanceOf(vendor));
    }

    /// @dev What was announced under the old installation is forgotten by everybody but the guard.
    function table_anAnnouncementOutlivesARemoval(Edition edition)
        public
        attack(
            edition, "announcement-survives-removal", "a payment announced before the guard was removed and set again"
        )
    {
        _timelocked();
        if (protected) {
            (Action memory removal, SlotCall[] memory staged) = _removal();
            _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (staged))));
            VM.warp(START + CHANGE_DELAY);
            _announce(owners[0], _pay(vendor, LOOT));
            VM.warp(START + CHANGE_DELAY + DELAY);
            _execute(removal);
            assertEq(hook.accountState(address(safe)).program, address(0), "removed");
        } else {
            _announce(owners[0], _pay(vendor, LOOT));
            VM.warp(START + CHANGE_DELAY + DELAY);
            _execute(_batch(_guardCalls(address(0))));
        }
        _under(address(naive), _treasury());
        uint256 before = usdc.balanceOf(vendor);
        _attempt(_pay(vendor, LOOT));
        _because(Reason.NotAnnounced);
        _observe(before, usdc.balanceOf(vendor));
    }

    /// @dev The attacker cancels for an account that is the attacker's own, and names this one's announcement.
    function table_anotherAccountsAnnouncementIsCancelled(Edition edition)
        public
        attack(
            edition, "anothers-announcement-cancelled", "this account's announcement, cancelled in another one's name"
        )
    {
        ISafe victim = safe;
        address program_ = _treasury();
        safe = Safes.deploySafe(kit, owners, 2, 1);
        naive = new NaiveTimelock(vendor);
        _under(address(naive), program_);
        VM.prank(address(safe));
        naive.setCanceller(canceller);
        address attackers = address(safe);

        safe = victim;
        _under(address(naive), program_);
        notary = protected ? hook : IPolicyHook(address(naive));
        Action memory payment = _pay(vendor, LOOT);
        _announce(owners[0], payment);
        bytes32 id = notary.announcementId(address(safe), address(0), _list(payment));
        uint256 due = _control(payment, vendor, START + DELAY);
        VM.warp(START + DELAY);
        VM.prank(canceller);
        try notary.cancel(attackers, id) {} catch {}
        _attempt(payment);
        _observe(due, usdc.balanceOf(vendor));
    }

    function _timelocked() private {
        naive = new NaiveTimelock(vendor);
        VM.prank(address(safe));
        naive.setCanceller(canceller);
        _under(address(naive), _treasury());
        notary = protected ? hook : IPolicyHook(address(naive));
    }

    /// @dev Announces, if it is let.
    function _announce(address by, Action memory a) private {
        VM.prank(by);
        try notary.announce(address(safe), address(0), _list(a)) {} catch {}
    }
}
