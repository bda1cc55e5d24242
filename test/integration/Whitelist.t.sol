// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request, Verdict} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";

contract WhitelistTest is TreasuryTest {
    function table_neverPaysAStranger(Edition edition) public installed(edition) {
        Verdict memory v = _denied(_pay(stranger, 1), Reason.NoRule);
        assertEq(v.rule, NO_RULE, "rule");
        assertEq(v.have, 2, "kind");
        assertEq(usdc.balanceOf(stranger), 0, "balance");
    }

    function table_neverPaysMoreThanTheRuleAllows(Edition edition) public installed(edition) {
        _denied(_pay(alice, MOST + 1), Reason.NoRule);
        _allowed(_pay(alice, MOST));
    }

    function table_aDenyingRuleDecidesBeforeALaterOneThatAllows(Edition edition) public installed(edition) {
        Verdict memory v = _denied(_pay(blocked, 1), Reason.RuleDenies);
        assertEq(v.rule, BLOCKED, "rule");
    }

    function table_neverSendsEtherToAStranger(Edition edition) public installed(edition) {
        _denied(_send(stranger, 1), Reason.NoRule);
        _denied(_send(alice, MOST_ETHER + 1), Reason.NoRule);
        assertEq(stranger.balance, 0, "balance");
    }

    function table_neverGrantsAnAllowance(Edition edition) public installed(edition) {
        _denied(_call(address(usdc), abi.encodeCall(usdc.approve, (alice, 1))), Reason.NoRule);
        _denied(
            _call(address(usdc), abi.encodeWithSignature("increaseAllowance(address,uint256)", alice, 1)), Reason.NoRule
        );
    }

    function table_neverMakesACallThatNoRuleNames(Edition edition) public installed(edition) {
        _denied(_call(stranger, hex"12345678"), Reason.NoRule);
        _denied(_call(stranger, ""), Reason.NoRule);
        _denied(_call(address(usdc), abi.encodeWithSignature("burn(uint256)", 1)), Reason.NoRule);
        _denied(_call(address(usdc), hex"00000000"), Reason.NoRule);
        _denied(_call(address(safe), abi.encodeCall(ISafe.enableModule, (stranger))), Reason.NoRule);
        _denied(_call(address(hook), abi.encodeCall(hook.announcedAt, (bytes32(0)))), Reason.NoRule);
    }

    function table_neverGuessesWhatCalldataMeans(Edition edition) public installed(edition) {
        bytes memory transfer = abi.encodeCall(usdc.transfer, (alice, 1));
        _denied(_call(address(usdc), hex"a9"), Reason.ShortCalldata);
        _denied(_call(alice, hex"a9059c"), Reason.ShortCalldata);
        _denied(_call(address(usdc), bytes.concat(transfer, hex"00")), Reason.NonCanonicalCalldata);
        _denied(
            _call(
                address(usdc),
                abi.encodeWithSelector(usdc.transfer.selector, uint256(uint160(alice)) | (1 << 160), uint256(1))
            ),
            Reason.NonCanonicalCalldata
        );
        _denied(
            _call(address(usdc), abi.encodePacked(usdc.transfer.selector, uint256(uint160(alice)))),
            Reason.NonCanonicalCalldata
        );
    }

    function table_aTransferFromElsewhereIsOpaque(Edition edition) public installed(edition) {
        Verdict memory v =
            _denied(_call(address(usdc), abi.encodeCall(usdc.transferFrom, (stranger, alice, 1))), Reason.NoRule);
        assertEq(v.have, 5, "kind");
    }

    function table_valueBesideACallIsAnEffectOfItsOwn(Edition edition) public installed(edition) {
        Action memory a = _pay(alice, 1);
        a.value = 1;
        Verdict memory v = _denied(a, Reason.NoRule);
        assertEq(v.effect, 0, "effect");
        assertEq(v.have, 1, "kind");
    }

    function table_neverDelegatecallsToAnythingButAMultiSend(Edition edition) public installed(edition) {
        _denied(_delegate(address(usdc), abi.encodeCall(usdc.transfer, (alice, 1))), Reason.DelegatecallDenied);
        _denied(_delegate(alice, ""), Reason.DelegatecallDenied);
        Action memory a = _batch(_list(_pay(alice, 1)));
        a.value = 1;
        _denied(a, Reason.DelegatecallValue);
    }

    function table_neverRefundsGas(Edition edition) public installed(edition) {
        _deniedWithGas(1, 0);
        _deniedWithGas(0, 1);
        _deniedWithGas(1, 1);
        // baseGas alone pays for nothing.
        (bool ok,) = address(safe).call(_calldata(_pay(alice, 1), 0, 5, 0));
        assertTrue(ok, "base gas");
    }

    function table_paysWhomARuleNames(Edition edition) public installed(edition) {
        Verdict memory v = _allowed(_pay(alice, 5e6));
        assertEq(v.rule, PAYROLL, "rule");
        assertEq(v.effect, 1, "effects");
        assertEq(usdc.balanceOf(alice), 5e6, "alice");
        _allowed(_call(address(usdc), abi.encodeCall(usdc.transfer, (bob, 7e6))));
        assertEq(usdc.balanceOf(bob), 7e6, "bob");
        v = _allowed(_send(alice, MOST_ETHER));
        assertEq(v.rule, NATIVE, "rule");
        assertEq(alice.balance, MOST_ETHER, "ether");
    }

    function table_aTransferFromTheAccountItselfIsATransfer(Edition edition) public installed(edition) {
        Action memory pull = _call(address(usdc), abi.encodeCall(usdc.transferFrom, (address(safe), alice, 1)));
        assertEq(_check(pull).rule, PAYROLL, "rule");
        pull.data = abi.encodeCall(usdc.transferFrom, (address(safe), stranger, 1));
        _denied(pull, Reason.NoRule);
    }

    function table_managesOwnersUnderARuleThatNamesTheAccount(Edition edition) public installed(edition) {
        Verdict memory v = _allowed(_call(address(safe), abi.encodeCall(ISafe.addOwnerWithThreshold, (stranger, 2))));
        assertEq(v.rule, OWNERS, "rule");
        assertTrue(safe.isOwner(stranger), "owner");
    }

    function _deniedWithGas(uint256 safeTxGas, uint256 gasPrice) private {
        Request memory r = _request(_pay(alice, 1));
        (r.safeTxGas, r.gasPrice) = (safeTxGas, gasPrice);
        Verdict memory v = hook.check(address(safe), r);
        assertEq(uint256(v.reason), uint256(Reason.GasRefund), "check");
        (bool ok, bytes memory returned) = address(safe).call(_calldata(_pay(alice, 1), safeTxGas, 0, gasPrice));
        assertFalse(ok, "executed");
        assertEq(returned, _denial(v), "revert");
    }
}
