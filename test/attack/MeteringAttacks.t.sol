// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ITransactionGuard} from "../../contracts/interfaces/ITransactionGuard.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Puller, Runner} from "../base/Actors.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {SurchargeToken} from "../tokens/Odd.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveBalance, NaiveDay} from "./naive/NaiveLimits.sol";

/// @notice More than the cap leaves by ways that calldata does not declare. The account has allowed a contract, before
/// anybody guarded it, to take what it wants; rules let it be called.
contract MeteringAttacks is AttackTest {
    using ProgramBuilder for Draft;

    Puller private puller = new Puller();
    Runner private runner = new Runner();

    function table_anOlderAllowanceIsDrawn(Edition edition)
        public
        attack(edition, "old-allowance-drawn", "a cap by transfer, and another one by a contract allowed long before")
    {
        _begin(address(new NaiveDay(address(usdc), CAP)));
        uint256 before = _excess(CAP);
        Action[] memory legs = new Action[](4);
        (legs[0], legs[1], legs[2], legs[3]) = (_pay(alice, MOST), _pay(alice, MOST), _pay(alice, MOST), _pull(CAP));
        _turn(_batch(legs));
        _observe(before, _excess(CAP));
    }

    function table_aTokenTakesMoreThanItIsTold(Edition edition)
        public
        attack(edition, "surcharge-on-transfer", "a token that burns as much as it transfers, under a cap on transfers")
    {
        usdc = new SurchargeToken(address(safe), FUNDS);
        _begin(address(new NaiveDay(address(usdc), CAP)));
        uint256 before = _excess(CAP);
        _turn(_threePayments());
        _observe(before, _excess(CAP));
    }

    /// @dev Both are of one amount, so that the one might be taken for the other.
    function table_anAllowanceHidesADraw(Edition edition)
        public
        attack(edition, "allowance-hides-a-draw", "an allowance of the cap, beside a draw of it by an older allowance")
    {
        _begin(address(new NaiveBalance(address(usdc), CAP)));
        uint256 before = _excess(CAP);
        _turn(_batch(_list(_call(address(usdc), abi.encodeCall(usdc.approve, (alice, CAP))), _pull(CAP))));
        VM.prank(alice);
        try usdc.transferFrom(address(safe), alice, CAP) {} catch {}
        _observe(before, _excess(CAP));
    }

    /// @dev What the inner request finds would be what the outer one began with.
    function table_aNestedRequestNotesTheBalanceAnew(Edition edition)
        public
        attack(edition, "balance-noted-anew", "half is drawn before a request inside the request, and half behind it")
    {
        _begin(address(new NaiveBalance(address(usdc), CAP)));
        uint256 before = _excess(CAP);
        Action memory inner = _pay(alice, 0);
        SafeTx memory t = _safeTx(inner);
        t.nonce++;
        bytes memory data =
            abi.encodeCall(Puller.pullAround, (address(usdc), alice, 2 * CAP, address(safe), _calldata(t)));
        _turn(_call(address(puller), data));
        _observe(before, _excess(CAP));
    }

    /// @dev Code that runs as the account can call what only the account may.
    function table_trustedCodeEndsTheMeteringItself(Edition edition)
        public
        attack(edition, "metering-ended-early", "allowed delegatecall calls checkAfterExecution, then pays two caps")
    {
        address naive = address(new NaiveBalance(address(usdc), CAP));
        _begin(naive);
        uint256 before = _excess(CAP);
        bytes memory end = abi.encodeCall(ITransactionGuard.checkAfterExecution, (bytes32(0), true));
        Action[] memory calls = _list(_call(protected ? address(hook) : naive, end), _pay(alice, 2 * CAP));
        _turn(_delegate(address(runner), abi.encodeCall(Runner.run, (calls))));
        _observe(before, _excess(CAP));
    }

    function _begin(address naive) private {
        _execute(_call(address(usdc), abi.encodeCall(usdc.approve, (address(puller), type(uint256).max))));
        _under(naive, _metered());
    }

    /// @dev What comes before allows it; what comes after does not.
    function _turn(Action memory a) private {
        if (protected) assertEq(uint256(_check(a).reason), uint256(Reason.Allowed), "allowed before");
        _attempt(_calldata(a));
        _because(Reason.BalanceExceeded);
    }

    function _pull(uint256 amount) private view returns (Action memory) {
        return _call(address(puller), abi.encodeCall(Puller.pull, (address(usdc), alice, amount)));
    }

    /// @dev Everything that the attacks do is allowed, under one limit.
    function _metered() private returns (address) {
        Draft memory d;
        uint8 metered = ProgramBuilder.EVERYWHERE | ProgramBuilder.METERS;
        d.limit("usdc-day", address(usdc), CAP, ProgramBuilder.DAY, metered, 0);
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        _anyTransfer(d);
        d.matching(ProgramBuilder.APPROVE | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, address(puller), 0);
        d.matching(ProgramBuilder.DELEGATECALL | ProgramBuilder.ANY_SELECTOR, address(runner), 0);
        return _deployCode(d.encode());
    }
}
