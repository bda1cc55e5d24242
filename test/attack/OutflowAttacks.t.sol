// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Module, Receiver} from "../base/Actors.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {ISafe} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {OldToken} from "../tokens/Odd.sol";
import {Token} from "../tokens/Token.sol";
import {ATTACK_VM, AttackTest} from "./AttackTest.sol";
import {NaiveDay} from "./naive/NaiveLimits.sol";
import {NaiveBlocklist, NaivePayees} from "./naive/NaivePayees.sol";
import {VM} from "../base/Vm.sol";

/// @notice Ways money leaves beside the transfer that everybody looks at.
contract OutflowAttacks is AttackTest {
    /// @dev Two signatures, honestly given for what a broken screen showed.
    function table_ownersSignAPaymentToTheThief(Edition edition)
        public
        attack(edition, "payment-to-the-thief", "a payment that the owners signed because a screen lied")
    {
        _protect(_treasury());
        uint256 before = usdc.balanceOf(stranger);
        _attempt(_pay(stranger, LOOT));
        _because(Reason.NoRule);
        _observe(before, usdc.balanceOf(stranger));
    }

    function table_aModuleGoesPastTheOwners(Edition newer)
        public
        attack(newer, "module-bypass", "a module pays the thief past a guard that stands in one slot of two")
    {
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        if (protected) {
            _protect(_treasury());
        } else {
            address naive = address(new NaivePayees(address(usdc), alice));
            _execute(_call(address(safe), abi.encodeCall(ISafe.setGuard, (naive))));
        }
        uint256 before = usdc.balanceOf(stranger);
        _byModule(_pay(stranger, LOOT));
        _because(Reason.NoRule);
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev A module's call may fail without a revert, and then nothing was spent.
    function table_aModulesFailureBurnsTheLimit(Edition newer)
        public
        attack(newer, "module-failure-burns-the-limit", "a module uses a day's limit up with payments that fail")
    {
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        _under(address(new NaiveDay(address(usdc), CAP)), _treasury());
        uint256 due = _control(_threePayments(), alice, START);
        // The token refuses it, for the account holds no such token any more.
        VM.prank(address(safe));
        usdc.transfer(stranger, FUNDS);
        for (uint256 i; i < CAP / MOST_MODULE; i++) {
            _byModule(_pay(alice, MOST_MODULE));
        }
        VM.prank(stranger);
        usdc.transfer(address(safe), FUNDS);
        _attempt(_threePayments());
        _observe(due, usdc.balanceOf(alice));
    }

    /// @dev With safeTxGas set, a Safe goes on when the execution failed, and bookkeeping with it.
    function table_anExecutionThatFailsIsBooked(Edition edition)
        public
        attack(edition, "failed-execution-booked", "safeTxGas lets a payment fail and its charge stand")
    {
        _under(address(new NaiveDay(address(usdc), CAP)), _treasury());
        uint256 due = _control(_threePayments(), alice, START);
        VM.prank(address(safe));
        usdc.transfer(stranger, FUNDS);
        _attempt(_calldata(_threePayments(), 300_000, 0, 0));
        _because(Reason.GasRefund);
        VM.prank(stranger);
        usdc.transfer(address(safe), FUNDS);
        _attempt(_threePayments());
        _observe(due, usdc.balanceOf(alice));
    }

    /// @dev The signed gas price pays the refund receiver in a token.
    function table_theGasRefundPaysTheThief(Edition edition)
        public
        attack(edition, "gas-refund-token", "a gas price in USDC pays the refund receiver beside a harmless call")
    {
        _under(address(new NaivePayees(address(usdc), alice)), _treasury());
        uint256 before = usdc.balanceOf(stranger);
        _refund(address(usdc), 10);
        _observe(before, usdc.balanceOf(stranger));
    }

    function table_theGasRefundPaysTheThiefInEther(Edition edition)
        public
        attack(edition, "gas-refund-native", "a gas price in ether pays the refund receiver beside a harmless call")
    {
        _under(address(new NaivePayees(address(usdc), alice)), _treasury());
        uint256 before = stranger.balance;
        // A Safe refunds no more ether than the executor's own gas costs.
        ATTACK_VM.txGasPrice(1 gwei);
        _refund(address(0), 1 gwei);
        ATTACK_VM.txGasPrice(0);
        _observe(before, stranger.balance);
    }

    function table_valueRidesBesideAPermittedTransfer(Edition edition)
        public
        attack(edition, "value-beside-a-transfer", "ether in the value field of a permitted token transfer")
    {
        // A token whose maker takes the ether.
        usdc = Token(address(new OldToken(address(safe), FUNDS, payable(stranger))));
        _under(address(new NaivePayees(address(usdc), alice)), _treasury());
        Action memory a = _pay(alice, LOOT);
        a.value = 1 ether;
        uint256 before = stranger.balance;
        _attempt(a);
        _because(Reason.NoRule);
        _observe(before, stranger.balance);
    }

    /// @dev A rule for native transfers, and a call that a reader of selectors takes for one.
    function table_fourZeroBytesPassForEmptyCalldata(Edition edition)
        public
        attack(edition, "selector-of-zeros", "calldata of four zero bytes under a rule for payments without calldata")
    {
        _tryCall(hex"00000000", Reason.NoRule);
    }

    function table_shortCalldataPassesForEmptyCalldata(Edition edition)
        public
        attack(edition, "short-calldata", "calldata of one byte under a rule for payments without calldata")
    {
        _tryCall(hex"00", Reason.ShortCalldata);
    }

    /// @dev An address is the low 20 bytes of a word, and some tokens look no further.
    function table_dirtyUpperBytesHideABlockedRecipient(Edition edition)
        public
        attack(edition, "dirty-address", "a blocked recipient behind dirty upper bytes, which the token ignores")
    {
        usdc = Token(address(new OldToken(address(safe), FUNDS, payable(stranger))));
        _under(address(new NaiveBlocklist(blocked)), _treasury());
        assertFalse(_attempt(_pay(blocked, LOOT)), "blocked when it is clean");
        _because(Reason.RuleDenies);
        uint256 word = 1 << 255 | uint160(blocked);
        uint256 before = usdc.balanceOf(blocked);
        _attempt(_call(address(usdc), abi.encodeWithSelector(usdc.transfer.selector, word, LOOT)));
        _because(Reason.NonCanonicalCalldata);
        _observe(before, usdc.balanceOf(blocked));
    }

    function _tryCall(bytes memory data, Reason reason) private {
        Receiver receiver = new Receiver();
        alice = address(receiver);
        _under(address(new NaivePayees(address(usdc), alice)), _treasury());
        uint256 before = receiver.calls();
        _attempt(Action(alice, 1, data, 0));
        _because(reason);
        _attempt(Action(alice, 0, data, 0));
        _because(reason);
        _observe(before, receiver.calls());
    }

    function _byModule(Action memory a) private {
        Verdict memory verdict = _checkModule(address(module), a);
        try module.execute(safe, a.to, a.value, a.data, a.operation) {
            if (protected) assertEq(uint256(verdict.reason), uint256(Reason.Allowed), "executed as check says");
        } catch (bytes memory returned) {
            _noteReason(returned);
        }
    }

    /// @dev The harmless call is a payment that a rule allows.
    function _refund(address token, uint256 gasPrice) private {
        SafeTx memory t = _safeTx(_pay(alice, LOOT));
        (t.baseGas, t.gasPrice, t.gasToken, t.refundReceiver) = (100_000, gasPrice, token, stranger);
        _attempt(_calldata(t));
        _because(Reason.GasRefund);
    }
}
