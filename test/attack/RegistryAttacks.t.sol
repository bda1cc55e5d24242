// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Registry} from "../../contracts/Registry.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Misbehaving} from "../base/Misbehaving.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaivePayeeList, NaiveSanctions} from "./naive/NaiveLists.sol";

/// @notice Lists in other contracts, which answer what their makers, or their breakers, want.
contract RegistryAttacks is AttackTest {
    using ProgramBuilder for Draft;

    uint32 private constant COOLDOWN = 3 days;

    address private curator = VM.addr(uint256(keccak256("curator")));

    function table_theOracleReverts(Edition edition)
        public
        attack(edition, "oracle-reverts", "a sanctions oracle that was made to revert")
    {
        _try(Misbehaving.reverting(0));
    }

    function table_theOracleAnswersGarbage(Edition edition)
        public
        attack(edition, "oracle-answers-garbage", "a sanctions oracle that answers neither yes nor no")
    {
        _try(Misbehaving.returning(2, 32));
    }

    function table_theOracleAnswersTooShort(Edition edition)
        public
        attack(edition, "oracle-answers-too-short", "a sanctions oracle that answers with half a word")
    {
        _try(Misbehaving.returning(type(uint256).max, 16));
    }

    function table_theOracleBurnsTheGas(Edition edition)
        public
        attack(edition, "oracle-burns-gas", "a sanctions oracle that burns all the gas it is given")
    {
        _try(Misbehaving.invalid());
    }

    function table_theOracleIsGone(Edition edition)
        public
        attack(edition, "oracle-without-code", "a sanctions oracle that is not there any more")
    {
        _try("");
    }

    /// @dev With a delay, whoever watches can take the payee off again.
    function table_aPayeeIsAddedAndPaidAtOnce(Edition edition)
        public
        attack(edition, "payee-added-and-paid-at-once", "a stolen curator's key adds a payee, who is paid at once")
    {
        Registry payees = new Registry(curator, protected ? COOLDOWN : 0);
        _under(address(new NaivePayeeList(address(payees))), _paying(address(payees)));
        uint256 before = usdc.balanceOf(stranger);
        VM.prank(curator);
        payees.add(_members(stranger));
        _attempt(_pay(stranger, LOOT));
        _because(Reason.NoRule);
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev A recipient is blocked, and then the oracle gets other code.
    function _try(bytes memory code) private {
        Registry oracle = new Registry(curator, 0);
        _under(address(new NaiveSanctions(address(oracle))), _screening(address(oracle)));
        VM.prank(curator);
        oracle.add(_members(blocked));
        assertFalse(_attempt(_pay(blocked, LOOT)), "blocked while the oracle works");
        _because(Reason.RuleDenies);
        VM.etch(address(oracle), code);
        uint256 before = usdc.balanceOf(blocked);
        _attempt(_pay(blocked, LOOT));
        _because(Reason.RegistryFailed);
        _observe(before, usdc.balanceOf(blocked));
    }

    /// @dev Transfers to anybody whom the registry does not list.
    function _screening(address registry) private returns (address) {
        Draft memory d;
        d.declare(address(usdc));
        d.rule(0, 0, "");
        d.whereIn(abi.encodePacked(ProgramBuilder.RECIPIENT), d.registry(registry));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        return _deployCode(d.encode());
    }

    /// @dev Transfers to whom the registry lists.
    function _paying(address registry) private returns (address) {
        Draft memory d;
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.whereIn(abi.encodePacked(ProgramBuilder.RECIPIENT), d.registry(registry));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        return _deployCode(d.encode());
    }
}
