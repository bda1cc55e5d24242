// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {IMultiSend, ISafe} from "../base/ISafe.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

contract BatchesTest is TreasuryTest {
    function table_oneBadLegDeniesTheWholeBatch(Edition edition) public installed(edition) {
        Action[] memory legs = _list(_pay(alice, 1), _pay(bob, 1), _pay(stranger, 1));
        Verdict memory v = _denied(_batch(legs), Reason.NoRule);
        assertEq(v.effect, 2, "the third");
        assertEq(usdc.balanceOf(alice) + usdc.balanceOf(bob), 0, "nobody is paid");
    }

    function table_neverJudgesAZeroTargetAsAStranger_whereMultiSendMakesItTheAccount(Edition edition)
        public
        installed(edition)
    {
        // To the account it would be owner management under a rule; to zero it is a call that no rule names.
        Action memory a = _call(address(0), abi.encodeCall(ISafe.addOwnerWithThreshold, (stranger, 2)));
        Verdict memory v = _check(_batch(_list(a)));
        if (guardsModules) {
            assertEq(v.rule, OWNERS, "judged as the account");
            _allowed(_batch(_list(a)));
            assertTrue(safe.isOwner(stranger), "and executed as the account");
            a.data = abi.encodeCall(ISafe.setGuard, (address(0)));
            _denied(_batch(_list(a)), Reason.SlotsNotStaged);
            a.data = abi.encodeCall(ISafe.enableModule, (stranger));
            _denied(_batch(_list(a)), Reason.NoRule);
        } else {
            _denied(_batch(_list(a)), Reason.NoRule);
        }
    }

    function table_neverUnwrapsACopyOfMultiSendElsewhere(Edition edition) public installed(edition) {
        // Its code holds its own address: where that is not the one known, the code is another.
        address copy = Safes.create(Safes.artifact(Safes.release(edition), "libraries/", "MultiSend"));
        _denied(_batchThrough(copy, _list(_pay(alice, 1))), Reason.DelegatecallDenied);
        VM.etch(copy, kit.multiSend.code);
        _denied(_batchThrough(copy, _list(_pay(alice, 1))), Reason.DelegatecallDenied);
    }

    function table_neverUnwrapsOtherCodeAtMultiSendsAddress(Edition edition) public installed(edition) {
        VM.etch(kit.multiSend, address(usdc).code);
        _denied(_batchThrough(kit.multiSend, _list(_pay(alice, 1))), Reason.DelegatecallDenied);
    }

    function table_neverAcceptsABatchThatCanBeReadInTwoWays(Edition edition) public installed(edition) {
        bytes memory good = abi.encodeCall(IMultiSend.multiSend, (_pack(_list(_pay(alice, 1)))));
        _malformed("");
        _malformed(abi.encodeCall(IMultiSend.multiSend, ("")));
        _malformed(bytes.concat(good, bytes32(0)));
        _malformed(bytes.concat(good, hex"00"));

        bytes memory changed = bytes.concat(good);
        changed[0x23] = 0x40; // the offset
        _malformed(changed);

        changed = bytes.concat(good);
        changed[changed.length - 1] = 0x01; // the padding
        _malformed(changed);

        changed = bytes.concat(good);
        changed[0x43] = bytes1(uint8(changed[0x43]) - 1); // the length
        _malformed(changed);

        bytes memory packed = _pack(_list(_pay(alice, 1)));
        _malformed(abi.encodeCall(IMultiSend.multiSend, (bytes.concat(packed, hex"00"))));
        packed[84] = bytes1(uint8(packed[84]) + 1); // the length of the first transaction's data
        _malformed(abi.encodeCall(IMultiSend.multiSend, (packed)));
    }

    function table_neverDelegatecallsOutOfACallOnlyBatch(Edition edition) public installed(edition) {
        Action memory inner = _batch(_list(_pay(alice, 1)));
        _denied(_batch(_list(inner)), Reason.BadOperation);
    }

    function table_neverDelegatecallsToAStrangerOutOfABatch(Edition edition) public installed(edition) {
        Action memory inner = _delegate(address(usdc), abi.encodeCall(usdc.transfer, (alice, 1)));
        _denied(_batchThrough(kit.multiSend, _list(inner)), Reason.DelegatecallDenied);
        inner.operation = 2;
        _denied(_batchThrough(kit.multiSend, _list(inner)), Reason.BadOperation);
    }

    function table_neverUnwrapsAThirdLevel(Edition edition) public installed(edition) {
        Action memory two = _batchThrough(kit.multiSend, _list(_batch(_list(_pay(alice, 1), _pay(bob, 2)))));
        Action memory three = _batchThrough(kit.multiSend, _list(two));
        _denied(three, Reason.BatchTooDeep);

        _allowed(two);
        assertEq(usdc.balanceOf(alice), 1, "alice");
        assertEq(usdc.balanceOf(bob), 2, "bob");
    }

    function table_aBatchOfAllowedLegsExecutes(Edition edition) public installed(edition) {
        Verdict memory v = _allowed(_batch(_list(_pay(alice, 1), _pay(bob, 2), _send(alice, 3))));
        assertEq(v.effect, 3, "effects");
        assertEq(v.rule, NATIVE, "the last one's rule");
        assertEq(usdc.balanceOf(alice), 1, "alice");
        assertEq(usdc.balanceOf(bob), 2, "bob");
        assertEq(alice.balance, 3, "ether");

        _allowed(_batchThrough(kit.multiSend, _list(_pay(alice, 1), _pay(bob, 2))));
        assertEq(usdc.balanceOf(bob), 4, "bob again");
    }

    function test_bothDeploymentsOf130Unwrap() public installed(Edition.V130) {
        _allowed(_batchThrough(Safes.MULTI_SEND_130, _list(_pay(alice, 1))));
        _allowed(_batchThrough(Safes.MULTI_SEND_130_EIP155, _list(_pay(alice, 1))));
        assertEq(usdc.balanceOf(alice), 2, "alice");
    }

    function _malformed(bytes memory data) private {
        _denied(_delegate(kit.multiSendCallOnly, data), Reason.MalformedBatch);
        _denied(_delegate(kit.multiSend, data), Reason.MalformedBatch);
    }
}
