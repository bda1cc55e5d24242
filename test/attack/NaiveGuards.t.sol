// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Registry} from "../../contracts/Registry.sol";
import {Action} from "../../contracts/types/Types.sol";
import {GUARD_SLOT, ISafe, MODULE_GUARD_SLOT} from "../base/ISafe.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";
import {NaiveConsent, NaiveCount, NaiveFreeze} from "./naive/NaiveConsent.sol";
import {NaiveAfterthought, NaiveLock, NaiveSelfDefence} from "./naive/NaiveControl.sol";
import {NaiveGuard} from "./naive/NaiveGuard.sol";
import {NaivePayeeList, NaiveSanctions} from "./naive/NaiveLists.sol";
import {
    NaiveBatches,
    NaiveBlocklist,
    NaivePayees,
    NaivePerPayment,
    NaiveTarget,
    NaiveVeto
} from "./naive/NaivePayees.sol";
import {NaiveTimelock} from "./naive/NaiveTimelock.sol";

/// @notice The naive guards do stop what they were written to stop: an attack that works behind one gets round a rule
/// and does not walk through an open door.
contract NaiveGuardsTest is TreasuryTest {
    function table_payeesAreKept(Edition edition) public on(edition) {
        address[3] memory guards = [
            address(new NaivePayees(address(usdc), alice)),
            address(new NaiveBatches(address(usdc), alice, 1)),
            address(new NaivePerPayment(address(usdc), alice, 1e6))
        ];
        for (uint256 i; i < 3; i++) {
            _set(guards[i]);
            _execute(_pay(alice, 1e6));
            _isRefused(_pay(stranger, 1e6));
            _isRefused(_batch(_list(_pay(alice, 1e6), _pay(stranger, 1e6))));
            _isRefused(_send(stranger, 1));
            _unset();
        }
        _set(address(new NaivePerPayment(address(usdc), alice, 1e6)));
        _isRefused(_pay(alice, 1e6 + 1));
    }

    function table_listsTargetsAndVetoesAreKept(Edition edition) public on(edition) {
        _set(address(new NaiveBlocklist(blocked)));
        _execute(_pay(alice, 1));
        _isRefused(_pay(blocked, 1));
        _unset();
        Registry list = new Registry(address(this), 0);
        list.add(_members(alice));
        _set(address(new NaiveSanctions(address(list))));
        _execute(_pay(bob, 1));
        _isRefused(_pay(alice, 1));
        _unset();
        _set(address(new NaivePayeeList(address(list))));
        _execute(_pay(alice, 1));
        _isRefused(_pay(bob, 1));
        _unset();
        _set(address(new NaiveTarget(address(usdc))));
        _execute(_pay(alice, 1));
        _isRefused(_send(alice, 1));
        _unset();
        NaiveVeto veto = new NaiveVeto();
        _set(address(veto));
        veto.veto(_pay(alice, 1));
        _isRefused(_pay(alice, 1));
        _execute(_pay(alice, 2));
    }

    function table_delaysAreKept(Edition edition) public on(edition) {
        NaiveTimelock timelock = new NaiveTimelock(vendor);
        VM.prank(address(safe));
        timelock.setCanceller(canceller);
        _set(address(timelock));
        _isRefused(_pay(vendor, 1));
        timelock.announce(address(safe), address(0), _list(_pay(vendor, 1)));
        _isRefused(_pay(vendor, 1));
        VM.warp(START + DELAY);
        _execute(_pay(vendor, 1));
        bytes32 id = timelock.announcementId(address(safe), address(0), _list(_pay(vendor, 1)));
        VM.prank(canceller);
        timelock.cancel(address(safe), id);
        _isRefused(_pay(vendor, 1));
    }

    function table_consentIsAskedFor(Edition edition) public on(edition) {
        uint256 key = uint256(keccak256("member"));
        address[] memory members = _members(VM.addr(key));
        for (uint256 i; i < 2; i++) {
            NaiveConsent guard =
                i == 0 ? new NaiveConsent(alice, members, 4, 74) : new NaiveCount(alice, members, 4, 74);
            _set(address(guard));
            _execute(_pay(bob, 1));
            _isRefused(_pay(alice, 1));
            _isRefused(_consented(guard, key + 1));
            (bool ok,) = address(safe).call(_consented(guard, key));
            assertTrue(ok, "a member's consent is enough");
            _unset();
        }
    }

    function _consented(NaiveConsent guard, uint256 key) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, guard.digest(_pay(alice, 1)));
        SafeTx memory t = _safeTx(_pay(alice, 1));
        bytes memory payload = abi.encodePacked(bytes13(0), r, s, v);
        bytes memory mark = abi.encodePacked(payload.length, keccak256("PortcullisMaterial(bytes payload)"));
        return _calldata(t, bytes.concat(_signatures(_hash(t)), payload, mark));
    }

    function table_freezesStopEverything(Edition edition) public on(edition) {
        NaiveFreeze guard = new NaiveFreeze(address(this), 1 days);
        _set(address(guard));
        _execute(_pay(bob, 1));
        guard.freeze(address(safe));
        _isRefused(_pay(bob, 1));
        _execute(_call(address(guard), abi.encodeCall(NaiveFreeze.startUnfreeze, ())));
        VM.warp(block.timestamp + 1 days);
        _execute(_call(address(guard), abi.encodeCall(NaiveFreeze.unfreeze, ())));
        _execute(_pay(bob, 1));
    }

    function table_guardsStay(Edition edition) public on(edition) {
        address[3] memory guards =
            [address(new NaiveSelfDefence()), address(new NaiveAfterthought(address(usdc))), address(new NaiveLock())];
        for (uint256 i; i < 3; i++) {
            _set(guards[i]);
            _isRefused(_call(address(safe), abi.encodeCall(ISafe.setGuard, (address(0)))));
            _unset();
        }
        _set(guards[1]);
        _isRefused(_pay(stranger, 1));
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
        _isRefused(_calldata(a));
    }

    function _isRefused(bytes memory data) private {
        (bool ok, bytes memory returned) = address(safe).call(data);
        assertFalse(ok, "executed");
        assertEq(returned, abi.encodeWithSelector(NaiveGuard.Refused.selector), "refused by the guard");
    }
}
