// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafeProtocolManager} from "../interfaces/ISafeProtocol.sol";
import {Image} from "../types/Image.sol";
import {AccountState, Route, SlotCall, StagedKind} from "../types/Types.sol";
import {ControlWord, FreezeWord, StagedWord, controlWord, freezeWord, stagedWord} from "../types/Words.sol";
import {Bars} from "./Bars.sol";
import {ExactCalldata} from "./ExactCalldata.sol";
import {Marker} from "./Marker.sol";
import {Program} from "./Program.sol";
import {SafeAccount} from "./SafeAccount.sol";
import {Slots} from "./Slots.sol";
import {State} from "./State.sol";

/// @notice How an account comes under a program, and how it changes it: staged, matured, then at once. A contract of its
/// own, since the hook has no room for it; delegatecalled, so storage, events and caller are the hook's. The hook has
/// called {authenticate} before.
library Lifecycle {
    uint32 internal constant MAX_CHANGE_DELAY = 30 days;
    /// @dev The argument of `install` that lists modules.
    uint256 private constant BYPASSING = 4;
    uint256 private constant INSTALL_WORDS = 5;

    /// @notice Reverts unless the account was asked to make the call with this marker. While a program is active, an
    /// executing request must have contained it, byte for byte; what a fallback handler forwards has its caller
    /// appended and never matches.
    function authenticate(bytes32 marker) external {
        require(SafeAccount.handler(msg.sender) != address(this), IPolicyHook.HandlerIsHook());
        if (State.control(msg.sender).program() == address(0)) return;
        require(Marker.consume(marker), IPolicyHook.NotRequested());
    }

    /// @notice See {IPolicyHook.install}.
    function install(
        address program,
        bytes32 codeHash,
        uint32 changeDelay,
        address manager,
        address[] calldata bypassing
    ) external {
        _checkExact(bypassing.length);
        address account = msg.sender;
        _checkSound(program, codeHash, changeDelay);
        Route route = _checkRoute(account, manager);
        _checkBypassing(account, route, bypassing);

        uint32 epoch = State.control(account).epoch();
        State.setControl(account, controlWord(program, changeDelay, epoch, route));
        State.setActivations(account, State.activations(account) + 1);
        if (route == Route.Manager) State.setManager(account, manager);
        emit IPolicyHook.Installed(account, program, codeHash, changeDelay, route);
    }

    /// @notice See {IPolicyHook.stage}.
    function stage(address program, bytes32 codeHash, uint32 changeDelay) external {
        uint256 maturesAt = _maturity();
        _checkSound(program, codeHash, changeDelay);
        State.setStaged(msg.sender, stagedWord(program, changeDelay, uint40(block.timestamp), StagedKind.Program), 0);
        emit IPolicyHook.Staged(msg.sender, program, codeHash, changeDelay, maturesAt);
    }

    /// @notice See {IPolicyHook.stageSlots}.
    function stageSlots(SlotCall[] calldata calls) external {
        uint256 maturesAt = _maturity();
        bytes32 digest = 0;
        for (uint256 i = 0; i < calls.length; ++i) {
            digest = Slots.fold(digest, calls[i].to, calls[i].data);
        }
        State.setStaged(msg.sender, stagedWord(address(0), 0, uint40(block.timestamp), StagedKind.Slots), digest);
        emit IPolicyHook.SlotsStaged(msg.sender, digest, calls, maturesAt);
    }

    /// @notice See {IPolicyHook.cancelStaged}.
    function cancelStaged() external {
        require(State.staged(msg.sender).stagedKind() != StagedKind.None, IPolicyHook.NotStaged());
        State.setStaged(msg.sender, StagedWord.wrap(0), 0);
        emit IPolicyHook.StagedCancelled(msg.sender);
    }

    /// @notice See {IPolicyHook.activate}.
    function activate(address program) external {
        StagedWord staged = State.staged(msg.sender);
        bool named = staged.stagedKind() == StagedKind.Program && staged.stagedProgram() == program;
        require(named, IPolicyHook.NotStaged());
        ControlWord control = State.control(msg.sender);
        uint256 maturesAt = uint256(staged.stagedAt()) + control.changeDelay();
        require(block.timestamp >= maturesAt, IPolicyHook.NotMatured(maturesAt));
        uint256 expiresAt = maturesAt + Slots.CHANGE_WINDOW;
        require(block.timestamp < expiresAt, IPolicyHook.Expired(expiresAt));

        uint32 changeDelay = staged.stagedChangeDelay();
        ControlWord next = controlWord(program, changeDelay, control.epoch(), control.route());
        // A guardian who freezes what is about to change must not be outrun by the change.
        State.setControl(msg.sender, next.withFrozen(control.frozen()));
        State.setActivations(msg.sender, State.activations(msg.sender) + 1);
        State.setStaged(msg.sender, StagedWord.wrap(0), 0);
        emit IPolicyHook.Activated(msg.sender, program, changeDelay);
    }

    /// @notice See {IPolicyHook.startUnfreeze}.
    function startUnfreeze() external {
        ControlWord control = State.control(msg.sender);
        require(control.frozen(), IPolicyHook.NotFrozen());
        FreezeWord freeze = State.freeze(msg.sender);
        require(freeze.endsAt() == 0, IPolicyHook.AlreadyUnfreezing(freeze.endsAt()));
        uint40 endsAt = uint40(block.timestamp + control.changeDelay());
        State.setFreeze(msg.sender, freezeWord(freeze.guardian(), endsAt));
        emit IPolicyHook.UnfreezeStarted(msg.sender, freeze.guardian(), endsAt);
    }

    /// @notice See {IPolicyHook.unfreeze}.
    function unfreeze() external {
        ControlWord control = State.control(msg.sender);
        require(control.frozen(), IPolicyHook.NotFrozen());
        FreezeWord freeze = State.freeze(msg.sender);
        uint256 endsAt = freeze.endsAt();
        require(endsAt != 0, IPolicyHook.UnfreezeNotStarted());
        require(block.timestamp >= endsAt, IPolicyHook.NotMatured(endsAt));
        State.setControl(msg.sender, control.withFrozen(false));
        State.setFreeze(msg.sender, FreezeWord.wrap(0));
        Bars.set(msg.sender, freeze.guardian());
        emit IPolicyHook.Unfrozen(msg.sender, freeze.guardian());
    }

    /// @notice Takes the account out of its program, and out of a freeze. Only for the engine.
    function remove(address account) external {
        ControlWord control = State.control(account);
        uint32 epoch = control.epoch() + 1;
        State.setControl(account, controlWord(address(0), 0, epoch, Route.None));
        State.setManager(account, address(0));
        if (control.frozen()) State.setFreeze(account, FreezeWord.wrap(0));
        emit IPolicyHook.Removed(account, epoch);
    }

    /// @notice See {IPolicyHook.MAX_CHANGE_DELAY}.
    function maxChangeDelay() external pure returns (uint256) {
        return MAX_CHANGE_DELAY;
    }

    /// @notice See {IPolicyHook.CHANGE_WINDOW}.
    function changeWindow() external pure returns (uint256) {
        return Slots.CHANGE_WINDOW;
    }

    /// @notice See {IPolicyHook.accountState}.
    function accountState(address account) external view returns (AccountState memory) {
        ControlWord control = State.control(account);
        StagedWord staged = State.staged(account);
        FreezeWord freeze = State.freeze(account);
        return AccountState({
            program: control.program(),
            changeDelay: control.changeDelay(),
            epoch: control.epoch(),
            route: control.route(),
            manager: State.manager(account),
            stagedKind: staged.stagedKind(),
            stagedProgram: staged.stagedProgram(),
            stagedChangeDelay: staged.stagedChangeDelay(),
            stagedAt: staged.stagedAt(),
            stagedDigest: State.stagedDigest(account),
            activations: State.activations(account),
            frozen: control.frozen(),
            guardian: freeze.guardian(),
            unfreezesAt: freeze.endsAt()
        });
    }

    /// @dev When something staged now matures, in seconds.
    function _maturity() private view returns (uint256) {
        ControlWord control = State.control(msg.sender);
        require(control.program() != address(0), IPolicyHook.NotInstalled());
        return block.timestamp + control.changeDelay();
    }

    /// @dev Of {install}. The other functions need a marker, which only exact calldata has.
    function _checkExact(uint256 modules) private pure {
        uint256 end = ExactCalldata.headEnd(INSTALL_WORDS);
        bool exact = ExactCalldata.argument(BYPASSING) == end - 4 && modules < msg.data.length;
        ExactCalldata.check(exact && msg.data.length == end + 32 * (1 + modules));
    }

    function _checkSound(address program, bytes32 codeHash, uint32 changeDelay) private view {
        require(changeDelay <= MAX_CHANGE_DELAY, IPolicyHook.ChangeDelayTooLong(changeDelay, MAX_CHANGE_DELAY));
        Image memory image;
        Program.open(image, program);
        require(program.codehash == codeHash && !image.failed(), IPolicyHook.UnsoundProgram(program));
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
        require(complete, IPolicyHook.RouteIncomplete(guard, moduleGuard));
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
        require(acknowledged, IPolicyHook.ModulesNotAcknowledged(enabled));
    }
}
