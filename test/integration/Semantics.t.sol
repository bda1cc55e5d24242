// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice One list of rules under the three semantics, on real Safes.
contract SemanticsTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint16 private constant SMALL = 0;
    uint16 private constant KNOWN = 1;
    uint16 private constant NEVER = 2;
    uint8 private constant PER_DAY = 0;
    uint8 private constant PER_REQUEST = 1;
    uint192 private constant DAY_CAP = 100e6;
    uint192 private constant REQUEST_CAP = 30e6;

    function table_underFirstMatchTheFirstInScopeDecides(Edition edition) public {
        _under(edition, ProgramBuilder.FIRST_MATCH);
        Verdict memory v = _allowed(_pay(blocked, 10e6));
        assertEq(v.rule, SMALL, "what a later rule denies is not asked");
        v = _denied(_pay(blocked, 11e6), Reason.RuleDenies);
        assertEq(v.rule, NEVER, "rule");
        _denied(_pay(stranger, 11e6), Reason.NoRule);
    }

    function table_underAllMustPassOneDenyingRuleInScopeDenies(Edition edition) public {
        _under(edition, ProgramBuilder.ALL_MUST_PASS);
        Verdict memory v = _denied(_pay(blocked, 10e6), Reason.RuleDenies);
        assertEq(v.rule, NEVER, "rule");
        _denied(_pay(stranger, 11e6), Reason.NoRule);
        v = _allowed(_pay(stranger, 10e6));
        assertEq(v.rule, SMALL, "the first in scope");
    }

    function table_underAllMustPassObligationsJoin(Edition edition) public {
        _under(edition, ProgramBuilder.ALL_MUST_PASS);
        // Both rules are in scope: the first charges the day, the second the request, and asks for a delay.
        Verdict memory v = _denied(_pay(alice, 10e6), Reason.NotAnnounced);
        assertEq(v.rule, KNOWN, "who asks for the delay");
        assertEq(v.need, DELAY, "delay");
        VM.prank(owners[0]);
        hook.announce(address(safe), address(0), _list(_pay(alice, 10e6)));
        VM.warp(START + DELAY);
        v = _allowed(_pay(alice, 10e6));
        assertEq(v.rule, SMALL, "the first in scope");

        v = _denied(_batch(_list(_pay(alice, 10e6), _pay(alice, 10e6), _pay(bob, 11e6))), Reason.LimitExceeded);
        assertEq(v.rule, KNOWN, "who lists the limit");
        assertEq(v.detail, PER_REQUEST, "limit");
        assertEq(v.have, 10e6, "what is left of it");
    }

    function table_underAllMustPassALimitThatTwoRulesListIsChargedOnce(Edition edition) public {
        _deploy(edition);
        Draft memory d;
        d.semantics = ProgramBuilder.ALL_MUST_PASS;
        _limits(d);
        for (uint256 i; i < 2; i++) {
            d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(PER_DAY));
            _anyTransfer(d);
        }
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        Verdict memory v = _denied(_pay(alice, DAY_CAP + 1), Reason.LimitExceeded);
        assertEq(v.have, DAY_CAP, "all of it is left");
        _allowed(_pay(alice, DAY_CAP));
        _denied(_pay(alice, 1), Reason.LimitExceeded);
    }

    function table_underAllowOverridesTheFirstThatAllowsDecides(Edition edition) public {
        _deploy(edition);
        Draft memory d;
        d.semantics = ProgramBuilder.ALLOW_OVERRIDES;
        _limits(d);
        d.rule(0, 0, "");
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(PER_REQUEST));
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, DELAY, abi.encodePacked(PER_DAY));
        d.where(ProgramBuilder.RECIPIENT, _members(alice, bob));
        _anyTransfer(d);
        _install(_deployCode(d.encode()), CHANGE_DELAY);

        Verdict memory v = _denied(_pay(stranger, 1), Reason.RuleDenies);
        assertEq(v.rule, 0, "the first in scope, where none allows");
        v = _denied(_pay(alice, REQUEST_CAP + 1), Reason.LimitExceeded);
        assertEq(v.rule, 1, "who allows");
        assertEq(v.detail, PER_REQUEST, "its limit, not the other's");
        _denied(_pay(bob, 1), Reason.NotAnnounced);
        v = _allowed(_pay(alice, REQUEST_CAP));
        assertEq(v.rule, 1, "rule");
    }

    function table_unknownSemanticsAreMalformed(Edition edition) public {
        _deploy(edition);
        Draft memory d;
        d.semantics = 3;
        address unknown = _deployCode(d.encode());
        Action memory installation = _installation(unknown, CHANGE_DELAY, new address[](0));
        (bool ok,) = address(safe).call(_calldata(installation));
        assertFalse(ok, "installed");
        assertEq(hook.accountState(address(safe)).program, address(0), "nothing is active");
    }

    function _under(Edition edition, uint8 semantics) private {
        _deploy(edition);
        Draft memory d;
        d.semantics = semantics;
        d.expiry = EXPIRY;
        _limits(d);
        d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(PER_DAY));
        d.atMost(10e6);
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, DELAY, abi.encodePacked(PER_REQUEST));
        d.where(ProgramBuilder.RECIPIENT, _members(alice, bob));
        _anyTransfer(d);
        d.rule(0, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(blocked));
        _anyTransfer(d);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
    }

    function _limits(Draft memory d) private view {
        d.declare(address(usdc));
        d.limit("day", address(usdc), DAY_CAP, ProgramBuilder.DAY, false, 0);
        d.limit("request", address(usdc), REQUEST_CAP, ProgramBuilder.PER_TRANSACTION, false, 0);
    }
}
