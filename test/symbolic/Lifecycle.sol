// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Lifecycle} from "../../contracts/libraries/Lifecycle.sol";
import {Slots} from "../../contracts/libraries/Slots.sol";
import {State} from "../../contracts/libraries/State.sol";
import {Registry} from "../../contracts/Registry.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {StagedKind} from "../../contracts/types/Types.sol";
import {ControlWord, FreezeWord, StagedWord} from "../../contracts/types/Words.sol";
import {VM} from "../base/Vm.sol";

/// @notice What the hook does with an account's words, on words of its own.
contract LifecycleHarness {
    function put(address account, uint256 control, uint256 staged, bytes32 digest, uint256 freeze) external {
        State.setControl(account, ControlWord.wrap(control));
        State.setStaged(account, StagedWord.wrap(staged), digest);
        State.setFreeze(account, FreezeWord.wrap(freeze));
    }

    function activate(address program) external {
        Lifecycle.activate(program);
    }

    function cancelStaged() external {
        Lifecycle.cancelStaged();
    }

    function startUnfreeze() external {
        Lifecycle.startUnfreeze();
    }

    function unfreeze() external {
        Lifecycle.unfreeze();
    }

    function remove(address account) external {
        Lifecycle.remove(account);
    }

    function allowSlots(address account, bytes calldata calls) external view returns (Reason reason, bool removal) {
        (reason,,, removal) = Slots.allow(account, State.control(account), State.manager(account), calls);
    }

    function controlOf(address account) external view returns (uint256) {
        return ControlWord.unwrap(State.control(account));
    }

    function stagedOf(address account) external view returns (uint256) {
        return StagedWord.unwrap(State.staged(account));
    }

    function freezeOf(address account) external view returns (uint256) {
        return FreezeWord.unwrap(State.freeze(account));
    }
}

