// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {Forward} from "./libraries/Forward.sol";
import {ModuleRequests} from "./libraries/ModuleRequests.sol";
import {Action} from "./types/Types.sol";

/// @notice Gives module requests a name, and takes consent to them. {ModuleRequests} has the bodies, and reads the
/// arguments, which are named here for the ABI.
abstract contract Openers is AccountOnly, IPolicyHook {
    /// @inheritdoc IPolicyHook
    function open(address account, address module, Action[] calldata actions) external returns (bytes32 request) {
        if (msg.sender == account) _authenticateAccount();
        Forward.to(address(ModuleRequests), ModuleRequests.open.selector);
    }

    /// @inheritdoc IPolicyHook
    function post(address account, address module, bytes32 content, bytes calldata payload) external {
        Forward.to(address(ModuleRequests), ModuleRequests.post.selector);
    }
}
