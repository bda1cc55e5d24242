// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";

/// @notice Only a rule that names selector and module lets owners enable one.
contract EnableModuleTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint8 private constant SELF = ProgramBuilder.CALL | ProgramBuilder.ACCOUNT;

    function table_aRuleThatNamesOnlyTheSelectorDoesNotMatch(Edition edition) public on(edition) {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(SELF, address(0), ISafe.enableModule.selector);
        _refuses(d);
    }

    function table_aRuleThatNamesOnlyTheModuleDoesNotMatch(Edition edition) public on(edition) {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.matching(SELF | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        _refuses(d);
    }

    function table_aRuleForEveryTargetDoesNotMatch(Edition edition) public on(edition) {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SUBJECT, address(0), ISafe.enableModule.selector);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SUBJECT | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        _refuses(d);
    }

    function table_aRuleThatNamesTheModuleBehindSomethingElseDoesNotMatch(Edition edition) public on(edition) {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.begin(ProgramBuilder.ALL);
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.end();
        d.matching(SELF, address(0), ISafe.enableModule.selector);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.begin(ProgramBuilder.NOT);
        d.where(ProgramBuilder.RECIPIENT, _members(bob));
        d.end();
        d.matching(SELF, address(0), ISafe.enableModule.selector);
        _refuses(d);
    }

    function table_aRuleThatNamesBothEnablesThatModuleAndNoOther(Edition edition) public on(edition) {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.matching(SELF, address(0), ISafe.enableModule.selector);
        _install(_deployCode(d.encode()), CHANGE_DELAY);

        _denied(_enable(bob), Reason.NoRule);
        _denied(_batch(_list(_enable(alice), _enable(bob))), Reason.NoRule);
        bytes memory call = abi.encodeCall(ISafe.enableModule, (alice));
        _denied(_call(address(safe), bytes.concat(call, hex"00")), Reason.NonCanonicalCalldata);
        call[4] = 0x01;
        Verdict memory v = _denied(_call(address(safe), call), Reason.NonCanonicalCalldata);
        assertEq(v.have, uint32(ISafe.enableModule.selector), "selector");
        assertFalse(safe.isModuleEnabled(alice), "not yet");

        _allowed(_enable(alice));
        assertTrue(safe.isModuleEnabled(alice), "enabled");
        assertFalse(safe.isModuleEnabled(bob), "no other");
    }

    function _refuses(Draft memory d) private {
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        _denied(_enable(alice), Reason.NoRule);
        _denied(_batch(_list(_enable(alice))), Reason.NoRule);
        assertFalse(safe.isModuleEnabled(alice), "enabled");
    }

    function _enable(address who) private view returns (Action memory) {
        return _call(address(safe), abi.encodeCall(ISafe.enableModule, (who)));
    }
}
