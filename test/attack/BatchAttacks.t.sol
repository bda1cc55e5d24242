// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {IMultiSend, ISafe} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveBatches, NaivePerPayment, NaiveVeto} from "./naive/NaivePayees.sol";

/// @notice Batches that say one thing to a reader and do another.
contract BatchAttacks is AttackTest {
    /// @dev MultiSend 1.5.0 takes a target of zero for the account.
    function table_aZeroTargetHidesTheAccount(Edition newer)
        public
        attack(newer, "batch-zero-target", "a batch leg to zero, which MultiSend 1.5.0 sends to the account")
    {
        _protect(_treasury());
        uint256 before = safe.isModuleEnabled(stranger) ? 1 : 0;
        _attempt(_batch(_list(_call(address(0), abi.encodeCall(ISafe.enableModule, (stranger))))));
        _because(Reason.NoRule);
        _observe(before, safe.isModuleEnabled(stranger) ? 1 : 0);
    }

    function table_aBadLegHidesAmongGoodOnes(Edition edition)
        public
        attack(edition, "batch-bad-leg", "one payment to a thief among payments to the payroll")
    {
        _protect(_treasury());
        _try(_batch(_list(_pay(alice, LOOT), _pay(stranger, LOOT), _pay(bob, LOOT))), Reason.NoRule);
    }

    function table_aBadLegHidesInABatchWithinABatch(Edition edition)
        public
        attack(edition, "batch-in-batch", "a payment to a thief in a batch that is a leg of a batch")
    {
        _under(_naive(1), _treasury());
        _try(_nested(_pay(stranger, LOOT), 1), Reason.NoRule);
    }

    function table_aBadLegHidesOnTheThirdLevel(Edition edition)
        public
        attack(edition, "batch-third-level", "a payment to a thief three batches deep")
    {
        _under(_naive(2), _treasury());
        _try(_nested(_pay(stranger, LOOT), 2), Reason.BatchTooDeep);
    }

    /// @dev The harmless batch stands where a careless reader looks, the other where the offset points.
    function table_theOffsetPointsAtAnotherBatch(Edition edition)
        public
        attack(edition, "batch-wrong-offset", "a harmless batch in the usual place, another where the offset points")
    {
        _under(_naive(1), _treasury());
        bytes memory first = abi.encode(_pack(_list(_pay(alice, LOOT)))); // offset, length, padded bytes
        bytes memory second = abi.encode(_pack(_list(_pay(stranger, LOOT))));
        bytes memory body = bytes.concat(first, _tail(second, 32));
        uint256 offset = first.length;
        assembly ("memory-safe") {
            mstore(add(body, 32), offset)
        }
        _try(_delegate(kit.multiSend, bytes.concat(IMultiSend.multiSend.selector, body)), Reason.MalformedBatch);
    }

    /// @dev MultiSend reads on behind the end, where there are zeros, and the token does not mind them.
    function table_theLastLegClaimsMoreDataThanThereIs(Edition edition)
        public
        attack(edition, "batch-over-long-length", "a last leg that claims more data than the batch has")
    {
        _under(_naive(1), _treasury());
        Action memory leg = _pay(stranger, LOOT);
        bytes memory packed = abi.encodePacked(leg.operation, leg.to, leg.value, leg.data.length + 32, leg.data);
        _tryPacked(bytes.concat(_pack(_list(_pay(alice, LOOT))), packed), Reason.MalformedBatch);
    }

    /// @dev Operation, target and value are there; the length is read behind the end as zero.
    function table_bytesBehindTheLastLegAreALegToo(Edition edition)
        public
        attack(edition, "batch-truncated-leg", "53 trailing bytes, which MultiSend takes for a payment in ether")
    {
        _under(_naive(1), _treasury());
        uint256 before = stranger.balance;
        bytes memory cut = abi.encodePacked(uint8(0), stranger, uint256(1 ether));
        _attempt(_packed(bytes.concat(_pack(_list(_pay(alice, LOOT))), cut)));
        _because(Reason.MalformedBatch);
        _observe(before, stranger.balance);
    }

    /// @dev What was announced and cancelled comes back in other bytes that mean the same.
    function table_paddingGivesAVetoedBatchAnotherName(Edition edition)
        public
        attack(edition, "batch-dirty-padding", "a vetoed batch again, with other bytes in its padding")
    {
        NaiveVeto naive = new NaiveVeto();
        _under(address(naive), _treasury());
        Action memory vetoed = _batch(_list(_pay(vendor, LOOT)));
        naive.veto(vetoed);
        assertFalse(_attempt(vetoed), "vetoed, or not announced");
        _because(Reason.NotAnnounced);

        vetoed.data[vetoed.data.length - 1] = 0x01;
        uint256 before = usdc.balanceOf(vendor);
        _attempt(vetoed);
        _because(Reason.MalformedBatch);
        _observe(before, usdc.balanceOf(vendor));
    }

    /// @dev A cap per payment, met by many small payments at once.
    function table_aLimitIsSplitOverOneBatch(Edition edition)
        public
        attack(edition, "limit-split-over-a-batch", "more than a day's cap, in payments that each are small enough")
    {
        _under(address(new NaivePerPayment(address(usdc), alice, MOST)), _treasury());
        uint256 before = _excess(CAP);
        Action[] memory legs = new Action[](8);
        for (uint256 i; i < 8; i++) {
            legs[i] = _pay(alice, MOST);
        }
        _attempt(_batch(legs));
        _because(Reason.LimitExceeded);
        _observe(before, _excess(CAP));
    }

    function _naive(uint256 depth) private returns (address) {
        return address(new NaiveBatches(address(usdc), alice, depth));
    }

    function _try(Action memory a, Reason reason) private {
        uint256 before = usdc.balanceOf(stranger);
        _attempt(a);
        _because(reason);
        _observe(before, usdc.balanceOf(stranger));
    }

    function _tryPacked(bytes memory packed, Reason reason) private {
        _try(_packed(packed), reason);
    }

    function _packed(bytes memory packed) private view returns (Action memory) {
        return _delegate(kit.multiSend, abi.encodeCall(IMultiSend.multiSend, (packed)));
    }

    /// @dev `a`, beside a harmless payment, in a batch that `deeper` batches hold.
    function _nested(Action memory a, uint256 deeper) private view returns (Action memory batch) {
        batch = _batchThrough(kit.multiSend, _list(_pay(alice, LOOT), a));
        for (uint256 i; i < deeper; i++) {
            batch = _batchThrough(kit.multiSend, _list(_pay(alice, LOOT), batch));
        }
    }

    function _tail(bytes memory data, uint256 from) private pure returns (bytes memory tail) {
        tail = new bytes(data.length - from);
        for (uint256 i; i < tail.length; i++) {
            tail[i] = data[from + i];
        }
    }
}
