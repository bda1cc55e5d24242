// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Registry} from "../../contracts/Registry.sol";
import {Forwarder} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {VM} from "../base/Vm.sol";

/// @notice The treasury of the invariants: a rule of every sort, and the programs that it may come under.
abstract contract Book is ObligationTest {
    using ProgramBuilder for Draft;

    /// @dev The limits, in the order of their ids.
    uint8 internal constant ETHER_DAY = 0;
    uint8 internal constant PAYEE_WEEK = 1;
    uint8 internal constant ALL = 2;
    uint8 internal constant VENDOR_DAY = 3;

    uint256 internal constant ETHER_CAP = 3 ether;
    uint256 internal constant PAYEE_CAP = 90_000e6;
    uint256 internal constant VENDOR_CAP = 2;
    uint32 internal constant LANE = 3 hours;
    uint256 internal constant WINDOW = 8 * uint256(LANE);
    /// @dev Registry additions take as long as this.
    uint32 internal constant COOLDOWN = 6 hours;

    /// @dev Who is paid only with approvals, an attestation, all owners' signatures, or when a registry lists them.
    address internal carol = VM.addr(uint256(keccak256("carol")));
    address internal dave = VM.addr(uint256(keccak256("dave")));
    address internal erin = VM.addr(uint256(keccak256("erin")));
    address internal frank = VM.addr(uint256(keccak256("frank")));
    address internal spender = VM.addr(uint256(keccak256("spender")));
    Registry internal registry;
    bytes internal registryCode;

    /// @notice One program of the account.
    struct Terms {
        address program;
        // Of what the token's everywhere limit lets out in any {WINDOW}. 0: the program allows nothing.
        uint192 cap;
        // Where the group's list is.
        uint24 group;
    }

    Terms[] internal terms;

    /// @dev Three that differ in a cap, one that denies everything, and one that is not well formed behind its header.
    function _write(address origin) internal {
        uint192[3] memory caps = [uint192(150_000e6), 60_000e6, 400_000e6];
        for (uint256 i; i < 3; i++) {
            Draft memory d = _draft(caps[i], origin);
            uint24 list = d.offsetOf(d.list(group));
            terms.push(Terms(_deployCode(d.encode()), caps[i], list));
        }
        terms.push(Terms(_denyAll(), 0, 0));
        terms.push(Terms(_malformed(), 0, 0));
    }

    function _draft(uint192 cap, address origin) private view returns (Draft memory d) {
        d.expiry = EXPIRY;
        d.announcers = d.list(_members(announcer));
        d.cancellers = d.list(_members(canceller));
        d.guardians = d.list(group);
        d.attesters(d.list(group), 2);
        d.limit("ether-day", address(0), uint192(ETHER_CAP), ProgramBuilder.DAY, false, 0);
        d.limit("payee-week", address(usdc), uint192(PAYEE_CAP), ProgramBuilder.WEEK, ProgramBuilder.PER_RECIPIENT, 0);
        d.limit("usdc-all", address(usdc), cap, ProgramBuilder.ROLLING, true, LANE);
        d.limit("vendor-day", address(0), uint192(VENDOR_CAP), ProgramBuilder.DAY, ProgramBuilder.COUNT, 0);
        d.declare(address(usdc));
        _payments(d, origin);
        _obligations(d);
        _others(d);
    }

    function _payments(Draft memory d, address origin) private view {
        d.rule(0, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(blocked));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(PAYEE_WEEK));
        d.where(ProgramBuilder.RECIPIENT, _members(alice, bob));
        d.atMost(MOST);
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, DELAY, abi.encodePacked(VENDOR_DAY));
        d.where(ProgramBuilder.RECIPIENT, _members(vendor));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW | ProgramBuilder.FOR_MODULES, 0, "");
        d.where(ProgramBuilder.ORIGIN, _members(origin));
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.atMost(MOST_MODULE);
        _anyTransfer(d);
    }

    function _obligations(Draft memory d) private view {
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.askOf(ProgramBuilder.APPROVALS, d.list(group), abi.encodePacked(uint8(2), uint8(0)));
        d.where(ProgramBuilder.RECIPIENT, _members(carol));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.ask(abi.encodePacked(ProgramBuilder.ATTESTATION, uint8(0)));
        d.where(ProgramBuilder.RECIPIENT, _members(dave));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.ask(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(3)));
        d.where(ProgramBuilder.RECIPIENT, _members(erin));
        _anyTransfer(d);
    }

    function _others(Draft memory d) private view {
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.whereIn(abi.encodePacked(ProgramBuilder.RECIPIENT), d.registry(address(registry)));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(ETHER_DAY));
        d.atMost(MOST_ETHER);
        d.matching(ProgramBuilder.NATIVE | ProgramBuilder.ANY_SELECTOR, alice, 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(spender));
        d.atMost(MOST);
        d.matching(ProgramBuilder.APPROVE, address(usdc), usdc.approve.selector);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL, address(forwarder), Forwarder.forward.selector);
    }
}
