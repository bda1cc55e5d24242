// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Module} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {Collectible} from "../tokens/Odd.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveTarget} from "./naive/NaivePayees.sol";

/// @notice Rules that reach further than whoever wrote them saw.
contract RuleAttacks is AttackTest {
    using ProgramBuilder for Draft;

    /// @dev Whoever lets owners manage the account does not mean this.
    function table_aWideRuleEnablesAModule(Edition edition)
        public
        attack(edition, "module-enabled-by-a-wide-rule", "enableModule under a rule for any call to the account itself")
    {
        Module thief = new Module();
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        _under(address(new NaiveTarget(address(safe))), _deployCode(d.encode()));
        // On a Safe whose modules a guard sees, the module would meet the rules as well.
        uint256 before = safe.isModuleEnabled(address(thief)) ? 1 : 0;
        _attempt(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(thief)))));
        _because(Reason.NoRule);
        _observe(before, safe.isModuleEnabled(address(thief)) ? 1 : 0);
    }

    /// @dev A target that is any target is neither the account nor the hook.
    function table_aRuleForAnyTargetReachesTheAccount(Edition edition)
        public
        attack(edition, "any-target-reaches-the-account", "changeThreshold under a rule for any target")
    {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SUBJECT | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        _protect(_deployCode(d.encode()));
        uint256 before = safe.getThreshold();
        _attempt(_call(address(safe), abi.encodeCall(ISafe.changeThreshold, (1))));
        _because(Reason.NoRule);
        _observe(before, safe.getThreshold());
    }

    /// @dev An operator takes whatever there will ever be, so that no cap holds it.
    function table_anOperatorIsMadeUnderALimit(Edition edition)
        public
        attack(edition, "operator-under-a-limit", "setApprovalForAll under a rule for allowances and a high cap")
    {
        Collectible nft = new Collectible(address(safe));
        Draft memory d;
        d.limit("nft-day", address(nft), type(uint192).max, ProgramBuilder.DAY, true, 0);
        d.declare(address(nft), ProgramBuilder.ERC721);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.APPROVE | ProgramBuilder.ANY_SELECTOR, address(nft), 0);
        _under(address(new NaiveTarget(address(nft))), _deployCode(d.encode()));
        uint256 before = nft.balanceOf(stranger);
        _attempt(_call(address(nft), abi.encodeCall(nft.setApprovalForAll, (stranger, true))));
        _because(Reason.LimitExceeded);
        VM.prank(stranger);
        try nft.transferFrom(address(safe), stranger, 1) {} catch {}
        _observe(before, nft.balanceOf(stranger));
    }
}
