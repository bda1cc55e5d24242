// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, SlotCall, Verdict} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Forwarder} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

interface VmChain {
    function chainId(uint256 id) external;
}

/// @notice One approval, and one attestation, serves one request: the one that it names.
contract ReplaysTest is ObligationTest {
    using ProgramBuilder for Draft;

    function table_neverServesAnotherNonce(Edition edition) public on(edition) {
        for (uint256 kind; kind < 2; kind++) {
            bytes memory payload = _begins(kind);
            (SafeTx memory t, bytes32 request) = _payment();
            _passes(t, _with(request, payload));
            (t, request) = _payment();
            _refused(t, _with(request, payload));
        }
    }

    function table_neverServesAnotherAmountOrPayee(Edition edition) public on(edition) {
        for (uint256 kind; kind < 2; kind++) {
            bytes memory payload = _begins(kind);
            SafeTx memory t = _safeTx(_pay(alice, AMOUNT + 1));
            _refused(t, _with(_hash(t), payload));
            t = _safeTx(_batch(_list(_pay(alice, AMOUNT), _pay(alice, AMOUNT))));
            _refused(t, _with(_hash(t), payload));
        }
    }

    function table_neverServesAnotherAccount(Edition edition) public on(edition) {
        ISafe first = safe;
        for (uint256 kind; kind < 2; kind++) {
            safe = first;
            bytes memory payload = _begins(kind);
            // The same owners, the same program, the same nonce.
            uint256 nonce = first.nonce();
            safe = Safes.deploySafe(kit, owners, 2, kind + 1);
            VM.prank(address(first));
            usdc.transfer(address(safe), 1000e6);
            _install(program, 0);
            while (safe.nonce() < nonce) _execute(_pay(bob, 1));
            (SafeTx memory t, bytes32 request) = _payment();
            assertEq(t.nonce, nonce, "nonce");
            _refused(t, _with(request, payload));
        }
    }

    function table_neverServesAnotherChain(Edition edition) public on(edition) {
        uint256 chain = block.chainid;
        for (uint256 kind; kind < 2; kind++) {
            bytes memory payload = _begins(kind);
            VmChain(address(VM)).chainId(chain + 1);
            (SafeTx memory t, bytes32 request) = _payment();
            _refused(t, _with(request, payload));
            VmChain(address(VM)).chainId(chain);
            (t, request) = _payment();
            _passes(t, _with(request, payload));
        }
    }

    function table_neverServesAnotherProgram(Edition edition) public on(edition) {
        for (uint256 kind; kind < 2; kind++) {
            bytes memory payload = _begins(kind);
            (, bytes32 named) = _payment();
            address before = program;
            uint256 snapshot = safe.nonce();
            // Another program, and the nonce that was signed for, which the change itself has moved on.
            _expiry(kind);
            _change();
            _setNonce(snapshot);
            (SafeTx memory t, bytes32 request) = _payment();
            assertEq(request, named, "the very same Safe transaction");
            _refused(t, _with(request, payload));
            program = before;
            _change();
            _setNonce(snapshot);
            _passes(t, _with(request, payload));
        }
    }

    function table_neverServesAnotherEpoch(Edition edition) public on(edition) {
        for (uint256 kind; kind < 2; kind++) {
            epoch = uint32(kind);
            bytes memory payload = _begins(kind);
            (, bytes32 named) = _payment();
            uint256 nonce = safe.nonce();
            VM.prank(group[0]);
            hook.approve(address(safe), named, program.codehash, DEADLINE);
            VM.prank(group[1]);
            hook.approve(address(safe), named, program.codehash, DEADLINE);
            (Action memory removal, SlotCall[] memory staged) = _removal();
            _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (staged))));
            _execute(removal);
            _install(program, 0);
            _setNonce(nonce);
            (SafeTx memory t, bytes32 request) = _payment();
            assertEq(request, named, "the very same Safe transaction");
            _refused(t, _with(request, payload));
            _refused(t, _signatures(request));
        }
    }

    /// @dev The outer request's material is about the outer nonce; the inner one has to bring its own.
    function table_neverServesANestedRequest(Edition edition) public on(edition) {
        for (uint256 kind; kind < 2; kind++) {
            _begins(kind);
            SafeTx memory inner = _safeTx(_pay(alice, AMOUNT));
            inner.nonce = safe.nonce() + 1;
            bytes32 request = _hash(inner);
            SafeTx memory outer = _safeTx(_nestedCall(inner, _signatures(request)));
            bytes32 outerName = _hash(outer);
            (bool ok,) = address(safe).call(_calldata(outer, _with(outerName, _payloadFor(kind, outerName))));
            assertFalse(ok, "the inner request brings nothing");

            // With material of its own it passes; inside of the same transaction it never passes twice.
            bytes memory own = _with(request, _payloadFor(kind, request));
            outer = _safeTx(_nestedCall(inner, own));
            uint256 before = usdc.balanceOf(alice);
            (ok,) = address(safe).call(_calldata(outer, _signatures(_hash(outer))));
            assertTrue(ok, "nested");
            assertEq(usdc.balanceOf(alice), before + AMOUNT, "alice");
        }
    }

    /// @dev No Safe executes a nonce twice. Here its storage is turned back in the middle of the transaction.
    function table_neverServesTwiceInOneTransaction_whateverTheSafeSays(Edition edition) public on(edition) {
        for (uint256 kind; kind < 2; kind++) {
            bytes memory payload = _begins(kind);
            (SafeTx memory t, bytes32 request) = _payment();
            bytes memory material = _with(request, payload);
            _passes(t, material);
            _setNonce(t.nonce);
            (bool ok, bytes memory returned) = address(safe).call(_calldata(t, material));
            assertFalse(ok, "executed twice");
            assertEq(returned, _denial(Verdict(Reason.RequestReplayed, 0, 0, 0, t.nonce, 0)), "revert");
            _setNonce(t.nonce + 1);
        }
    }

    /// @return payload What serves the next payment.
    function _begins(uint256 kind) private returns (bytes memory payload) {
        if (kind == 0) {
            _twoApprove(0);
            if (hook.accountState(address(safe)).program == address(0)) _install(program, 0);
            else _change();
        } else {
            _twoAttest();
            _change();
        }
        (, bytes32 request) = _payment();
        return _payloadFor(kind, request);
    }

    function _payloadFor(uint256 kind, bytes32 request) private view returns (bytes memory) {
        return kind == 0 ? _twoApprovals(request) : _twoAttestations(request, _effects(alice, AMOUNT));
    }

    /// @dev The same rules under another hash.
    function _expiry(uint256 kind) private {
        Draft memory d = _begin();
        d.expiry++;
        if (kind == 0) {
            d.askOf(ProgramBuilder.APPROVALS, d.list(group), abi.encodePacked(uint8(2), uint8(0)));
        } else {
            d.attesters(d.list(group), 2);
            d.ask(abi.encodePacked(ProgramBuilder.ATTESTATION, uint8(0)));
        }
        _finish(d);
    }

    /// @dev Activates the program at once, which the change delay of zero allows.
    function _change() private {
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stage, (program, program.codehash, 0))));
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (program))));
    }

    function _nestedCall(SafeTx memory inner, bytes memory signatures) private view returns (Action memory) {
        return
            _call(address(forwarder), abi.encodeCall(Forwarder.forward, (address(safe), _calldata(inner, signatures))));
    }

    /// @dev Slot 5 in every release.
    function _setNonce(uint256 nonce) private {
        VM.store(address(safe), bytes32(uint256(5)), bytes32(nonce));
        assertEq(safe.nonce(), nonce, "nonce");
    }

    /// @dev That it is denied; the signatures recover to strangers, whose order nobody chose.
    function _refused(SafeTx memory t, bytes memory signatures) private {
        Verdict memory v = hook.check(address(safe), _asRequest(t, signatures));
        bool about = v.reason == Reason.TooFewApprovals || v.reason == Reason.TooFewAttesters
            || v.reason == Reason.BadMaterial || v.reason == Reason.AttestationRequired;
        assertTrue(about, "check");
        (bool ok, bytes memory returned) = address(safe).call(_calldata(t, signatures));
        assertFalse(ok, "executed");
        assertEq(returned, _denial(v), "revert");
    }
}
