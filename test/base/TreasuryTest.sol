// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../contracts/types/Types.sol";
import {AccountTest, SafeTx} from "./AccountTest.sol";
import {Forwarder, Module} from "./Actors.sol";
import {ISafe} from "./ISafe.sol";
import {Draft, ProgramBuilder} from "./ProgramBuilder.sol";
import {IPlugin} from "./Protocol.sol";
import {Edition} from "./Safes.sol";
import {VM} from "./Vm.sol";

/// @notice The treasury that most tests protect, and the other programs it may come under.
abstract contract TreasuryTest is AccountTest {
    using ProgramBuilder for Draft;

    uint16 internal constant NO_RULE = 0xffff;
    // The treasury's rules, in order.
    uint16 internal constant BLOCKED = 0;
    uint16 internal constant PAYROLL = 1;
    uint16 internal constant VENDOR = 2;
    uint16 internal constant NATIVE = 3;
    uint16 internal constant MODULE = 4;
    uint16 internal constant OWNERS = 5;
    uint16 internal constant NESTED = 6;
    /// @dev Its only limit, on what payroll and modules pay per UTC day.
    uint8 internal constant DAILY = 0;

    uint192 internal constant CAP = 150_000e6;
    uint256 internal constant MOST = 50_000e6;
    uint256 internal constant MOST_MODULE = 10_000e6;
    uint256 internal constant MOST_ETHER = 1 ether;
    uint32 internal constant DELAY = 1 days;
    uint32 internal constant EXPIRY = 7 days;

    address internal bob = VM.addr(uint256(keccak256("bob")));
    address internal vendor = VM.addr(uint256(keccak256("vendor")));
    address internal blocked = VM.addr(uint256(keccak256("blocked")));
    address internal announcer = VM.addr(uint256(keccak256("announcer")));
    address internal canceller = VM.addr(uint256(keccak256("canceller")));
    Forwarder internal forwarder = new Forwarder();
    // Set by the tests that have them, before the program is made.
    Module internal module;
    IPlugin internal plugin;
    address internal program;

    modifier installed(Edition edition) {
        _deploy(edition);
        program = _treasury();
        _install(program, CHANGE_DELAY);
        _;
    }

    function _treasury() internal returns (address) {
        return _treasuryWithCap(CAP);
    }

    function _treasuryWithCap(uint192 cap) internal returns (address) {
        Draft memory d;
        d.expiry = EXPIRY;
        d.announcers = d.list(_members(announcer));
        d.cancellers = d.list(_members(canceller));
        d.limit("usdc-day", address(usdc), cap, ProgramBuilder.DAY, false, 0);
        d.declare(address(usdc));

        d.rule(0, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(blocked));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(DAILY));
        d.where(ProgramBuilder.RECIPIENT, _members(alice, bob));
        d.atMost(MOST);
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, DELAY, "");
        d.where(ProgramBuilder.RECIPIENT, _members(vendor));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.atMost(MOST_ETHER);
        d.matching(ProgramBuilder.NATIVE | ProgramBuilder.ANY_SELECTOR, alice, 0);
        d.rule(ProgramBuilder.ALLOW | ProgramBuilder.FOR_MODULES, 0, abi.encodePacked(DAILY));
        d.where(ProgramBuilder.ORIGIN, _origins());
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.atMost(MOST_MODULE);
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT, address(0), ISafe.addOwnerWithThreshold.selector);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL, address(forwarder), Forwarder.forward.selector);
        return _deployCode(d.encode());
    }

    /// @dev Transfers to alice, under one limit; rolling means 24 hours.
    function _limited(uint8 window, uint192 cap) internal returns (address) {
        Draft memory d;
        d.limit("usdc", address(usdc), cap, window, false, window == ProgramBuilder.ROLLING ? 3 hours : 0);
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(DAILY));
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        _anyTransfer(d);
        return _deployCode(d.encode());
    }

    /// @dev Transfers, allowances and one opaque call, none of which names the limit that meets them all.
    function _everywhereDay() internal returns (address) {
        Draft memory d;
        d.limit("usdc-day", address(usdc), CAP, ProgramBuilder.DAY, true, 0);
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        _anyTransfer(d);
        d.matching(ProgramBuilder.APPROVE | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(bob));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.OPAQUE, address(usdc), 0x12345678);
        return _deployCode(d.encode());
    }

    /// @dev Owners may have these contracts run as the account, modules the first; and alice is paid.
    function _trusting(address target, address[] memory modules) internal returns (address) {
        Draft memory d;
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.DELEGATECALL | ProgramBuilder.ANY_SELECTOR, target, 0);
        d.rule(ProgramBuilder.ALLOW | ProgramBuilder.FOR_MODULES, 0, "");
        d.where(ProgramBuilder.ORIGIN, modules);
        d.matching(ProgramBuilder.DELEGATECALL | ProgramBuilder.ANY_SELECTOR, target, 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT, address(0), ISafe.changeThreshold.selector);
        return _deployCode(d.encode());
    }

    function _trusting(address target) internal returns (address) {
        return _trusting(target, _members(address(1)));
    }

    function _allowingTheStranger() internal returns (address) {
        Draft memory d;
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(stranger));
        _anyTransfer(d);
        return _deployCode(d.encode());
    }

    function _denyAll() internal returns (address) {
        Draft memory d;
        return _deployCode(d.encode());
    }

    /// @dev Sound where installing looks, and a directory that points past the code.
    function _malformed() internal returns (address) {
        Draft memory d;
        d.classes = type(uint32).max;
        bytes memory code = d.encode();
        (code[64], code[67]) = (0xff, 0xff);
        return _deployCode(code);
    }

    /// @dev A request of the account that makes it execute another, signed, one.
    function _nesting(Action memory a) internal view returns (Action memory) {
        return _nestingAt(a, safe.nonce() + 1);
    }

    function _nestingAt(Action memory a, uint256 nonce) internal view returns (Action memory) {
        SafeTx memory t = _safeTx(a);
        t.nonce = nonce;
        return _call(address(forwarder), abi.encodeCall(Forwarder.forward, (address(safe), _calldata(t))));
    }

    function _anyTransfer(Draft memory d) internal view {
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
    }

    /// @dev The module or the plugin, whichever the test has; without either, an address that is no module.
    function _origins() private view returns (address[] memory) {
        if (address(module) != address(0)) return _members(address(module));
        return _members(address(plugin) != address(0) ? address(plugin) : address(1));
    }

    function _members(address a) internal pure returns (address[] memory members) {
        members = new address[](1);
        members[0] = a;
    }

    function _members(address a, address b) internal pure returns (address[] memory members) {
        members = new address[](2);
        (members[0], members[1]) = a < b ? (a, b) : (b, a);
    }
}
