// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Forward} from "./libraries/Forward.sol";
import {Lifecycle} from "./libraries/Lifecycle.sol";
import {Slots} from "./libraries/Slots.sol";
import {State} from "./libraries/State.sol";
import {AccountState, SlotCall} from "./types/Types.sol";

/// @notice How an account comes under a program and changes it. {Lifecycle} has the bodies, and reads the arguments,
/// which are named here for the ABI.
abstract contract Control is AccountOnly, IPolicyHook {
    /// @inheritdoc IPolicyHook
    uint32 public constant MAX_CHANGE_DELAY = Lifecycle.MAX_CHANGE_DELAY;

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
        require(State.control(msg.sender).program() == address(0), AlreadyInstalled());
        _authenticateAccount();
        // The other functions need a marker, which only exact calldata has.
        ExactCalldata.check(msg.data.length == 4 + 32 * (6 + bypassing.length));
        Forward.to(address(Lifecycle), Lifecycle.install.selector);
    }

    /// @inheritdoc IPolicyHook
    function stage(address program, bytes32 codeHash, uint32 changeDelay) external accountOnly {
        Forward.to(address(Lifecycle), Lifecycle.stage.selector);
    }

    /// @inheritdoc IPolicyHook
    function stageSlots(SlotCall[] calldata calls) external accountOnly {
        Forward.to(address(Lifecycle), Lifecycle.stageSlots.selector);
    }

    /// @inheritdoc IPolicyHook
    function cancelStaged() external accountOnly {
        Forward.to(address(Lifecycle), Lifecycle.cancelStaged.selector);
    }

    /// @inheritdoc IPolicyHook
    function activate(address program) external accountOnly {
        Forward.to(address(Lifecycle), Lifecycle.activate.selector);
    }

    /// @inheritdoc IPolicyHook
    function startUnfreeze() external accountOnly {
        Forward.to(address(Lifecycle), Lifecycle.startUnfreeze.selector);
    }

    /// @inheritdoc IPolicyHook
    function unfreeze() external accountOnly {
        Forward.to(address(Lifecycle), Lifecycle.unfreeze.selector);
    }

    /// @inheritdoc IPolicyHook
    function accountState(address account) external view returns (AccountState memory) {
        Forward.toView(address(Lifecycle), Lifecycle.accountState.selector);
    }
}
