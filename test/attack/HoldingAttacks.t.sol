// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {Collectible, Vault} from "../tokens/Odd.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveDay} from "./naive/NaiveLimits.sol";
import {NaiveTarget} from "./naive/NaivePayees.sol";
import {ERC4626} from "solady/tokens/ERC4626.sol";
import {WETH} from "solady/tokens/WETH.sol";

/// @notice What the account holds in other forms: shares, wrapped ether, collectibles.
contract HoldingAttacks is AttackTest {
    using ProgramBuilder for Draft;

    function table_aVaultPaysSomebodyElse(Edition edition)
        public
        attack(edition, "vault-redeemed-to-a-stranger", "shares of a permitted vault, redeemed to a thief")
    {
        Vault vault = new Vault(address(usdc));
        _execute(
            _batch(
                _list(
                    _call(address(usdc), abi.encodeCall(usdc.approve, (address(vault), FUNDS))),
                    _call(address(vault), abi.encodeCall(vault.deposit, (LOOT, address(safe))))
                )
            )
        );
        _under(address(new NaiveTarget(address(vault))), _depositing(address(vault)));
        uint256 shares = vault.balanceOf(address(safe));
        uint256 before = usdc.balanceOf(stranger);
        _attempt(_call(address(vault), abi.encodeCall(vault.redeem, (shares, stranger, address(safe)))));
        _because(Reason.NoRule);
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev Unwrapped, it is another asset, which nobody capped.
    function table_wrappedEtherIsUnwrapped(Edition edition)
        public
        attack(edition, "limit-evaded-by-weth-withdraw", "wrapped ether under a cap, unwrapped and paid as ether")
    {
        WETH weth = new WETH();
        _execute(Action(address(weth), 50 ether, abi.encodeCall(weth.deposit, ()), 0));
        _under(address(new NaiveDay(address(weth), 1 ether)), _wrapped(address(weth)));
        uint256 before = stranger.balance;
        _attempt(_call(address(weth), abi.encodeCall(weth.withdraw, (50 ether))));
        _because(Reason.OpaqueUnderEverywhere);
        // The ether that was never wrapped is the payee's by right.
        _attempt(_send(alice, ETHER - 50 ether));
        _attempt(_send(stranger, 50 ether));
        _observe(before, stranger.balance);
    }

    function table_aCollectiblesOperatorIsSet(Edition edition)
        public
        attack(edition, "operator-granted", "setApprovalForAll for a thief, who takes the collectible")
    {
        Collectible nft = new Collectible(address(safe));
        _protect(_treasury());
        uint256 before = nft.balanceOf(stranger);
        _attempt(_call(address(nft), abi.encodeCall(nft.setApprovalForAll, (stranger, true))));
        _because(Reason.NoRule);
        VM.prank(stranger);
        try nft.transferFrom(address(safe), stranger, 1) {} catch {}
        _observe(before, nft.balanceOf(stranger));
    }

    /// @dev Deposits into the vault by name.
    function _depositing(address vault) private returns (address) {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL, vault, ERC4626.deposit.selector);
        return _deployCode(d.encode());
    }

    /// @dev Payments in ether to two, and `withdraw` by name, under a limit on all wrapped ether.
    function _wrapped(address weth) private returns (address) {
        Draft memory d;
        d.limit("weth-day", weth, 1 ether, ProgramBuilder.DAY, true, 0);
        d.declare(weth);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.NATIVE | ProgramBuilder.ANY_SELECTOR, alice, 0);
        d.matching(ProgramBuilder.NATIVE | ProgramBuilder.ANY_SELECTOR, stranger, 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.OPAQUE, weth, WETH.withdraw.selector);
        return _deployCode(d.encode());
    }
}
