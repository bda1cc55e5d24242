// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {BombToken, FeeToken, SendingToken} from "../tokens/Odd.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveDay, NaiveFloor, NaiveMeter} from "./naive/NaiveLimits.sol";

/// @notice Tokens that do more than ERC-20 says, or less.
contract TokenAttacks is AttackTest {
    using ProgramBuilder for Draft;

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
}
