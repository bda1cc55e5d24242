// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Edition} from "../base/Safes.sol";
import {ConsentAttackTest} from "./ConsentAttackTest.sol";

/// @notice Approvals that serve more than what was approved.
contract ConsentAttacks is ConsentAttackTest {
    function _isAttested() internal pure override returns (bool) {
        return false;
    }

    function table_approvalsInABatch(Edition edition)
        public
        attack(
            edition, "approval-replayed-in-a-batch", "approvals of one payment, for a batch that makes it three times"
        )
    {
        _inABatch();
    }

    function table_approvalsUnderAnotherNonce(Edition edition)
        public
        attack(
            edition, "approval-replayed-under-another-nonce", "approvals of a payment that was made, for another one"
        )
    {
        _underAnotherNonce();
    }

    function table_approvalsOnAnotherAccount(Edition edition)
        public
        attack(edition, "approval-replayed-on-another-account", "approvals for one account, shown by another one")
    {
        _onAnotherAccount();
    }

    function table_approvalsOnAnotherChain(Edition edition)
        public
        attack(edition, "approval-replayed-on-another-chain", "approvals on one chain, shown on another one")
    {
        _onAnotherChain();
    }

    function table_approvalsUnderOtherRules(Edition edition)
        public
        attack(edition, "approval-replayed-under-other-rules", "approvals under rules that have been replaced since")
    {
        _underOtherRules();
    }

    function table_approvalsDaysLater(Edition edition)
        public
        attack(edition, "approval-used-days-later", "approvals days after their deadline")
    {
        _daysLater();
    }

    function table_approvalsByOneTwice(Edition edition)
        public
        attack(edition, "approval-by-one-twice", "two approvals, both of the same member")
    {
        _byOneTwice();
    }

    function table_approvalsByOneAndItsTwin(Edition edition)
        public
        attack(edition, "approval-by-a-twin-signature", "two approvals by one member, one of them the other's twin")
    {
        _byOneAndItsTwin();
    }

    function table_approvalsCutShort(Edition edition)
        public
        attack(edition, "approval-cut-short", "approvals cut off before the first signature")
    {
        _cutShort();
    }
}
