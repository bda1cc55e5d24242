// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Module} from "./Actors.sol";
import {ISafe} from "./ISafe.sol";
import {ObligationTest} from "./ObligationTest.sol";
import {Draft, ProgramBuilder} from "./ProgramBuilder.sol";
import {Edition} from "./Safes.sol";

/// @notice A treasury whose module pays alice only with what one rule asks for, and bob just so. What names a module
/// request is spelled out here once more.
abstract contract ModuleRequestTest is ObligationTest {
    using ProgramBuilder for Draft;

    /// @dev What the rule asks for; the draft is finished by {_forModules}.
    function _beginForModules() internal view returns (Draft memory d) {
        d.expiry = EXPIRY;
        d.announcers = d.list(_members(announcer));
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW | ProgramBuilder.FOR_MODULES, 0, "");
    }

    function _forModules(Draft memory d, address[] memory modules) internal {
        d.where(ProgramBuilder.ORIGIN, modules);
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW | ProgramBuilder.FOR_MODULES, 0, "");
        d.where(ProgramBuilder.ORIGIN, modules);
        d.where(ProgramBuilder.RECIPIENT, _members(bob));
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        _anyTransfer(d);
        program = _deployCode(d.encode());
    }

    /// @dev Two of the group must approve what one of these modules pays alice.
    function _approvedModules(uint8 flags, address[] memory modules) internal returns (Draft memory d) {
        d = _beginForModules();
        d.askOf(ProgramBuilder.APPROVALS, d.list(group), abi.encodePacked(uint8(2), flags));
        _forModules(d, modules);
    }

    /// @dev Two of the group must attest it.
    function _attestedModules(address[] memory modules) internal returns (Draft memory d) {
        d = _beginForModules();
        d.attesters(d.list(group), 2);
        d.ask(abi.encodePacked(ProgramBuilder.ATTESTATION, uint8(0)));
        _forModules(d, modules);
    }

    /// @dev A Safe 1.5.0 with a module, not yet installed.
    function _deployWithModule() internal {
        _deploy(Edition.V150);
        module = _newModule();
    }

    function _newModule() internal returns (Module added) {
        added = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(added)))));
    }

    // Names

    function _content(Action[] memory actions) internal pure returns (bytes32) {
        bytes memory hashes;
        for (uint256 i; i < actions.length; i++) {
            Action memory a = actions[i];
            hashes = bytes.concat(hashes, keccak256(abi.encode(a.to, a.value, keccak256(a.data), a.operation)));
        }
        return keccak256(hashes);
    }

    function _name(address by, Action[] memory actions, uint256 serial) internal view returns (bytes32) {
        return keccak256(abi.encode(safe, epoch, by, _content(actions), serial, 4));
    }

    /// @dev The hook's word of an opened request.
    function _openingSlot(address by, Action[] memory actions) internal view returns (bytes32) {
        return keccak256(abi.encode(safe, epoch, by, _content(actions), 5));
    }

    function _openedByModule(Action memory a) internal returns (bytes32 request) {
        return module.open(hook, address(safe), _list(a));
    }

    // Material

    function _post(Action memory a, bytes memory payload) internal {
        hook.post(address(safe), address(module), _content(_list(a)), payload);
    }

    /// @dev What attesters sign, as it is posted.
    function _posted(uint8 set, uint64 deadline, bytes32 effects, bytes memory entries)
        internal
        pure
        returns (bytes memory)
    {
        return _item(3, abi.encodePacked(set, deadline, effects, bytes32("proposal"), uint16(0), entries));
    }

    function _postedByTwo(bytes32 request, bytes32 effects, uint64 deadline) internal view returns (bytes memory) {
        bytes32 digest = _attestation(request, effects, 0, "proposal", deadline);
        return _posted(0, deadline, effects, bytes.concat(_entry(people[0], digest), _entry(people[1], digest)));
    }

    // Execution

    function _passesForModule(Action memory a) internal {
        Verdict memory v = _checkModule(address(module), a);
        assertEq(uint256(v.reason), uint256(Reason.Allowed), "check");
        uint256 before = usdc.balanceOf(alice);
        assertTrue(module.execute(safe, a.to, a.value, a.data, a.operation), "executed");
        assertEq(usdc.balanceOf(alice), before + AMOUNT, "alice is paid");
    }

    /// @dev Asserts that the execution reverts with what `check` says, and what that is.
    function _failsForModule(Action memory a, Reason reason, uint256 have, uint256 need) internal {
        _failsFor(module, a, reason, have, need);
    }

    function _failsFor(Module by, Action memory a, Reason reason, uint256 have, uint256 need) internal {
        Verdict memory v = _checkModule(address(by), a);
        assertEq(uint256(v.reason), uint256(reason), "check");
        assertEq(v.have, have, "have");
        assertEq(v.need, need, "need");
        assertEq(v.rule, 0, "the rule that asked");
        (bool ok, bytes memory returned) =
            address(by).call(abi.encodeCall(by.execute, (safe, a.to, a.value, a.data, a.operation)));
        assertFalse(ok, "executed");
        assertEq(returned, _denial(v), "revert");
    }
}
