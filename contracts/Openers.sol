// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {Forward} from "./libraries/Forward.sol";
import {ModuleRequests} from "./libraries/ModuleRequests.sol";

/// @notice Gives module requests a name, and takes consent to them. {ModuleRequests} has the bodies, and reads the
/// arguments.
abstract contract Openers is AccountOnly {
    /// @dev Returns only if the call is none of these.
    function _openers(bytes4 selector) internal {
        if (selector == IPolicyHook.open.selector) _byAnyone(address(ModuleRequests), ModuleRequests.open.selector);
        if (selector == IPolicyHook.post.selector) Forward.to(address(ModuleRequests), ModuleRequests.post.selector);
    }
}
