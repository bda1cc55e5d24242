// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Edition} from "../base/Safes.sol";
import {ConsentAttackTest} from "./ConsentAttackTest.sol";

/// @notice Attestations that serve more than what was attested.
contract AttestationAttacks is ConsentAttackTest {
    function _isAttested() internal pure override returns (bool) {
        return true;
    }

    function table_attestationsInABatch(Edition edition)
        public
        attack(
            edition,
            "attestation-replayed-in-a-batch",
            "attestations of one payment, for a batch that makes it three times"
        )
    {
        _inABatch();
    }

    function table_attestationsUnderAnotherNonce(Edition edition)
        public
        attack(
            edition,
            "attestation-replayed-under-another-nonce",
            "attestations of a payment that was made, for another one"
        )
    {
        _underAnotherNonce();
    }

    function table_attestationsOnAnotherAccount(Edition edition)
        public
        attack(edition, "attestation-replayed-on-another-account", "attestations for one account, shown by another one")
    {
        _onAnotherAccount();
    }

    function table_attestationsOnAnotherChain(Edition edition)
        public
        attack(edition, "attestation-replayed-on-another-chain", "attestations on one chain, shown on another one")
    {
        _onAnotherChain();
    }

    function table_attestationsUnderOtherRules(Edition edition)
        public
        attack(
            edition, "attestation-replayed-under-other-rules", "attestations under rules that have been replaced since"
        )
    {
        _underOtherRules();
    }

    function table_attestationsDaysLater(Edition edition)
        public
        attack(edition, "attestation-used-days-later", "attestations days after their deadline")
    {
        _daysLater();
    }

    function table_attestationsByOneTwice(Edition edition)
        public
        attack(edition, "attestation-by-one-twice", "two attestations, both of the same member")
    {
        _byOneTwice();
    }

    function table_attestationsByOneAndItsTwin(Edition edition)
        public
        attack(
            edition, "attestation-by-a-twin-signature", "two attestations by one member, one of them the other's twin"
        )
    {
        _byOneAndItsTwin();
    }

    function table_attestationsCutShort(Edition edition)
        public
        attack(edition, "attestation-cut-short", "attestations cut off before the first signature")
    {
        _cutShort();
    }

    function table_attestationsWithARefund(Edition edition)
        public
        attack(edition, "attestation-leaves-gas-open", "attestations of a payment, for one with a refund to the thief")
    {
        _withARefund();
    }
}
