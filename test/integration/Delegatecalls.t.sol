// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Module, SlotWriter} from "../base/Actors.sol";
import {GUARD_SLOT, HANDLER_SLOT, ISafe, MODULE_GUARD_SLOT} from "../base/ISafe.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Delegatecalls that a rule allows. A test is one transaction, and so has one of them.
contract DelegatecallsTest is TreasuryTest {
    using ProgramBuilder for Draft;

    bytes32 private constant SINGLETON = 0;
    bytes32 private constant THRESHOLD = bytes32(uint256(4));
    bytes32 private constant NONCE = bytes32(uint256(5));
    /// @dev Where no Safe keeps anything.
    bytes32 private constant OWN = keccak256("somebody's own");

    SlotWriter private writer = new SlotWriter();

    function table_aRuleAllowsADelegatecallOfTheTargetThatItNames(Edition edition) public {
        _setUp(edition);
        Verdict memory v = _denied(_delegate(address(usdc), _writing(OWN, 1)), Reason.DelegatecallDenied);
        assertEq(v.have, uint160(address(usdc)), "target");
        // Named for delegatecalls, it is not for calls.
        _denied(_call(address(writer), _writing(OWN, 1)), Reason.NoRule);
        _denied(Action(address(writer), 1, "", 1), Reason.DelegatecallValue);
        v = _denied(_delegate(address(writer), hex"010203"), Reason.ShortCalldata);
        assertEq(v.have, 3, "length");
        v = _allowed(_delegate(address(writer), _writing(OWN, 1)));
        assertEq(v.effect, 1, "effects");
        assertEq(v.rule, 0, "rule");
        assertEq(VM.load(address(safe), OWN), bytes32(uint256(1)), "written");
    }

    function table_aBatchMayHoldOne(Edition edition) public {
        _setUp(edition);
        Action memory writing = _delegate(address(writer), _writing(OWN, 2));
        _denied(_batch(_list(_pay(alice, 1), writing)), Reason.BadOperation);
        _allowed(_batchThrough(kit.multiSend, _list(_pay(alice, 1), writing, _pay(alice, 2))));
        assertEq(VM.load(address(safe), OWN), bytes32(uint256(2)), "written");
        assertEq(usdc.balanceOf(alice), 3, "paid");
    }

    /// @dev A rule without a target, which no compiler writes, matches none.
    function table_aRuleThatNamesNoTargetMatchesNone(Edition edition) public on(edition) {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        uint8 anybody = ProgramBuilder.DELEGATECALL | ProgramBuilder.ANY_SUBJECT;
        d.matching(anybody | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        d.matching(anybody, address(0), SlotWriter.write.selector);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        _denied(_delegate(address(writer), _writing(OWN, 1)), Reason.DelegatecallDenied);
        _denied(_delegate(address(writer), ""), Reason.DelegatecallDenied);
    }

    function table_afterItNothingElseIsExecutedInTheTransaction(Edition edition) public {
        _setUp(edition);
        Action memory payment = _pay(alice, 1);
        _allowed(_delegate(address(writer), _writing(OWN, 1)));
        Verdict memory v = _denied(payment, Reason.AccountLocked);
        assertEq(v.rule, NO_RULE, "no rule's");
        assertEq(usdc.balanceOf(alice), 0, "paid");
    }

    function table_itComesWithoutCallsToTheAccount(Edition edition) public {
        _setUp(edition);
        Action memory writing = _delegate(address(writer), _writing(OWN, 1));
        Action memory lower = _call(address(safe), abi.encodeCall(ISafe.changeThreshold, (1)));
        Verdict memory v = _denied(_batchThrough(kit.multiSend, _list(lower, writing)), Reason.DelegatecallMixed);
        assertEq(v.effect, 1, "effect");
        assertEq(v.rule, 0, "rule");
        v = _denied(_batchThrough(kit.multiSend, _list(writing, lower)), Reason.DelegatecallMixed);
        assertEq(v.effect, 0, "effect");
        _allowed(lower);
        assertEq(safe.getThreshold(), 1, "alone");
    }

    function table_anAccountThatDoesNotTellItsSingletonHasNone(Edition edition) public {
        _setUp(edition);
        // Its code in the proxy's stead.
        VM.etch(address(safe), address(kit.singleton).code);
        Verdict memory v = _denied(_delegate(address(writer), _writing(OWN, 1)), Reason.AccountUnreadable);
        assertEq(v.detail, 1, "which");
        assertEq(v.rule, 0, "rule");
        _allowed(_pay(alice, 1));
    }

    function table_itLeavesTheSingleton(Edition edition) public {
        _setUp(edition);
        address liar = address(new Liar(address(kit.singleton)));
        _changes(SINGLETON, uint160(liar), 1);
    }

    function table_itLeavesTheGuard(Edition edition) public {
        _setUp(edition);
        _changes(GUARD_SLOT, 0, 2);
    }

    function table_itLeavesTheModuleGuard(Edition edition) public {
        _setUp(edition);
        // Where there is none, too.
        _changes(MODULE_GUARD_SLOT, 1, 3);
    }

    function table_itLeavesTheHandler(Edition edition) public {
        _setUp(edition);
        _changes(HANDLER_SLOT, uint160(address(hook)), 4);
    }

    function table_itLeavesTheOwners(Edition edition) public {
        _setUp(edition);
        bytes32 first = keccak256(abi.encode(address(1), 2));
        // The list begins with the second, and says that there is one less.
        bytes32 second = VM.load(address(safe), keccak256(abi.encode(VM.load(address(safe), first), 2)));
        bytes32[] memory slots = new bytes32[](2);
        bytes32[] memory words = new bytes32[](2);
        (slots[0], words[0]) = (first, second);
        (slots[1], words[1]) = (bytes32(uint256(3)), bytes32(uint256(2)));
        _leaves(abi.encodeCall(SlotWriter.writeAll, (slots, words)), 5);
        assertFalse(VM.load(address(safe), first) == second, "written");
    }

    function table_itLeavesTheThreshold(Edition edition) public {
        _setUp(edition);
        _changes(THRESHOLD, 1, 6);
    }

    function table_theNonceDoesNotFall(Edition edition) public {
        _setUp(edition);
        _changes(NONCE, 0, 7);
    }

    function table_theNonceMayRise(Edition edition) public {
        _setUp(edition);
        _allowed(_delegate(address(writer), _writing(NONCE, 1000)));
        assertEq(safe.nonce(), 1000, "nonce");
    }

    function test_aModulesDelegatecallIsWatchedToo() public {
        _deploy(Edition.V150);
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        _install(_trusting(address(writer), _members(address(module))), CHANGE_DELAY);
        VM.expectRevert(_denial(Verdict(Reason.AccountChanged, 0, 1, 6, 1, 2)));
        module.execute(safe, address(writer), 0, _writing(THRESHOLD, 1), 1);
        assertEq(safe.getThreshold(), 2, "threshold");
        module.execute(safe, address(writer), 0, _writing(OWN, 1), 1);
        assertEq(VM.load(address(safe), OWN), bytes32(uint256(1)), "written");
        VM.expectRevert(_denial(Verdict(Reason.AccountLocked, 0, NO_RULE, 0, 0, 0)));
        module.execute(safe, address(writer), 0, _writing(OWN, 2), 1);
    }

    function _setUp(Edition edition) private {
        _deploy(edition);
        _install(_trusting(address(writer)), CHANGE_DELAY);
    }

    function _writing(bytes32 slot, uint256 word) private pure returns (bytes memory) {
        return abi.encodeCall(SlotWriter.write, (slot, bytes32(word)));
    }

    function _changes(bytes32 slot, uint256 word, uint8 what) private {
        bytes32 before = VM.load(address(safe), slot);
        _leaves(_writing(slot, word), what);
        assertEq(VM.load(address(safe), slot), before, "as before");
    }

    /// @dev Everything passes before, and the execution is undone after.
    function _leaves(bytes memory data, uint8 what) private {
        Action memory a = _delegate(address(writer), data);
        assertEq(uint256(_check(a).reason), uint256(Reason.Allowed), "check");
        (bool ok, bytes memory returned) = address(safe).call(_calldata(a));
        assertFalse(ok, "executed");
        // Denied, reason, effect, rule, detail.
        bytes memory expected = _denial(Verdict(Reason.AccountChanged, 0, 0, what, 0, 0));
        assertEq(returned.length, expected.length, "a denial");
        assembly ("memory-safe") {
            mstore(returned, 132)
            mstore(expected, 132)
        }
        assertEq(returned, expected, "for this");
    }
}

/// @notice A singleton that says of everything what the one before would.
contract Liar {
    address private immutable _SINGLETON;

    constructor(address singleton) {
        _SINGLETON = singleton;
    }

    function stolen() external pure returns (bool) {
        return true;
    }

    receive() external payable {}

    fallback(bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory returned) = _SINGLETON.delegatecall(data);
        require(ok);
        return returned;
    }
}
