// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {Marker} from "./libraries/Marker.sol";
import {SafeAccount} from "./libraries/SafeAccount.sol";
import {State} from "./libraries/State.sol";

/// @notice Tells a call that the account was asked to make from one that a stranger had it forward.
abstract contract AccountOnly {
    /// @dev For functions that trust the account as their caller, see {IPolicyHook}. While a program is active, an
    /// executing request must have contained this very call, byte for byte; what a fallback handler forwards has
    /// its caller appended and never matches.
    modifier accountOnly() {
        _authenticateAccount();
        _;
    }

    function _authenticateAccount() internal {
        require(SafeAccount.handler(msg.sender) != address(this), IPolicyHook.HandlerIsHook());
        if (State.control(msg.sender).program() == address(0)) return;
        require(Marker.consume(Marker.keyOf(msg.sender, msg.data)), IPolicyHook.NotRequested());
    }
}
