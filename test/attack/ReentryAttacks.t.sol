// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {ISafe} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {CallingToken} from "../tokens/Odd.sol";
import {ATTACK_VM, AttackTest} from "./AttackTest.sol";
import {NaiveAfterthought} from "./naive/NaiveControl.sol";

/// @notice Requests inside requests: by refunds, which come before a guard's last look, and by a call that a rule allows.
contract ReentryAttacks is AttackTest {
    function table_aTokenRefundReenters(Edition edition)
        public
        attack(edition, "refund-reentry-token", "the token of a gas refund re-enters while the guard is off")
    {
        address naive = address(new NaiveAfterthought(address(usdc)));
        CallingToken token = new CallingToken(address(safe), FUNDS);
        _under(naive, _treasury());
        SafeTx memory outer = _outer(address(token));
        token.leaveCall(address(safe), _inner(naive));
        _run(outer);
    }

    /// @dev Safe 1.5.0 refunds ether with a call; older ones with `send`, whose gas is too little.
    function table_aNativeRefundReenters(Edition newer)
        public
        attack(newer, "refund-reentry-native", "the receiver of a gas refund in ether re-enters while the guard is off")
    {
        address naive = address(new NaiveAfterthought(address(usdc)));
        ReenteringReceiver receiver = new ReenteringReceiver();
        _under(naive, _treasury());
        SafeTx memory outer = _outer(address(0));
        outer.refundReceiver = address(receiver);
        receiver.leaveCall(address(safe), _inner(naive));
        ATTACK_VM.txGasPrice(1);
        _run(outer);
    }

    /// @dev The outer request is one that a rule allows; the inner one is signed like any other.
    function table_aPaymentHidesInANestedRequest(Edition edition)
        public
        attack(edition, "nested-request", "a payment to a thief in a request that an allowed call executes")
    {
        _protect(_treasury());
        uint256 before = usdc.balanceOf(stranger);
        _attempt(_nesting(_pay(stranger, LOOT)));
        if (protected) assertEq(uint256(_check(_nesting(_pay(stranger, LOOT))).reason), 0, "the outer one is allowed");
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev Takes the guard off, which this guard lets pass as it looks for itself in the end, and asks for a refund.
    function _outer(address gasToken) private view returns (SafeTx memory t) {
        t = _safeTx(_call(address(safe), abi.encodeCall(ISafe.setGuard, (address(0)))));
        // With a gas price, the execution gets no more gas than this.
        t.safeTxGas = 100_000;
        (t.baseGas, t.gasPrice, t.gasToken, t.refundReceiver) = (100_000, 1, gasToken, stranger);
    }

    /// @dev Pays the thief while there is no guard, and puts it back.
    function _inner(address naive) private view returns (bytes memory) {
        Action memory back = _call(address(safe), abi.encodeCall(ISafe.setGuard, (naive)));
        SafeTx memory t = _safeTx(_batch(_list(_pay(stranger, LOOT), back)));
        t.nonce = safe.nonce() + 1;
        return _calldata(t);
    }

    function _run(SafeTx memory outer) private {
        uint256 before = usdc.balanceOf(stranger);
        _attempt(_calldata(outer));
        _because(Reason.GasRefund);
        ATTACK_VM.txGasPrice(0);
        _observe(before, usdc.balanceOf(stranger));
    }
}

/// @notice Makes a call that was left with it when it is paid.
contract ReenteringReceiver {
    address private _target;
    bytes private _data;

    function leaveCall(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    receive() external payable {
        (bool ok,) = _target.call(_data);
        require(ok, "the call that was left");
    }
}
