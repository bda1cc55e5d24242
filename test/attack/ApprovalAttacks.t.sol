// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {RaisingToken} from "../tokens/Odd.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveAllowances, NaiveDay, NaiveMeter} from "./naive/NaiveLimits.sol";

/// @notice Money that the account does not send, but lets somebody fetch.
contract ApprovalAttacks is AttackTest {
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
}
