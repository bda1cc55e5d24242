// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {Consenting} from "./libraries/Consenting.sol";
import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Forward} from "./libraries/Forward.sol";

/// @notice What the members of a program's groups do on chain. {Consenting} has the bodies, and reads the arguments.
/// Calldata is exact, so that nobody speaks for a member whose fallback handler this contract is.
abstract contract Members is AccountOnly {
    /// @dev Returns only if the call is none of these.
    function _members(bytes4 selector) internal {
        if (selector == IPolicyHook.approve.selector) {
            _checkLength(4);
            _byAnyone(address(Consenting), Consenting.approve.selector);
        }
        if (selector == IPolicyHook.deny.selector) {
            _checkLength(3);
            _byAnyone(address(Consenting), Consenting.deny.selector);
        }
        if (selector == IPolicyHook.freeze.selector) {
            _checkLength(1);
            Forward.to(address(Consenting), Consenting.freeze.selector);
        }
    }

    /// @param words How many arguments there are.
    function _checkLength(uint256 words) private pure {
        ExactCalldata.check(msg.data.length == ExactCalldata.headEnd(words));
    }
}
