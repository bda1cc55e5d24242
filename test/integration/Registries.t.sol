// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Registry} from "../../contracts/Registry.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Verdict} from "../../contracts/types/Types.sol";
import {Refuser} from "../base/Actors.sol";
import {Misbehaving} from "../base/Misbehaving.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Whom the account may pay is up to a registry, and changes while the program does not.
contract RegistriesTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint32 private constant COOLDOWN = 3 days;

    address private curator = VM.addr(uint256(keccak256("curator")));
    Registry private payees;
    Registry private sanctioned;

    /// @dev Rule 0 denies whoever is sanctioned, rule 1 pays whoever is a payee.
    modifier underRegistries(Edition edition) {
        _deploy(edition);
        payees = new Registry(curator, COOLDOWN);
        sanctioned = new Registry(curator, 0);
        Draft memory d;
        d.declare(address(usdc));
        d.rule(0, 0, "");
        d.whereIn(hex"03", d.registry(address(sanctioned)));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.whereIn(hex"03", d.registry(address(payees)));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        _;
    }

    function table_aNewPayeeIsNeverPaidBeforeItsDelay(Edition edition) public underRegistries(edition) {
        _denied(_pay(vendor, 1), Reason.NoRule);
        _add(payees, vendor);
        _denied(_pay(vendor, 1), Reason.NoRule);
        VM.warp(START + COOLDOWN - 1);
        _denied(_pay(vendor, 1), Reason.NoRule);
        VM.warp(START + COOLDOWN);
        assertEq(_allowed(_pay(vendor, 1)).rule, 1, "rule");
        assertEq(usdc.balanceOf(vendor), 1, "paid");
    }

    function table_aRemovedPayeeIsNeverPaidAgain(Edition edition) public underRegistries(edition) {
        _add(payees, vendor);
        VM.warp(START + COOLDOWN);
        _allowed(_pay(vendor, 1));
        VM.prank(curator);
        payees.remove(_members(vendor));
        _denied(_pay(vendor, 1), Reason.NoRule);
        _denied(_batch(_list(_pay(vendor, 1))), Reason.NoRule);
        // Nor sooner for having been one before.
        _add(payees, vendor);
        _denied(_pay(vendor, 1), Reason.NoRule);
        assertEq(usdc.balanceOf(vendor), 1, "INV-1");
    }

    function table_whoIsSanctionedIsNeverPaid_alsoAsAPayee(Edition edition) public underRegistries(edition) {
        _add(payees, vendor);
        VM.warp(START + COOLDOWN);
        _add(sanctioned, vendor);
        Verdict memory v = _denied(_pay(vendor, 1), Reason.RuleDenies);
        assertEq(v.rule, 0, "rule");
    }

    /// @dev The rule that asks denies nobody then, and a later one would allow.
    function table_neverGoesOnAfterARegistryThatFails(Edition edition) public underRegistries(edition) {
        _add(payees, vendor);
        VM.warp(START + COOLDOWN);
        _allowed(_pay(vendor, 1));
        bytes[6] memory codes = [
            bytes(""),
            address(new Refuser()).code,
            Misbehaving.returning(0, 31),
            Misbehaving.returning(0, 64),
            Misbehaving.invalid(),
            Misbehaving.bomb(150_000)
        ];
        for (uint256 i; i < codes.length; i++) {
            VM.etch(address(sanctioned), codes[i]);
            Verdict memory v = _denied(_pay(vendor, 1), Reason.RegistryFailed);
            assertEq(v.rule, 0, "rule");
            assertEq(v.have, uint256(uint160(address(sanctioned))), "registry");
        }
        // What asks no registry is decided as before.
        _denied(_send(vendor, 1), Reason.NoRule);
        assertEq(usdc.balanceOf(vendor), 1, "INV-1");
    }

    /// @dev An account may curate its own list, which then is a call like any other.
    function table_theAccountsOwnListChangesOnlyByItsRules(Edition edition) public on(edition) {
        payees = new Registry(address(safe), COOLDOWN);
        Draft memory d;
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL, address(payees), payees.remove.selector);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.whereIn(hex"03", d.registry(address(payees)));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        _execute(_call(address(payees), abi.encodeCall(payees.add, (_members(vendor)))));
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        VM.warp(START + COOLDOWN);

        _denied(_call(address(payees), abi.encodeCall(payees.add, (_members(stranger)))), Reason.NoRule);
        _allowed(_pay(vendor, 1));
        _allowed(_call(address(payees), abi.encodeCall(payees.remove, (_members(vendor)))));
        _denied(_pay(vendor, 1), Reason.NoRule);
    }

    function _add(Registry registry, address member) private {
        VM.prank(curator);
        registry.add(_members(member));
    }
}
