// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {VM} from "../base/Vm.sol";
import {Acts} from "./Acts.sol";
import {Class, Kind} from "./Kinds.sol";

/// @notice Approvals and attestations, of a group of three of whom two must consent.
abstract contract ConsentActs is Acts {
    bytes[] internal approvalsUsed;
    bytes[] internal attestationsUsed;
    mapping(bytes32 request => bool) internal denied;
    /// @dev On chain, for one request under one program: the last second in which each approval counts.
    mapping(bytes32 about => mapping(address by => uint64 deadline)) internal approvedUntil;

    function payApproved(uint256 seed) external asked(Kind.PayApproved) {
        SafeTx memory t = _safeTx(_pay(carol, AMOUNT));
        bytes32 request = _hash(t);
        uint256 how = (seed >> 8) % 8;
        // One in eight is late, and so the whole material.
        uint64 deadline = how == 0 ? uint64(clock - 1) : uint64(clock);
        bytes memory payload;
        uint256 count = seed % 4;
        for (uint256 i; i < count; i++) {
            // One in eight counts the same member again and again.
            payload = bytes.concat(payload, _approvalBy(people[how == 1 ? 0 : i], request, deadline));
        }
        payload = _item(1, payload);
        bool may = _open() && count >= 2 && how > 1 && !denied[request] && _fitsAll(AMOUNT);
        if (!_ask(t, _with(request, payload), may)) return;
        _paid(AMOUNT);
        approvalsUsed.push(payload);
    }

    /// @dev Two approve on chain, one of them perhaps takes it back, and then it is tried.
    function payApprovedOnChain(uint256 seed) external {
        if (expected.program == address(0)) return;
        SafeTx memory t = _safeTx(_pay(carol, AMOUNT));
        bytes32 request = _hash(t);
        uint256 count = seed % 4 == 0 ? 1 : 2;
        for (uint256 i; i < count; i++) {
            _approve(group[(seed % 3 + i) % 3], request, uint64(clock + (seed >> 8) % 2 hours));
            _between();
        }
        _begin(Kind.PayApproved);
        bool may = _open() && _approvals(request) >= 2 && !denied[request] && _fitsAll(AMOUNT);
        if (_ask(t, _signatures(request), may)) _paid(AMOUNT);
        _end();
    }

    function approve(uint256 seed) external {
        address by = seed % 4 == 3 ? stranger : group[seed % 4];
        SafeTx memory t = _safeTx(_pay(carol, AMOUNT));
        _approve(by, _hash(t), seed % 5 == 0 ? 0 : uint64(clock + 1 hours));
    }

    function deny(uint256 seed) external asked(Kind.Deny) {
        SafeTx memory t = _safeTx(_pay(carol, AMOUNT));
        bytes32 request = _hash(t);
        bytes32 about = program.codehash;
        uint256 slot = uint256(
            keccak256(abi.encode(safe, expected.epoch, about, request, uint256(terms[current].group), uint256(2)))
        );
        _know(address(safe), slot, Class.DENIAL);
        bytes memory data = abi.encodeCall(IPolicyHook.deny, (address(safe), request, terms[current].group));
        VM.prank(group[seed % 3]);
        if (!_act(address(hook), data, _allows())) return;
        denied[request] = true;
        denials.push(bytes32(slot));
    }

    function payAttested(uint256 seed) external asked(Kind.PayAttested) {
        SafeTx memory t = _safeTx(_pay(dave, AMOUNT));
        bytes32 request = _hash(t);
        uint256 how = (seed >> 8) % 8;
        uint64 deadline = how == 0 ? uint64(clock - 1) : uint64(clock + 1 minutes);
        // One in eight is about another amount.
        bytes32 effects = _effects(dave, how == 1 ? AMOUNT + 1 : AMOUNT);
        bytes32 digest = _attestation(request, effects, 0, "proposal", deadline);
        bytes memory entries;
        uint256 count = seed % 4;
        for (uint256 i; i < count; i++) {
            entries = bytes.concat(entries, _entry(people[i], digest));
        }
        bytes memory payload = _attested(0, deadline, entries);
        bool may = _open() && count >= 2 && how > 1 && _fitsAll(AMOUNT);
        if (!_ask(t, _with(request, payload), may)) return;
        _paid(AMOUNT);
        attestationsUsed.push(payload);
    }

    /// @dev What served one payment is handed over with the next one like it.
    function reuseMaterial(uint256 seed) external asked(Kind.ReuseMaterial) {
        bool approval = seed % 2 == 0;
        bytes[] storage used = approval ? approvalsUsed : attestationsUsed;
        if (used.length == 0) return;
        SafeTx memory t = _safeTx(_pay(approval ? carol : dave, AMOUNT));
        _ask(t, _with(_hash(t), used[(seed >> 8) % used.length]), false);
    }

    function _approve(address by, bytes32 request, uint64 deadline) private step(Kind.Approve) {
        bytes32 about = program.codehash;
        _know(
            address(safe),
            uint256(keccak256(abi.encode(safe, expected.epoch, about, request, by, uint256(1)))),
            Class.APPROVAL
        );
        VM.prank(by);
        _act(address(hook), abi.encodeCall(IPolicyHook.approve, (address(safe), request, about, deadline)), true);
        approvedUntil[_about(request)][by] = deadline;
    }

    /// @dev How many of the group have approved by now, whoever made them do it.
    function _approvals(bytes32 request) private view returns (uint256 n) {
        for (uint256 i; i < group.length; i++) {
            if (clock <= approvedUntil[_about(request)][group[i]]) n++;
        }
    }

    function _about(bytes32 request) private view returns (bytes32) {
        return keccak256(abi.encode(request, program.codehash, expected.epoch));
    }
}
