// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveGuard} from "./naive/NaiveGuard.sol";
import {NaiveAfterwards, NaiveBucket, NaiveDay, NaiveSharedDay} from "./naive/NaiveLimits.sol";

/// @notice More than the cap in one window, and limits that somebody else uses up.
contract LimitAttacks is AttackTest {
    function table_aDayEndsBetweenTwoPayments(Edition edition)
        public
        attack(edition, "window-edge", "a day's cap before midnight and another one right after it")
    {
        // Noon plus twelve hours, less a minute.
        VM.warp(START + 12 hours - 1 minutes);
        _under(address(new NaiveDay(address(usdc), CAP)), _limited(ProgramBuilder.ROLLING, CAP));
        uint256 before = _excess(CAP);
        _attempt(_threePayments());
        VM.warp(START + 12 hours);
        _attempt(_threePayments());
        _because(Reason.LimitExceeded);
        _observe(before, _excess(CAP));
    }

    function table_aBucketDrainsWhileItIsFilled(Edition edition)
        public
        attack(edition, "leaky-bucket", "a cap at once, and what a leaky bucket frees within the same 24 hours")
    {
        _under(address(new NaiveBucket(address(usdc), CAP)), _limited(ProgramBuilder.ROLLING, CAP));
        uint256 before = _excess(CAP);
        _attempt(_threePayments());
        for (uint256 i = 1; i < 3; i++) {
            VM.warp(START + i * 8 hours);
            _attempt(_pay(alice, MOST));
            _because(Reason.LimitExceeded);
        }
        _observe(before, _excess(CAP));
    }

    function table_aLowerCapFreesWhatWasSpent(Edition edition)
        public
        attack(edition, "lowered-cap-frees-usage", "a lower cap whose bookkeeping starts at zero, on the same day")
    {
        NaiveDay naive = new NaiveDay(address(usdc), CAP);
        address lower = _treasuryWithCap(CAP - 1e6);
        if (protected) _protect(_treasury(), 1 hours);
        else _under(address(naive), address(0));
        uint256 before = _excess(CAP);
        _attempt(_threePayments());
        if (protected) {
            _attempt(_call(address(hook), abi.encodeCall(IPolicyHook.stage, (lower, lower.codehash, 1 hours))));
            VM.warp(START + 1 hours);
            _execute(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (lower))));
        } else {
            _execute(_call(address(naive), abi.encodeCall(NaiveDay.setCap, (CAP - 1e6))));
        }
        _attempt(_pay(alice, MOST));
        _because(Reason.LimitExceeded);
        _observe(before, _excess(CAP));
    }

    function table_aNestedRequestSeesStaleUsage(Edition edition)
        public
        attack(edition, "nested-request-stale-usage", "a cap in a request, and another one in a request inside it")
    {
        _under(address(new NaiveAfterwards(address(usdc), CAP)), _treasury());
        uint256 before = _excess(CAP);
        Action[] memory legs = new Action[](4);
        (legs[0], legs[1], legs[2]) = (_pay(alice, MOST), _pay(alice, MOST), _pay(alice, MOST));
        legs[3] = _nesting(_threePayments());
        _attempt(_batch(legs));
        _observe(before, _excess(CAP));
    }

    function table_theAccountCallsItsGuardsEntry(Edition edition)
        public
        attack(edition, "guard-entry-called", "a leg that calls the guard's own entry, which forgets what is pending")
    {
        NaiveAfterwards naive = new NaiveAfterwards(address(usdc), CAP);
        _under(address(naive), _treasury());
        uint256 before = _excess(CAP);
        bytes memory reset = abi.encodeWithSelector(
            NaiveGuard.checkTransaction.selector, address(0), 0, "", 0, 0, 0, 0, address(0), address(0), "", address(0)
        );
        Action memory forget = _call(protected ? address(hook) : address(naive), reset);
        for (uint256 i; i < 2; i++) {
            Action[] memory legs = new Action[](4);
            (legs[0], legs[1], legs[2], legs[3]) = (_pay(alice, MOST), _pay(alice, MOST), _pay(alice, MOST), forget);
            _attempt(_batch(legs));
            _because(Reason.ControlDenied);
        }
        _observe(before, _excess(CAP));
    }

    /// @dev Whoever has an account can fill what all accounts share.
    function table_anotherAccountBurnsTheLimit(Edition edition)
        public
        attack(edition, "limit-burned-by-another-account", "a stranger's account uses up the limit of this one")
    {
        address naive = address(new NaiveSharedDay(address(usdc), CAP));
        address program_ = _treasury();
        ISafe victim = safe;
        safe = Safes.deploySafe(kit, owners, 2, 1);
        VM.prank(address(victim));
        usdc.transfer(address(safe), CAP);
        _under(naive, program_);
        ISafe burning = safe;

        safe = victim;
        _under(naive, program_);
        uint256 due = _control(_threePayments(), alice, START);
        safe = burning;
        _attempt(_threePaymentsTo(bob));
        safe = victim;
        _attempt(_threePayments());
        _observe(due, usdc.balanceOf(alice));
    }
}
