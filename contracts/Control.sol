// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {ISafeProtocolManager} from "./interfaces/ISafeProtocol.sol";
import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Program} from "./libraries/Program.sol";
import {SafeAccount} from "./libraries/SafeAccount.sol";
import {Slots} from "./libraries/Slots.sol";
import {State} from "./libraries/State.sol";
import {Image} from "./types/Evaluation.sol";
import {Route, SlotCall, StagedKind} from "./types/Types.sol";
import {ControlWord, StagedWord, controlWord, stagedWord} from "./types/Words.sol";

/// @notice How an account comes under a program, and how it changes it: staged, matured, then at once.
abstract contract Control is AccountOnly, IPolicyHook {
    /// @inheritdoc IPolicyHook
    uint32 public constant MAX_CHANGE_DELAY = 30 days;

    /// @inheritdoc IPolicyHook
    uint32 public constant CHANGE_WINDOW = uint32(Slots.CHANGE_WINDOW);

    /// @inheritdoc IPolicyHook
    function install(
        address program,
        bytes32 codeHash,
        uint32 changeDelay,
        address manager,
        address[] calldata bypassing
    ) external {
        address account = msg.sender;
        ControlWord control = State.control(account);
        require(control.program() == address(0), AlreadyInstalled());
        _authenticateAccount();
        // The other functions need a marker, which only exact calldata has.
        ExactCalldata.check(msg.data.length == 4 + 32 * (6 + bypassing.length));
        _checkSound(program, codeHash, changeDelay);
        Route route = _checkRoute(account, manager);
        _checkBypassing(account, route, bypassing);

        State.setControl(account, controlWord(program, changeDelay, control.epoch(), route));
        if (route == Route.Manager) State.setManager(account, manager);
        emit Installed(account, program, codeHash, changeDelay, route);
    }

    /// @inheritdoc IPolicyHook
    function stage(address program, bytes32 codeHash, uint32 changeDelay) external accountOnly {
        uint256 maturesAt = _maturity();
        _checkSound(program, codeHash, changeDelay);
        State.setStaged(msg.sender, stagedWord(program, changeDelay, uint40(block.timestamp), StagedKind.Program), 0);
        emit Staged(msg.sender, program, codeHash, changeDelay, maturesAt);
    }

    /// @inheritdoc IPolicyHook
    function stageSlots(SlotCall[] calldata calls) external accountOnly {
        uint256 maturesAt = _maturity();
        bytes32 digest = 0;
        for (uint256 i = 0; i < calls.length; ++i) {
            digest = Slots.fold(digest, calls[i].to, calls[i].data);
        }
        State.setStaged(msg.sender, stagedWord(address(0), 0, uint40(block.timestamp), StagedKind.Slots), digest);
        emit SlotsStaged(msg.sender, digest, calls, maturesAt);
    }

    /// @inheritdoc IPolicyHook
    function cancelStaged() external accountOnly {
        require(State.staged(msg.sender).stagedKind() != StagedKind.None, NotStaged());
        State.setStaged(msg.sender, StagedWord.wrap(0), 0);
        emit StagedCancelled(msg.sender);
    }

    /// @inheritdoc IPolicyHook
    function activate(address program) external accountOnly {
        StagedWord staged = State.staged(msg.sender);
        require(staged.stagedKind() == StagedKind.Program && staged.stagedProgram() == program, NotStaged());
        ControlWord control = State.control(msg.sender);
        uint256 maturesAt = uint256(staged.stagedAt()) + control.changeDelay();
        require(block.timestamp >= maturesAt, NotMatured(maturesAt));
        uint256 expiresAt = maturesAt + CHANGE_WINDOW;
        require(block.timestamp < expiresAt, Expired(expiresAt));

        uint32 changeDelay = staged.stagedChangeDelay();
        State.setControl(msg.sender, controlWord(program, changeDelay, control.epoch(), control.route()));
        State.setStaged(msg.sender, StagedWord.wrap(0), 0);
        emit Activated(msg.sender, program, changeDelay);
    }

    /// @dev When something staged now matures, in seconds.
    function _maturity() private view returns (uint256) {
        ControlWord control = State.control(msg.sender);
        require(control.program() != address(0), NotInstalled());
        return block.timestamp + control.changeDelay();
    }

    function _checkSound(address program, bytes32 codeHash, uint32 changeDelay) private view {
        require(changeDelay <= MAX_CHANGE_DELAY, ChangeDelayTooLong(changeDelay, MAX_CHANGE_DELAY));
        Image memory image;
        Program.open(image, program);
        require(program.codehash == codeHash && !image.failed(), UnsoundProgram(program));
    }

    /// @dev The hook must stand in every slot of one route and in none of another.
    function _checkRoute(address account, address manager) private view returns (Route route) {
        address guard = SafeAccount.guard(account);
        address moduleGuard = SafeAccount.moduleGuard(account);
        bool complete;
        if (manager != address(0)) {
            route = Route.Manager;
            // Where a module guard exists, a manager is one module among others.
            complete = guard == manager && moduleGuard == address(0) && !SafeAccount.hasModuleGuard(account)
                && ISafeProtocolManager(manager).getEnabledHooks(account) == address(this);
        } else if (SafeAccount.hasModuleGuard(account)) {
            route = Route.Guards;
            complete = guard == address(this) && moduleGuard == address(this);
        } else {
            route = Route.Guard;
            complete = guard == address(this);
        }
        require(complete, RouteIncomplete(guard, moduleGuard));
    }

    /// @dev Where modules are not guarded, they must be acknowledged exactly.
    function _checkBypassing(address account, Route route, address[] calldata bypassing) private view {
        address[] memory enabled;
        bool complete = true;
        if (route != Route.Guards) (enabled, complete) = SafeAccount.modules(account);
        bool acknowledged = complete && bypassing.length == enabled.length;
        for (uint256 i = 0; acknowledged && i < enabled.length; ++i) {
            acknowledged = bypassing[i] == enabled[i];
        }
        require(acknowledged, ModulesNotAcknowledged(enabled));
    }
}
