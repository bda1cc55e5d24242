// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Ghost} from "./Ghost.sol";
import {Kind} from "./Kinds.sol";

/// @notice How the account is asked, and what is kept of it for replays.
abstract contract Acts is Ghost {
    uint256 private constant KEPT = 16;

    bytes[] internal executed;

    /// @dev Steps of owners and modules are about an account under a program.
    modifier asked(Kind kind) {
        if (expected.program == address(0)) return;
        _begin(kind);
        _;
        _end();
    }

    /// @dev Signed by two owners.
    function _ask(Action memory a, bool may) internal returns (bool) {
        SafeTx memory t = _safeTx(a);
        return _ask(t, _signatures(_hash(t)), may);
    }

    function _ask(SafeTx memory t, bytes memory signatures, bool may) internal returns (bool) {
        last.may = may;
        Verdict memory v = hook.check(address(safe), _asRequest(t, signatures));
        bytes memory data = _calldata(t, signatures);
        bytes32 request = _hash(t);
        (bool ok, bytes memory returned) = address(safe).call(data);
        last.ok = ok;
        last.agreed = v.reason == Reason.Allowed
            ? !ok || keccak256(returned) == keccak256(abi.encode(true))
            : !ok && keccak256(returned) == keccak256(_denial(v));
        if (ok) _keep(request, data);
        return ok;
    }

    /// @dev What somebody does by a call of their own.
    function _act(address target, bytes memory data, bool may) internal returns (bool ok) {
        last.may = may;
        (ok,) = target.call(data);
        last.ok = ok;
    }

    function _keep(bytes32 request, bytes memory data) internal {
        uint256 count = ++executions[request];
        if (count > mostExecutions) mostExecutions = count;
        if (executed.length < KEPT) executed.push(data);
        else executed[uint256(request) % KEPT] = data;
    }

    /// @dev Mostly within what a rule allows, often at its very edge.
    function _amount(uint256 seed, uint256 most) internal pure returns (uint256) {
        uint256 pick = seed % 8;
        if (pick == 0) return 1;
        if (pick == 1) return most;
        if (pick == 2) return most + 1;
        if (pick == 3) return most / 2;
        return 1 + (seed >> 8) % most;
    }
}
