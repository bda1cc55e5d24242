// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {IMultiSend, ISafe} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";

/// @notice Batches that say one thing to a reader and do another. Each works without Portcullis.
contract BatchAttacks is TreasuryTest {
    /// @dev MultiSend 1.5.0 takes a target of zero for the account.
    function test_aZeroTargetHidesTheAccount() public on(Edition.V150) {
        Action memory enable = _call(address(0), abi.encodeCall(ISafe.enableModule, (stranger)));
        Action memory attack = _batch(_list(enable));
        _execute(attack);
        assertTrue(safe.isModuleEnabled(stranger), "works without Portcullis");
        _execute(_call(address(safe), abi.encodeCall(ISafe.disableModule, (address(1), stranger))));

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.NoRule);
        assertFalse(safe.isModuleEnabled(stranger), "INV-1");
    }

    function table_aBadLegHidesAmongGoodOnes(Edition edition) public on(edition) {
        Action memory attack = _batch(_list(_pay(alice, 1e6), _pay(stranger, 1e6), _pay(bob, 1e6)));
        _works(attack);
        _install(_treasury(), CHANGE_DELAY);
        _refused(attack, Reason.NoRule);
    }

    function table_aBadLegHidesInABatchWithinABatch(Edition edition) public on(edition) {
        Action memory inner = _batchThrough(kit.multiSend, _list(_pay(stranger, 1e6)));
        Action memory attack = _batchThrough(kit.multiSend, _list(_pay(alice, 1e6), inner));
        _works(attack);
        _install(_treasury(), CHANGE_DELAY);
        _refused(attack, Reason.NoRule);
    }

    /// @dev The harmless batch stands where a careless reader looks, the other where the offset points.
    function table_theOffsetPointsAtAnotherBatch(Edition edition) public on(edition) {
        bytes memory harmless = _pack(_list(_pay(alice, 1e6)));
        bytes memory harmful = _pack(_list(_pay(stranger, 1e6)));
        bytes memory first = abi.encode(harmless); // offset, length, padded bytes
        bytes memory second = abi.encode(harmful);
        bytes memory body = bytes.concat(first, _tail(second, 32));
        uint256 offset = first.length;
        assembly ("memory-safe") {
            mstore(add(body, 32), offset)
        }
        Action memory attack = _delegate(kit.multiSend, bytes.concat(IMultiSend.multiSend.selector, body));
        _works(attack);
        _install(_treasury(), CHANGE_DELAY);
        _refused(attack, Reason.MalformedBatch);
    }

    /// @dev A cap per payment or per day, met by many small payments at once.
    function table_aLimitIsSplitOverOneBatch(Edition edition) public on(edition) {
        Action[] memory legs = new Action[](8);
        for (uint256 i; i < 8; i++) {
            legs[i] = _pay(alice, MOST);
        }
        Action memory attack = _batch(legs);
        _execute(attack);
        assertEq(usdc.balanceOf(alice), 8 * MOST, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.LimitExceeded);
        assertEq(usdc.balanceOf(alice), 8 * MOST, "INV-2");
    }

    function _works(Action memory attack) private {
        _execute(attack);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");
    }

    function _refused(Action memory attack, Reason reason) private {
        _denied(attack, reason);
        assertEq(usdc.balanceOf(stranger), 1e6, "INV-1");
    }

    function _tail(bytes memory data, uint256 from) private pure returns (bytes memory tail) {
        tail = new bytes(data.length - from);
        for (uint256 i; i < tail.length; i++) {
            tail[i] = data[from + i];
        }
    }
}
