// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Forward} from "./libraries/Forward.sol";
import {Lifecycle} from "./libraries/Lifecycle.sol";
import {Slots} from "./libraries/Slots.sol";
import {State} from "./libraries/State.sol";

/// @notice How an account comes under a program and changes it. {Lifecycle} has the bodies, and reads the arguments.
abstract contract Control is AccountOnly {
    /// @dev The argument of `install` that lists modules.
    uint256 private constant BYPASSING = 4;
    uint256 private constant INSTALL_WORDS = 5;

    /// @dev Returns only if the call is none of these.
    function _control(bytes4 selector) internal {
        if (selector == IPolicyHook.install.selector) _install();
        if (selector == IPolicyHook.stage.selector) _change(Lifecycle.stage.selector);
        if (selector == IPolicyHook.stageSlots.selector) _change(Lifecycle.stageSlots.selector);
        if (selector == IPolicyHook.cancelStaged.selector) _change(Lifecycle.cancelStaged.selector);
        if (selector == IPolicyHook.activate.selector) _change(Lifecycle.activate.selector);
        if (selector == IPolicyHook.startUnfreeze.selector) _change(Lifecycle.startUnfreeze.selector);
        if (selector == IPolicyHook.unfreeze.selector) _change(Lifecycle.unfreeze.selector);
        if (selector == IPolicyHook.accountState.selector) {
            Forward.to(address(Lifecycle), Lifecycle.accountState.selector);
        }
        if (selector == IPolicyHook.MAX_CHANGE_DELAY.selector) Forward.answer(Lifecycle.MAX_CHANGE_DELAY);
        if (selector == IPolicyHook.CHANGE_WINDOW.selector) Forward.answer(Slots.CHANGE_WINDOW);
    }

    function _install() private {
        require(State.control(msg.sender).program() == address(0), IPolicyHook.AlreadyInstalled());
        _authenticateAccount();
        // The other functions need a marker, which only exact calldata has.
        uint256 end = ExactCalldata.headEnd(INSTALL_WORDS);
        uint256 count = ExactCalldata.load(end);
        bool exact = ExactCalldata.argument(BYPASSING) == end - 4 && count < msg.data.length;
        ExactCalldata.check(exact && msg.data.length == end + 32 * (1 + count));
        Forward.to(address(Lifecycle), Lifecycle.install.selector);
    }

    /// @dev For the account alone.
    function _change(bytes4 selector) private {
        _authenticateAccount();
        Forward.to(address(Lifecycle), selector);
    }
}
