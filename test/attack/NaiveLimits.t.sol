// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../contracts/types/Types.sol";
import {GUARD_SLOT, MODULE_GUARD_SLOT} from "../base/ISafe.sol";
import {SafeProtocolAction, SafeTransaction} from "../base/Protocol.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";
import {NaiveGuard} from "./naive/NaiveGuard.sol";
import {NaiveHooks, NaiveLateHooks} from "./naive/NaiveHooks.sol";
import {
    NaiveAfterwards,
    NaiveAllowances,
    NaiveBalance,
    NaiveBucket,
    NaiveDay,
    NaiveFloor,
    NaiveMeter,
    NaiveSharedDay
} from "./naive/NaiveLimits.sol";

/// @notice The naive limits do stop what they were written to stop, as the other naive guards do.
contract NaiveLimitsTest is TreasuryTest {
    function table_capsAreKept(Edition edition) public on(edition) {
        address[6] memory guards = [
            address(new NaiveDay(address(usdc), CAP)),
            address(new NaiveSharedDay(address(usdc), CAP)),
            address(new NaiveAllowances(address(usdc), CAP)),
            address(new NaiveAfterwards(address(usdc), CAP)),
            address(new NaiveBucket(address(usdc), CAP)),
            address(new NaiveMeter(address(usdc), address(0), CAP))
        ];
        for (uint256 i; i < 6; i++) {
            _set(guards[i]);
            _isRefused(_pay(alice, CAP + 1));
            _execute(_pay(alice, CAP));
            _isRefused(_pay(alice, 1));
            _unset();
        }
        _set(address(new NaiveAllowances(address(usdc), CAP)));
        _isRefused(_call(address(usdc), abi.encodeCall(usdc.approve, (alice, CAP + 1))));
        _unset();
        _set(address(new NaiveFloor(address(usdc), 1)));
        _isRefused(_pay(alice, usdc.balanceOf(address(safe))));
        _execute(_pay(alice, 1));
    }

    function table_whatIsDeclaredOrLeavesIsKept(Edition edition) public on(edition) {
        _set(address(new NaiveBalance(address(usdc), CAP)));
        _isRefused(_pay(alice, CAP + 1));
        _isRefused(_call(address(usdc), abi.encodeCall(usdc.approve, (alice, CAP + 1))));
        _execute(_pay(alice, CAP));
        _isRefused(_pay(alice, 1));
    }

    function test_hooksKeepTheirCap() public {
        SafeTransaction memory t;
        t.actions = new SafeProtocolAction[](1);
        t.actions[0] = SafeProtocolAction(address(2), 0, abi.encodeWithSelector(0xa9059cbb, alice, CAP));
        NaiveHooks hooks = new NaiveHooks(CAP);
        hooks.preCheck(address(this), t, 0, "");
        VM.expectRevert(NaiveHooks.Refused.selector);
        hooks.preCheck(address(this), t, 0, "");

        NaiveLateHooks late = new NaiveLateHooks(CAP);
        late.preCheck(address(this), t, 0, "");
        late.postCheck(address(this), true, "");
        VM.expectRevert(NaiveGuard.Refused.selector);
        late.preCheck(address(this), t, 0, "");
    }

    function _set(address guard) private {
        _execute(_batch(_guardCalls(guard)));
    }

    /// @dev By force, for some of them do not let themselves be taken off.
    function _unset() private {
        VM.store(address(safe), GUARD_SLOT, 0);
        VM.store(address(safe), MODULE_GUARD_SLOT, 0);
    }

    function _isRefused(Action memory a) private {
        (bool ok, bytes memory returned) = address(safe).call(_calldata(a));
        assertFalse(ok, "executed");
        assertEq(returned, abi.encodeWithSelector(NaiveGuard.Refused.selector), "refused by the guard");
    }
}
