// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {ISafe} from "../base/ISafe.sol";
import {Acts} from "./Acts.sol";
import {Kind} from "./Kinds.sol";

/// @notice What owners sign that a program may allow.
abstract contract OwnerActs is Acts {
    function pay(uint256 seed, uint256 amount) external asked(Kind.Pay) {
        address to = seed % 2 == 0 ? alice : bob;
        amount = _amount(amount, MOST);
        if (_ask(_pay(to, amount), _mayPay(to, amount))) _paidTo(to, amount);
    }

    function payBatch(uint256 seed, uint256 amount) external asked(Kind.Batch) {
        uint256 toAlice = _amount(amount, MOST / 4);
        uint256 toBob = _amount(amount >> 16, MOST / 4);
        Action[] memory legs = _list(_pay(alice, toAlice), _pay(bob, toBob), _pay(alice, toAlice));
        bool may = _mayPay(alice, toAlice) && _mayPay(alice, 2 * toAlice) && _mayPay(bob, toBob)
            && _fitsAll(2 * toAlice + toBob);
        address through = seed % 2 == 0 ? kit.multiSend : kit.multiSendCallOnly;
        if (!_ask(_batchThrough(through, legs), may)) return;
        _paidTo(alice, 2 * toAlice);
        _paidTo(bob, toBob);
    }

    /// @dev The account executes a request that makes it execute another.
    function payNested(uint256 amount) external asked(Kind.Nested) {
        amount = _amount(amount, MOST / 2);
        Action memory inner = _pay(alice, amount);
        SafeTx memory t = _safeTx(inner);
        t.nonce++;
        bytes32 request = _hash(t);
        bytes memory data = _calldata(t);
        if (!_ask(_nesting(inner), _mayPay(alice, amount))) return;
        _keep(request, data);
        _paidTo(alice, amount);
    }

    function sendEther(uint256 amount) external asked(Kind.SendEther) {
        amount = _amount(amount, MOST_ETHER);
        bool may = _open() && amount <= MOST_ETHER && etherOn[_day()] + amount <= ETHER_CAP;
        if (!_ask(_send(alice, amount), may)) return;
        etherOn[_day()] += amount;
        etherHeld -= amount;
    }

    function allow(uint256 amount) external asked(Kind.Allow) {
        amount = amount % 4 == 0 ? 0 : _amount(amount, MOST);
        bool may = _open() && amount <= MOST && _fitsAll(amount);
        if (!_ask(_call(address(usdc), abi.encodeCall(usdc.approve, (spender, amount))), may)) return;
        allowed = amount;
        _authorised(amount);
    }

    function payVendor(uint256 seed) external asked(Kind.PayVendor) {
        uint256 amount = _vendorAmount(seed);
        // Rather one that was announced.
        for (uint256 i; i < 3 && seed % 4 != 0 && _noticeOf(amount) == 0; i++) {
            amount = _vendorAmount(i);
        }
        Action memory a = _pay(vendor, amount);
        uint256 index = _noticeOf(amount);
        uint256 made = index == 0 ? 0 : notices[index - 1].made;
        bool may = _open() && made != 0 && clock >= made + DELAY && clock < made + EXPIRY
            && vendorOn[_day()] < VENDOR_CAP && _fitsAll(amount);
        if (!_ask(a, may)) return;
        vendorOn[_day()]++;
        _paid(amount);
        notices[index - 1].uses++;
        notices[index - 1].made = 0;
    }

    function paySigned(uint256 seed) external asked(Kind.PaySigned) {
        SafeTx memory t = _safeTx(_pay(erin, AMOUNT));
        bytes memory signatures = _signatures(_hash(t));
        bool all = seed % 3 != 0;
        if (all) signatures = bytes.concat(signatures, _sign(keys[2], _hash(t)));
        if (_ask(t, signatures, _open() && all && _fitsAll(AMOUNT))) _paid(AMOUNT);
    }

    function payRegistered(uint256 seed) external asked(Kind.PayRegistered) {
        uint256 amount = _amount(seed, AMOUNT);
        bool listed = frankFrom != 0 && clock >= frankFrom && !last.registryFails;
        if (_ask(_pay(frank, amount), _open() && listed && _fitsAll(amount))) _paid(amount);
    }

    /// @dev The other account has the first program, and limits of its own.
    function otherPays(uint256 amount) external asked(Kind.OtherPays) {
        ISafe own = safe;
        safe = other;
        last.account = address(other);
        amount = _amount(amount, MOST);
        bool ok = _ask(_pay(alice, amount), amount <= MOST);
        safe = own;
        if (ok) otherHeld -= amount;
    }

    /// @dev From when on the registry lists frank, 0: not at all.
    uint256 internal frankFrom;

    function _mayPay(address to, uint256 amount) private view returns (bool) {
        return _open() && amount <= MOST && payeeIn[_week()][to] + amount <= PAYEE_CAP && _fitsAll(amount);
    }

    function _paidTo(address to, uint256 amount) private {
        payeeIn[_week()][to] += amount;
        _paid(amount);
    }

    function _noticeOf(uint256 amount) private view returns (uint256) {
        return noticeOf[_idOf(expected.epoch, address(0), _list(_pay(vendor, amount)))];
    }

    function _vendorAmount(uint256 seed) internal pure returns (uint256) {
        return (1 + seed % 3) * 1000e6;
    }
}