/// @notice For every state of an account and every moment.
contract SymbolicLifecycle {
    address private constant ACCOUNT = address(0xACC);
    LifecycleHarness private _hook;

    function setUp() public {
        _hook = new LifecycleHarness();
    }

    function check_activate_onlyWhatIsStagedAndDue(uint256 control, uint256 staged, uint64 time, address program)
        external
    {
        if (!_arrange(control, staged, 0, time)) return;
        VM.prank(ACCOUNT);
        (bool ok,) = address(_hook).call(abi.encodeCall(LifecycleHarness.activate, (program)));
        StagedWord word = StagedWord.wrap(staged);
        uint256 matures = uint256(word.stagedAt()) + ControlWord.wrap(control).changeDelay();
        bool due = time >= matures && time < matures + 14 days;
        assert(ok == (due && word.stagedKind() == StagedKind.Program && word.stagedProgram() == program));
    }

    function check_activate_changesProgramAndDelayAlone(uint256 control, uint256 staged, uint64 time, address program)
        external
    {
        if (!_arrange(control, staged, 0, time)) return;
        VM.prank(ACCOUNT);
        (bool ok,) = address(_hook).call(abi.encodeCall(LifecycleHarness.activate, (program)));
        if (!ok) return;
        ControlWord next = ControlWord.wrap(_hook.controlOf(ACCOUNT));
        ControlWord last = ControlWord.wrap(control);
        assert(next.program() == program && next.changeDelay() == StagedWord.wrap(staged).stagedChangeDelay());
        assert(next.epoch() == last.epoch() && next.route() == last.route() && next.frozen() == last.frozen());
        assert(_hook.stagedOf(ACCOUNT) == 0);
    }

    function check_cancelStaged_onlyWhenSomethingIs(uint256 control, uint256 staged, uint64 time) external {
        if (!_arrange(control, staged, 0, time)) return;
        VM.prank(ACCOUNT);
        (bool ok,) = address(_hook).call(abi.encodeCall(LifecycleHarness.cancelStaged, ()));
        assert(ok == (StagedWord.wrap(staged).stagedKind() != StagedKind.None));
        assert(_hook.stagedOf(ACCOUNT) == (ok ? 0 : staged));
        assert(_hook.controlOf(ACCOUNT) == control);
    }

    function check_startUnfreeze_oncePerFreeze(uint256 control, uint256 freeze, uint32 time) external {
        if (!_arrange(control, 0, freeze, time)) return;
        VM.prank(ACCOUNT);
        (bool ok,) = address(_hook).call(abi.encodeCall(LifecycleHarness.startUnfreeze, ()));
        assert(ok == (ControlWord.wrap(control).frozen() && FreezeWord.wrap(freeze).endsAt() == 0));
        FreezeWord next = FreezeWord.wrap(_hook.freezeOf(ACCOUNT));
        if (ok) assert(next.endsAt() == uint256(time) + ControlWord.wrap(control).changeDelay());
        assert(next.guardian() == FreezeWord.wrap(freeze).guardian());
        assert(_hook.controlOf(ACCOUNT) == control);
    }

    function check_unfreeze_neverBeforeItsEnd(uint256 control, uint256 freeze, uint64 time) external {
        if (!_arrange(control, 0, freeze, time)) return;
        VM.prank(ACCOUNT);
        (bool ok,) = address(_hook).call(abi.encodeCall(LifecycleHarness.unfreeze, ()));
        uint256 endsAt = FreezeWord.wrap(freeze).endsAt();
        assert(ok == (ControlWord.wrap(control).frozen() && endsAt != 0 && time >= endsAt));
        if (ok) assert(_hook.freezeOf(ACCOUNT) == 0 && !ControlWord.wrap(_hook.controlOf(ACCOUNT)).frozen());
    }

    function check_remove_leavesTheEpochAlone(uint256 control, uint256 freeze, uint64 time) external {
        if (!_arrange(control, 0, freeze, time)) return;
        uint32 epoch = ControlWord.wrap(control).epoch();
        // The epoch counts removals, of which there are never so many.
        if (epoch == type(uint32).max) return;
        _hook.remove(ACCOUNT);
        assert(_hook.controlOf(ACCOUNT) == (uint256(epoch) + 1) << 192);
        if (ControlWord.wrap(control).frozen()) assert(_hook.freezeOf(ACCOUNT) == 0);
    }

    function check_slots_neverUnlessStagedWholeAndDue(
        uint256 control,
        uint256 staged,
        bytes32 digest,
        uint64 time,
        address guard
    ) external {
        if (!_isWord(control, staged)) return;
        VM.warp(time);
        _hook.put(ACCOUNT, control, staged, digest, 0);
        bytes memory data = abi.encodeWithSignature("setGuard(address)", guard);
        bytes memory calls = abi.encodePacked(ACCOUNT, data.length, data);
        (Reason reason,) = _hook.allowSlots(ACCOUNT, calls);
        if (reason != Reason.Allowed) return;
        StagedWord word = StagedWord.wrap(staged);
        uint256 matures = uint256(word.stagedAt()) + ControlWord.wrap(control).changeDelay();
        assert(word.stagedKind() == StagedKind.Slots);
        assert(time >= matures && time < matures + 14 days);
        assert(digest == keccak256(abi.encode(bytes32(0), ACCOUNT, keccak256(data))));
    }

    function check_slots_neverRefusedWhenStagedAndDue(uint256 control, uint40 madeAt, uint64 time, address guard)
        external
    {
        // On the guard route, where one call is the whole list.
        if (uint8(control >> 224) != 1 || control >> 233 != 0) return;
        uint256 matures = uint256(madeAt) + ControlWord.wrap(control).changeDelay();
        if (time < matures || time >= matures + 14 days) return;
        VM.warp(time);
        bytes memory data = abi.encodeWithSignature("setGuard(address)", guard);
        bytes32 digest = keccak256(abi.encode(bytes32(0), ACCOUNT, keccak256(data)));
        _hook.put(ACCOUNT, control, uint256(madeAt) << 192 | 2 << 232, digest, 0);
        (Reason reason, bool removal) = _hook.allowSlots(ACCOUNT, abi.encodePacked(ACCOUNT, data.length, data));
        assert(reason == Reason.Allowed);
        assert(removal == (guard != address(_hook)));
    }

    function check_registry_listsNobodyBeforeTheDelay(address member, uint32 delay, uint64 addedAt, uint64 time)
        external
    {
        Registry registry = new Registry(address(this), delay);
        address[] memory members = new address[](1);
        members[0] = member;
        if (addedAt == 0) return;
        VM.warp(addedAt);
        registry.add(members);
        VM.warp(time);
        assert(registry.contains(member) == (time >= uint256(addedAt) + delay));
        registry.remove(members);
        assert(!registry.contains(member));
    }

    /// @dev Only words that the hook itself could have written.
    function _isWord(uint256 control, uint256 staged) private pure returns (bool) {
        return uint8(control >> 224) <= 3 && control >> 233 == 0 && uint8(staged >> 232) <= 2 && staged >> 240 == 0;
    }

    function _arrange(uint256 control, uint256 staged, uint256 freeze, uint256 time) private returns (bool) {
        if (!_isWord(control, staged) || freeze >> 200 != 0) return false;
        VM.warp(time);
        _hook.put(ACCOUNT, control, staged, 0, freeze);
        return true;
    }
}
