// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveFreeze} from "./naive/NaiveConsent.sol";

/// @notice Guardians who hold the account for ever.
contract FreezeAttacks is AttackTest, ObligationTest {
    /// @dev The guardian is as fast as the account.
    function table_aGuardianFreezesForEver(Edition edition)
        public
        attack(edition, "frozen-for-ever", "a guardian who freezes again as soon as the account is free")
    {
        _twoApprove(0);
        NaiveFreeze naive = new NaiveFreeze(group[0], CHANGE_DELAY);
        _under(address(naive), program);
        IPolicyHook holder = protected ? hook : IPolicyHook(address(naive));
        uint256 end = START + 3 * uint256(CHANGE_DELAY);
        uint256 due = _control(_pay(bob, LOOT), bob, end);
        _freeze(holder);
        for (uint256 i = 1; i <= 3; i++) {
            _attempt(_call(address(holder), abi.encodeCall(IPolicyHook.startUnfreeze, ())));
            VM.warp(START + i * CHANGE_DELAY);
            _attempt(_call(address(holder), abi.encodeCall(IPolicyHook.unfreeze, ())));
            _freeze(holder);
        }
        _attempt(_pay(bob, LOOT));
        _observe(due, usdc.balanceOf(bob));
    }

    /// @dev If it is let.
    function _freeze(IPolicyHook holder) private {
        VM.prank(group[0]);
        try holder.freeze(address(safe)) {} catch {}
    }
}
