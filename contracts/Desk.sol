// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {Consenting} from "./libraries/Consenting.sol";
import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Forward} from "./libraries/Forward.sol";
import {Lifecycle} from "./libraries/Lifecycle.sol";
import {ModuleRequests} from "./libraries/ModuleRequests.sol";
import {Notices} from "./libraries/Notices.sol";
import {Services} from "./libraries/Services.sol";
import {State} from "./libraries/State.sol";

/// @notice All that is no execution: control, announcements, consent, opened requests. {Services} knows which library has
/// the body of a call, which reads the arguments, and who must be authenticated before.
abstract contract Desk is AccountOnly {
    /// @dev Returns only if the call is none of these.
    function _desk(bytes4 selector) internal {
        uint256 service = Services.find(selector);
        if (service == 0) return;
        if (selector == IPolicyHook.install.selector) {
            require(State.control(msg.sender).program() == address(0), IPolicyHook.AlreadyInstalled());
        }
        uint256 caller = uint8(service);
        // What anyone may call about an account, which is the first argument, it itself may only if it was asked to.
        bool account = caller == Services.ABOUT && ExactCalldata.argument(0) == uint256(uint160(msg.sender));
        if (account || caller == Services.ACCOUNT) _authenticateAccount();
        Forward.to(_code(uint8(service >> 8)), bytes4(bytes32(service)));
    }

    function _code(uint256 where) private pure returns (address) {
        if (where == Services.LIFECYCLE) return address(Lifecycle);
        if (where == Services.NOTICES) return address(Notices);
        if (where == Services.CONSENTING) return address(Consenting);
        return address(ModuleRequests);
    }
}
