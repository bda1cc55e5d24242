// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Forward} from "./libraries/Forward.sol";
import {Lifecycle} from "./libraries/Lifecycle.sol";
import {Marker} from "./libraries/Marker.sol";

/// @notice Tells a call that the account was asked to make from one that a stranger had it forward.
abstract contract AccountOnly {
    /// @dev For what trusts the account as its caller, see {IPolicyHook} and {Lifecycle.authenticate}.
    function _authenticateAccount() internal {
        Lifecycle.authenticate(Marker.keyOf(msg.sender, msg.data));
    }

    /// @dev For functions that anyone may call about an account, which is their first argument; but it itself only if it
    /// was asked to.
    function _byAnyone(address code, bytes4 selector) internal {
        if (ExactCalldata.argument(0) == uint256(uint160(msg.sender))) _authenticateAccount();
        Forward.to(code, selector);
    }
}
