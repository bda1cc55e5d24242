// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Lifecycle} from "./libraries/Lifecycle.sol";
import {Marker} from "./libraries/Marker.sol";

/// @notice Tells a call that the account was asked to make from one that a stranger had it forward.
abstract contract AccountOnly {
    /// @dev For what trusts the account as its caller, see {IPolicyHook} and {Lifecycle.authenticate}.
    function _authenticateAccount() internal {
        Lifecycle.authenticate(Marker.keyOf(msg.sender, msg.data));
    }
}
