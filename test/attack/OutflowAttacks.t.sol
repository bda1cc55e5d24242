// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Module, Receiver} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Ways money leaves beside the transfer that everybody looks at. Each works without Portcullis.
contract OutflowAttacks is TreasuryTest {
    /// @dev Two signatures, honestly given for what a broken screen showed.
    function table_ownersSignAPaymentToTheThief(Edition edition) public on(edition) {
        Action memory attack = _pay(stranger, 1e6);
        _execute(attack);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");
        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.NoRule);
        assertEq(usdc.balanceOf(stranger), 1e6, "INV-1");
    }

    function table_anAllowanceIsGrantedAndDrawnLater(Edition edition) public on(edition) {
        Action memory attack = _call(address(usdc), abi.encodeCall(usdc.approve, (stranger, 1e6)));
        _execute(attack);
        VM.prank(stranger);
        usdc.transferFrom(address(safe), stranger, 1e6);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.NoRule);
        assertEq(usdc.allowance(address(safe), stranger), 0, "INV-1");
    }

    /// @dev `transferFrom(account, …)` moves the same money under another selector.
    function table_transferFromTheAccountItself(Edition edition) public on(edition) {
        _execute(_call(address(usdc), abi.encodeCall(usdc.approve, (address(safe), type(uint256).max))));
        Action memory attack = _call(address(usdc), abi.encodeCall(usdc.transferFrom, (address(safe), stranger, 1e6)));
        _execute(attack);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.NoRule);
        Action memory pull = _call(address(usdc), abi.encodeCall(usdc.transferFrom, (address(safe), alice, MOST)));
        _allowed(_batch(_list(pull, pull, pull)));
        _denied(pull, Reason.LimitExceeded);
        assertEq(usdc.balanceOf(stranger), 1e6, "INV-1");
    }

    /// @dev The signed gas price pays the refund receiver in a token.
    function table_theGasRefundPaysTheThief(Edition edition) public on(edition) {
        bytes memory attack = _refunding();
        (bool ok,) = address(safe).call(attack);
        assertTrue(ok && usdc.balanceOf(stranger) >= 1e6, "works without Portcullis");
        uint256 stolen = usdc.balanceOf(stranger);

        _install(_treasury(), CHANGE_DELAY);
        bytes memory returned;
        (ok, returned) = address(safe).call(_refunding());
        assertFalse(ok, "executed");
        assertEq(returned, _denial(Verdict(Reason.GasRefund, 0, NO_RULE, 0, 0, 10)), "why");
        assertEq(usdc.balanceOf(stranger), stolen, "INV-1");
    }

    /// @dev With safeTxGas set, a Safe goes on when the execution failed, and bookkeeping with it.
    function table_anExecutionThatFailsIsBooked(Edition edition) public on(edition) {
        Action memory attack = _pay(alice, FUNDS + 1);
        uint256 nonce = safe.nonce();
        (bool ok,) = address(safe).call(_calldata(attack, 100_000, 0, 0));
        assertTrue(ok && safe.nonce() == nonce + 1, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        nonce = safe.nonce();
        (ok,) = address(safe).call(_calldata(_pay(alice, 1), 100_000, 0, 0));
        assertFalse(ok || safe.nonce() != nonce, "INV-3");
    }

    function test_aModuleGoesPastTheOwners() public on(Edition.V150) {
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        bytes memory data = abi.encodeCall(usdc.transfer, (stranger, 1e6));
        module.execute(safe, address(usdc), 0, data, 0);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        Verdict memory v = _checkModule(address(module), _pay(stranger, 1e6));
        VM.expectRevert(_denial(v));
        module.execute(safe, address(usdc), 0, data, 0);
        assertEq(usdc.balanceOf(stranger), 1e6, "INV-1");
    }

    /// @dev The outer request is one that a rule allows; the inner one is signed like any other.
    function table_aPaymentHidesInANestedRequest(Edition edition) public on(edition) {
        _execute(_nesting(_pay(stranger, 1e6)));
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        Action memory attack = _nesting(_pay(stranger, 1e6));
        assertEq(uint256(_check(attack).reason), uint256(Reason.Allowed), "the outer request is allowed");
        (bool ok,) = address(safe).call(_calldata(attack));
        assertFalse(ok, "executed");
        assertEq(usdc.balanceOf(stranger), 1e6, "INV-1");

        // The inner one is charged, so nesting does not stretch a limit either.
        _execute(_nesting(_pay(alice, MOST)));
        _execute(_nesting(_nestingAt(_pay(alice, MOST), safe.nonce() + 2)));
        _execute(_nesting(_pay(alice, MOST)));
        (ok,) = address(safe).call(_calldata(_nesting(_pay(alice, 1))));
        assertFalse(ok || usdc.balanceOf(alice) != CAP, "INV-2");
    }

    /// @dev A rule for native transfers, and a call that a reader of selectors takes for one.
    function table_fourZeroBytesPassForEmptyCalldata(Edition edition) public on(edition) {
        Receiver receiver = new Receiver();
        alice = address(receiver);
        Action memory attack = Action(alice, 1, hex"00000000", 0);
        _execute(attack);
        assertEq(receiver.calls(), 1, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.NoRule);
        attack.value = 0;
        _denied(attack, Reason.NoRule);
        assertEq(receiver.calls(), 1, "INV-1");
        _allowed(_send(alice, 1));
    }

    function _refunding() private view returns (bytes memory) {
        SafeTx memory t = _safeTx(_call(address(usdc), abi.encodeCall(usdc.balanceOf, (alice))));
        (t.baseGas, t.gasPrice, t.gasToken, t.refundReceiver) = (100_000, 10, address(usdc), stranger);
        return _calldata(t);
    }
}
