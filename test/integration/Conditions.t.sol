// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request, Verdict} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice What rules match, beside the treasury's.
contract ConditionsTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint8 private constant ANYTHING = ProgramBuilder.ANY_SUBJECT | ProgramBuilder.ANY_SELECTOR;

    function table_aRuleWithoutATargetNeverMatchesTheAccountOrTheHook(Edition edition) public on(edition) {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ANYTHING, address(0), 0);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SUBJECT, address(0), ISafe.enableModule.selector);
        d.matching(ProgramBuilder.NATIVE | ANYTHING, address(0), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);

        Action memory enable = _call(address(safe), abi.encodeCall(ISafe.enableModule, (stranger)));
        _denied(enable, Reason.NoRule);
        _denied(_batch(_list(enable)), Reason.NoRule);
        _denied(_send(address(safe), 1), Reason.NoRule);
        _denied(_call(address(hook), abi.encodeCall(IPolicyHook.announcedAt, (bytes32(0)))), Reason.NoRule);
        _denied(_send(address(hook), 1), Reason.NoRule);

        _allowed(_call(stranger, hex"12345678"));
        _allowed(_call(stranger, ""));
        _allowed(_send(stranger, 1));
        _allowed(Action(stranger, 1, hex"12345678", 0));
    }

    function table_theFirstRuleDecides_howeverItIsIndexed(Edition edition) public on(edition) {
        Draft memory d;
        d.rule(0, 0, "");
        d.matching(ProgramBuilder.CALL, alice, 0x11111111);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, alice, 0);
        d.rule(0, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SUBJECT, address(0), 0x22222222);
        d.matching(ProgramBuilder.CALL, alice, 0x33333333);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ANYTHING, address(0), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);

        assertEq(_denied(_call(alice, hex"11111111"), Reason.RuleDenies).rule, 0, "exact before target");
        assertEq(_allowed(_call(alice, hex"22222222")).rule, 1, "target before selector");
        assertEq(_allowed(_call(alice, hex"33333333")).rule, 1, "target before exact");
        assertEq(_denied(_call(bob, hex"22222222"), Reason.RuleDenies).rule, 2, "selector before anything");
        assertEq(_allowed(_call(bob, hex"33333333")).rule, 3, "anything");
    }

    function table_theInitiatorIsWhoCallsExecTransaction(Edition edition) public on(edition) {
        Draft memory d;
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.INITIATOR, _members(bob));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);

        _denied(_pay(alice, 1), Reason.NoRule);
        Request memory r = _request(_pay(alice, 1));
        r.initiator = bob;
        Verdict memory v = hook.check(address(safe), r);
        assertEq(uint256(v.reason), uint256(Reason.Allowed), "check");
        bytes memory data = _calldata(_pay(alice, 1));
        VM.prank(bob);
        (bool ok,) = address(safe).call(data);
        assertTrue(ok, "bob executes");
        assertEq(usdc.balanceOf(alice), 1, "paid");
    }

    function table_anAmountHasBothBounds(Edition edition) public on(edition) {
        Draft memory d;
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.atLeast(256);
        d.atMost(65_536);
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);

        _denied(_pay(alice, 0), Reason.NoRule);
        _denied(_pay(alice, 255), Reason.NoRule);
        _denied(_pay(alice, 65_537), Reason.NoRule);
        _denied(_pay(alice, type(uint256).max), Reason.NoRule);
        _allowed(_pay(alice, 256));
        _allowed(_pay(alice, 65_536));
    }

    function test_aLongListHasItsMembersAndNoOthers() public on(Edition.V141) {
        address[] memory members = new address[](100);
        for (uint256 i; i < members.length; i++) {
            members[i] = address(uint160(uint256(keccak256(abi.encode("member", i)))));
        }
        Draft memory d;
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, members);
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);

        for (uint256 i; i < members.length; i++) {
            assertEq(uint256(_check(_pay(members[i], 1)).reason), uint256(Reason.Allowed), "a member");
            address other = address(uint160(uint256(keccak256(abi.encode("other", i)))));
            assertEq(uint256(_check(_pay(other, 1)).reason), uint256(Reason.NoRule), "another");
            address near = address(uint160(members[i]) + 1);
            assertEq(uint256(_check(_pay(near, 1)).reason), uint256(Reason.NoRule), "a neighbour");
        }
        _allowed(_pay(members[50], 1));
    }
}
