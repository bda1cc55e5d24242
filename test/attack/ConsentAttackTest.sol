// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {ISafe} from "../base/ISafe.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveConsent, NaiveCount} from "./naive/NaiveConsent.sol";

interface ChainVm {
    function chainId(uint256 id) external;
}

/// @notice One attack for two ways to consent: approvals and attestations. Two of the group consent to one payment to
/// alice; owners who sign whatever they are shown make more of it.
abstract contract ConsentAttackTest is AttackTest, ObligationTest {
    using ProgramBuilder for Draft;

    NaiveConsent internal naive;

    /// @dev Whether attestations are asked for, and not approvals.
    function _isAttested() internal pure virtual returns (bool);

    /// @dev The payment's legs are all that was consented to, in a batch that repeats it.
    function _inABatch() internal {
        _consenting(false);
        bytes memory payload = _consent();
        uint256 before = usdc.balanceOf(alice);
        _carry(_safeTx(_batch(_list(_pay(alice, AMOUNT), _pay(alice, AMOUNT), _pay(alice, AMOUNT)))), payload);
        _observe(before, usdc.balanceOf(alice));
    }

    function _underAnotherNonce() internal {
        _consenting(false);
        bytes memory payload = _consent();
        (SafeTx memory t,) = _payment();
        assertTrue(_carry(t, payload), "what was consented to passes");
        uint256 before = usdc.balanceOf(alice);
        (t,) = _payment();
        _carry(t, payload);
        _observe(before, usdc.balanceOf(alice));
    }

    /// @dev The same owners, the same rules, the same nonce.
    function _onAnotherAccount() internal {
        _consenting(false);
        bytes memory payload = _consent();
        ISafe first = safe;
        safe = Safes.deploySafe(kit, owners, 2, 7);
        VM.prank(address(first));
        usdc.transfer(address(safe), 10 * AMOUNT);
        _guard();
        while (safe.nonce() < first.nonce()) {
            _execute(_pay(bob, 1));
        }
        uint256 before = usdc.balanceOf(alice);
        (SafeTx memory t,) = _payment();
        _carry(t, payload);
        _observe(before, usdc.balanceOf(alice));
    }

    function _onAnotherChain() internal {
        _consenting(false);
        bytes memory payload = _consent();
        uint256 chain = block.chainid;
        uint256 before = usdc.balanceOf(alice);
        ChainVm(address(VM)).chainId(chain + 1);
        (SafeTx memory t,) = _payment();
        _carry(t, payload);
        ChainVm(address(VM)).chainId(chain);
        _observe(before, usdc.balanceOf(alice));
    }

    /// @dev The rules changed since. The nonce is turned back to what was signed for, so that it is not what tells.
    function _underOtherRules() internal {
        _consenting(false);
        bytes memory payload = _consent();
        uint256 nonce = safe.nonce();
        if (protected) {
            _rules(1);
            _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stage, (program, program.codehash, 0))));
            _execute(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (program))));
        } else {
            naive = new NaiveCount(alice, group, _head(), _stride());
            _guard();
        }
        VM.store(address(safe), bytes32(uint256(5)), bytes32(nonce));
        uint256 before = usdc.balanceOf(alice);
        (SafeTx memory t,) = _payment();
        _carry(t, payload);
        _observe(before, usdc.balanceOf(alice));
    }

    function _daysLater() internal {
        _consenting(false);
        bytes memory payload = _consent();
        VM.warp(uint256(DEADLINE) + 3 days);
        _pays(payload);
    }

    /// @dev One member twice, by the very same entry.
    function _byOneTwice() internal {
        _consenting(true);
        bytes memory entry = _by(people[0]);
        _pays(_of(bytes.concat(entry, entry)));
    }

    /// @dev One member twice, the second time by the other signature that recovers to the same key.
    function _byOneAndItsTwin() internal {
        _consenting(false);
        bytes memory head = _isAttested() ? abi.encodePacked(uint8(0)) : abi.encodePacked(uint8(0), DEADLINE);
        bytes memory signature = _sign(people[0], _digest());
        _pays(_of(bytes.concat(head, signature, head, _twin(signature))));
    }

    /// @dev What is left says that more follows.
    function _cutShort() internal {
        _consenting(false);
        bytes memory payload = _consent();
        bytes memory cut = new bytes(_head());
        for (uint256 i; i < cut.length; i++) {
            cut[i] = payload[i];
        }
        _pays(cut);
    }

    /// @dev The refund is paid by the account, to whomever the owners signed for.
    function _withARefund() internal {
        _consenting(false);
        bytes memory payload = _consent();
        uint256 before = usdc.balanceOf(stranger);
        (SafeTx memory t,) = _payment();
        (t.baseGas, t.gasPrice, t.gasToken, t.refundReceiver) = (LOOT, 1, address(usdc), payable(stranger));
        _carry(t, payload);
        _observe(before, usdc.balanceOf(stranger));
    }

    function _pays(bytes memory payload) private {
        uint256 before = usdc.balanceOf(alice);
        (SafeTx memory t,) = _payment();
        _carry(t, payload);
        _observe(before, usdc.balanceOf(alice));
    }

    function _carry(SafeTx memory t, bytes memory payload) private returns (bool) {
        return _attempt(_calldata(t, _with(_hash(t), payload)));
    }

    function _consenting(bool counting) private {
        _rules(0);
        naive = counting
            ? new NaiveCount(alice, group, _head(), _stride())
            : new NaiveConsent(alice, group, _head(), _stride());
        _guard();
    }

    function _guard() private {
        if (protected) _protect(program, 0);
        else _under(address(naive), program);
    }

    function _rules(uint32 later) private {
        Draft memory d = _begin();
        d.expiry += later;
        if (_isAttested()) {
            d.attesters(d.list(group), 2);
            d.ask(abi.encodePacked(ProgramBuilder.ATTESTATION, uint8(0)));
        } else {
            d.askOf(ProgramBuilder.APPROVALS, d.list(group), abi.encodePacked(uint8(2), uint8(0)));
        }
        _finish(d);
    }

    /// @dev To the next payment, by two of the group.
    function _consent() private view returns (bytes memory) {
        return _of(bytes.concat(_by(people[0]), _by(people[1])));
    }

    function _by(uint256 key) private view returns (bytes memory) {
        if (_isAttested()) return _entry(key, _digest());
        return abi.encodePacked(uint8(0), DEADLINE, _sign(key, _digest()));
    }

    function _of(bytes memory entries) private pure returns (bytes memory) {
        return _isAttested() ? _attested(0, DEADLINE, entries) : _item(1, entries);
    }

    /// @dev What members sign in this turn.
    function _digest() private view returns (bytes32) {
        (, bytes32 request) = _payment();
        if (!protected) return naive.digest(_pay(alice, AMOUNT));
        if (!_isAttested()) return _approval(request, DEADLINE);
        return _attestation(request, _effects(alice, AMOUNT), 0, "proposal", DEADLINE);
    }

    /// @dev Bytes of the payload before the first entry.
    function _head() private pure returns (uint256) {
        return _isAttested() ? 47 : 4;
    }

    function _stride() private pure returns (uint256) {
        return _isAttested() ? 66 : 74;
    }
}
