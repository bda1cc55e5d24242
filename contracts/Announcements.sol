// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Forward} from "./libraries/Forward.sol";
import {Notices} from "./libraries/Notices.sol";
import {State} from "./libraries/State.sol";

/// @notice Public notices of requests, which start their delay. {Notices} has the bodies, and reads the arguments.
abstract contract Announcements is AccountOnly {
    /// @dev Returns only if the call is none of these.
    function _announcements(bytes4 selector) internal {
        if (selector == IPolicyHook.announce.selector) _byAnyone(address(Notices), Notices.announce.selector);
        if (selector == IPolicyHook.cancel.selector) _byAnyone(address(Notices), Notices.cancel.selector);
        if (selector == IPolicyHook.announcementId.selector) Forward.to(address(Notices), Notices.idOf.selector);
        if (selector == IPolicyHook.announcedAt.selector) {
            (uint256 madeAt,) = State.announcement(bytes32(ExactCalldata.argument(0)));
            Forward.answer(madeAt);
        }
    }
}
