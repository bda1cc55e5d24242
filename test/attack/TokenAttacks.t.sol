// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {BombToken, Collectible, FeeToken, RaisingToken, SendingToken, Vault} from "../tokens/Odd.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveAllowances, NaiveDay, NaiveFloor, NaiveMeter} from "./naive/NaiveLimits.sol";
import {NaiveTarget} from "./naive/NaivePayees.sol";
import {ERC4626} from "solady/tokens/ERC4626.sol";
import {WETH} from "solady/tokens/WETH.sol";

/// @notice Tokens give more ways to be moved than `transfer`.
contract TokenAttacks is AttackTest {
    using ProgramBuilder for Draft;

    function table_anAllowanceIsGrantedAndDrawn(Edition edition)
        public
        attack(edition, "approve-to-the-thief", "an allowance for a thief, who draws it")
    {
        _protect(_treasury());
        uint256 before = usdc.balanceOf(stranger);
        _attempt(_approve(stranger, LOOT));
        _because(Reason.NoRule);
        _draw(stranger, LOOT);
        _observe(before, usdc.balanceOf(stranger));
    }

    function table_anAllowanceGoesPastTheLimit(Edition edition)
        public
        attack(edition, "limit-evaded-by-approve", "a cap by transfer, and another one by approve")
    {
        _under(_naiveDay(), _everywhereDay());
        uint256 before = _excess(CAP);
        _attempt(_threePayments());
        _attempt(_approve(alice, CAP));
        _because(Reason.LimitExceeded);
        _draw(alice, CAP);
        _observe(before, _excess(CAP));
    }

    function table_aRaisedAllowanceGoesPastTheLimit(Edition edition)
        public
        attack(edition, "limit-evaded-by-increase-allowance", "a cap by transfer, and another one by increaseAllowance")
    {
        usdc = new RaisingToken(address(safe), FUNDS);
        _under(_naiveDay(), _everywhereDay());
        uint256 before = _excess(CAP);
        _attempt(_threePayments());
        _attempt(_call(address(usdc), abi.encodeCall(RaisingToken.increaseAllowance, (alice, CAP))));
        _because(Reason.LimitExceeded);
        _draw(alice, CAP);
        _observe(before, _excess(CAP));
    }

    /// @dev A balance shows nothing when an allowance is granted, and nobody looks when it is drawn.
    function table_anAllowanceIsDrawnDaysLater(Edition edition)
        public
        attack(edition, "allowance-drawn-days-later", "an allowance beyond the cap, drawn when no request executes")
    {
        _under(address(new NaiveMeter(address(usdc), address(0), CAP)), _everywhereDay());
        uint256 before = _excess(CAP);
        _attempt(_approve(alice, CAP + LOOT));
        _because(Reason.LimitExceeded);
        VM.warp(START + 3 days);
        _draw(alice, CAP + LOOT);
        _observe(before, _excess(CAP));
    }

    function table_anAllowanceIsGrantedAgainAfterItWasDrawn(Edition edition)
        public
        attack(edition, "allowance-renewed", "the same allowance again after it was drawn, so that it raises nothing")
    {
        _under(address(new NaiveAllowances(address(usdc), CAP)), _everywhereDay());
        uint256 before = _excess(CAP);
        for (uint256 i; i < 2; i++) {
            _attempt(_approve(alice, CAP));
            _draw(alice, CAP);
        }
        _because(Reason.LimitExceeded);
        _observe(before, _excess(CAP));
    }

    /// @dev `transferFrom(account, …)` moves the same money under another selector.
    function table_transferFromTheAccountItself(Edition edition)
        public
        attack(edition, "limit-evaded-by-transfer-from", "a cap by transfer, and another one by transferFrom of itself")
    {
        _execute(_approve(address(safe), type(uint256).max));
        _under(_naiveDay(), _treasury());
        uint256 before = _excess(CAP);
        _attempt(_threePayments());
        _attempt(_call(address(usdc), abi.encodeCall(usdc.transferFrom, (address(safe), alice, MOST))));
        _because(Reason.LimitExceeded);
        _observe(before, _excess(CAP));
    }

    /// @dev Even where a rule allows the selector by name.
    function table_aTokenIsSentAsERC777Does(Edition edition)
        public
        attack(edition, "limit-evaded-by-erc777-send", "a cap by transfer, and another one by an ERC-777's send")
    {
        usdc = new SendingToken(address(safe), FUNDS);
        _under(_naiveDay(), _sending());
        uint256 before = _excess(CAP);
        _attempt(_threePayments());
        _attempt(_call(address(usdc), abi.encodeCall(SendingToken.send, (alice, CAP, ""))));
        _because(Reason.OpaqueUnderEverywhere);
        _observe(before, _excess(CAP));
    }

    function table_aTokenKeepsAFee(Edition edition)
        public
        attack(edition, "fee-on-transfer", "a token that delivers half, under a cap on what is delivered")
    {
        usdc = new FeeToken(address(safe), FUNDS);
        _under(address(new NaiveMeter(address(usdc), alice, CAP)), _treasury());
        uint256 before = _excess(CAP);
        _attempt(_threePayments());
        _attempt(_threePayments());
        _because(Reason.LimitExceeded);
        _observe(before, _excess(CAP));
    }

    function table_aVaultPaysSomebodyElse(Edition edition)
        public
        attack(edition, "vault-redeemed-to-a-stranger", "shares of a permitted vault, redeemed to a thief")
    {
        Vault vault = new Vault(address(usdc));
        _execute(
            _batch(
                _list(
                    _approve(address(vault), FUNDS),
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

    /// @dev One bad token among the declared ones, and the account pays in none.
    function table_aTokenAnswersAtLength(Edition edition)
        public
        attack(edition, "returndata-bomb", "a token whose answer is so long that no request of the account has the gas")
    {
        BombToken bomb = new BombToken(address(safe), FUNDS);
        _under(address(new NaiveFloor(address(bomb), 1)), _withBomb(address(bomb)));
        uint256 due = _control(_pay(alice, LOOT), alice, START);
        bomb.arm();
        bytes memory data = _calldata(_pay(alice, LOOT));
        (bool paid,) = address(safe).call{gas: 5_000_000}(data);
        assertTrue(paid == protected, "executed");
        _observe(due, usdc.balanceOf(alice));
    }

    function _naiveDay() private returns (address) {
        return address(new NaiveDay(address(usdc), CAP));
    }

    function _approve(address spender, uint256 amount) private view returns (Action memory) {
        return _call(address(usdc), abi.encodeCall(usdc.approve, (spender, amount)));
    }

    /// @dev Draws whatever the account let it.
    function _draw(address spender, uint256 amount) private {
        VM.prank(spender);
        try usdc.transferFrom(address(safe), spender, amount) {} catch {}
    }

    /// @dev Payments to alice, and `send` by name, under one limit on everything.
    function _sending() private returns (address) {
        Draft memory d;
        d.limit("usdc-day", address(usdc), CAP, ProgramBuilder.DAY, true, 0);
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.OPAQUE, address(usdc), SendingToken.send.selector);
        return _deployCode(d.encode());
    }

    /// @dev Transfers of two tokens, both under limits.
    function _withBomb(address bomb) private returns (address) {
        Draft memory d;
        d.limit("bomb-day", bomb, CAP, ProgramBuilder.DAY, true, 0);
        d.limit("usdc-day", address(usdc), CAP, ProgramBuilder.DAY, true, 0);
        d.declare(address(usdc));
        d.declare(bomb);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, bomb, 0);
        return _deployCode(d.encode());
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
