// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Action, SlotCall, StagedKind} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {VM} from "../base/Vm.sol";
import {Acts} from "./Acts.sol";
import {Class, Kind} from "./Kinds.sol";

/// @notice How the account changes and leaves its program, and who stops it meanwhile.
abstract contract ControlActs is Acts {
    /// @dev What is staged is mostly left to mature.
    function stage(uint256 seed) external {
        if (expected.stagedKind == StagedKind.None || seed % 5 == 0) _stage(seed >> 8);
    }

    function stageRemoval(uint256 seed) external {
        if (expected.stagedKind == StagedKind.None || seed % 5 == 0) _stageRemoval();
    }

    function cancelStaged(uint256 seed) external {
        if (seed % 5 == 0) _cancelStaged();
    }

    function _stage(uint256 seed) private asked(Kind.Stage) {
        uint8[8] memory choice = [0, 0, 1, 1, 2, 2, 3, 4];
        uint256 index = choice[seed % 8];
        uint32 delay = seed % 7 == 0 ? 30 days + 1 : seed % 3 == 0 ? 1 days : CHANGE_DELAY;
        address to = terms[index].program;
        bytes memory data = abi.encodeCall(IPolicyHook.stage, (to, to.codehash, delay));
        if (!_ask(_call(address(hook), data), delay <= 30 days)) return;
        _clearStaged();
        (expected.stagedKind, expected.stagedAt) = (StagedKind.Program, uint40(clock));
        (expected.stagedProgram, expected.stagedChangeDelay) = (to, delay);
        next = index;
    }

    function _stageRemoval() private asked(Kind.StageSlots) {
        Action[] memory off = _slotChanges(false);
        SlotCall[] memory calls = new SlotCall[](off.length);
        for (uint256 i; i < off.length; i++) {
            calls[i] = SlotCall(off[i].to, off[i].data);
        }
        if (!_ask(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (calls))), true)) return;
        _clearStaged();
        (expected.stagedKind, expected.stagedAt) = (StagedKind.Slots, uint40(clock));
        expected.stagedDigest = _removalDigest();
    }

    function _cancelStaged() private asked(Kind.CancelStaged) {
        bool may = expected.stagedKind != StagedKind.None;
        if (_ask(_call(address(hook), abi.encodeCall(IPolicyHook.cancelStaged, ())), may)) _clearStaged();
    }

    function activate() external asked(Kind.Activate) {
        bool may = expected.stagedKind == StagedKind.Program && _isDue();
        address to = may ? expected.stagedProgram : terms[next].program;
        if (!_ask(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (to))), may)) return;
        (expected.program, expected.changeDelay) = (to, expected.stagedChangeDelay);
        expected.activations++;
        _clearStaged();
        (program, current) = (to, next);
    }

    function remove() external asked(Kind.Remove) {
        if (!_ask(_removalRequest(), _removalDue())) return;
        uint64 activations = expected.activations;
        uint32 removals = expected.epoch + 1;
        delete expected;
        (expected.activations, expected.epoch, epoch) = (activations, removals, removals);
    }

    /// @dev While nothing is installed, no guard looks.
    function install(uint256 seed) external {
        if (expected.program != address(0)) return;
        _begin(Kind.Install);
        current = seed % 3;
        program = terms[current].program;
        SafeTx memory t = _safeTx(_installationOf(program));
        bytes memory data = _calldata(t);
        bytes32 request = _hash(t);
        if (_act(address(safe), data, true)) {
            _keep(request, data);
            (expected.program, expected.changeDelay, expected.route) = (program, CHANGE_DELAY, route);
            expected.manager = address(manager);
            expected.activations++;
        }
        _end();
    }

    function startUnfreeze() external asked(Kind.StartUnfreeze) {
        bool may = expected.frozen && expected.unfreezesAt == 0;
        if (!_ask(_call(address(hook), abi.encodeCall(IPolicyHook.startUnfreeze, ())), may)) return;
        expected.unfreezesAt = uint40(clock + expected.changeDelay);
    }

    function unfreeze() external asked(Kind.Unfreeze) {
        bool may = expected.frozen && expected.unfreezesAt != 0 && clock >= expected.unfreezesAt;
        address guardian = expected.guardian;
        _know(
            address(safe),
            uint256(keccak256(abi.encode(safe, uint256(expected.activations), guardian, uint256(3)))),
            Class.BAR
        );
        if (!_ask(_call(address(hook), abi.encodeCall(IPolicyHook.unfreeze, ())), may)) return;
        barred[expected.activations][guardian] = true;
        (expected.frozen, expected.guardian, expected.unfreezesAt) = (false, address(0), 0);
    }

    /// @dev One in four only, since a freeze keeps everything else from being tried.
    function freeze(uint256 seed) external asked(Kind.Freeze) {
        if (seed % 4 != 0) return;
        address guardian = group[(seed >> 8) % 3];
        bool may = _allows() && !expected.frozen && !barred[expected.activations][guardian];
        VM.prank(guardian);
        if (!_act(address(hook), abi.encodeCall(IPolicyHook.freeze, (address(safe))), may)) return;
        (expected.frozen, expected.guardian) = (true, guardian);
    }

    function _installationOf(address program_) internal view returns (Action memory) {
        address[] memory bypassing = address(manager) == address(0) ? new address[](0) : _members(address(manager));
        Action[] memory on = _slotChanges(true);
        Action[] memory all = new Action[](on.length + 1);
        for (uint256 i; i < on.length; i++) {
            all[i] = on[i];
        }
        all[on.length] = _call(
            address(hook),
            abi.encodeCall(
                IPolicyHook.install, (program_, program_.codehash, CHANGE_DELAY, address(manager), bypassing)
            )
        );
        return _batch(all);
    }

    function _clearStaged() private {
        (expected.stagedKind, expected.stagedAt, expected.stagedProgram) = (StagedKind.None, 0, address(0));
        (expected.stagedChangeDelay, expected.stagedDigest) = (0, 0);
    }
}
