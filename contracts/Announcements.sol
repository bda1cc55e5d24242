// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {Forward} from "./libraries/Forward.sol";
import {Notices} from "./libraries/Notices.sol";
import {State} from "./libraries/State.sol";
import {Action} from "./types/Types.sol";

/// @notice Public notices of requests, which start their delay. {Notices} has the bodies, and reads the arguments,
/// which are named here for the ABI.
abstract contract Announcements is AccountOnly, IPolicyHook {
    /// @inheritdoc IPolicyHook
    function announce(address account, address origin, Action[] calldata actions) external returns (bytes32 id) {
        if (msg.sender == account) _authenticateAccount();
        Forward.to(address(Notices), Notices.announce.selector);
    }

    /// @inheritdoc IPolicyHook
    function cancel(address account, bytes32 id) external {
        if (msg.sender == account) _authenticateAccount();
        Forward.to(address(Notices), Notices.cancel.selector);
    }

    /// @inheritdoc IPolicyHook
    function announcedAt(bytes32 id) external view returns (uint256 madeAt) {
        (madeAt,) = State.announcement(id);
    }

    /// @inheritdoc IPolicyHook
    function announcementId(address account, address origin, Action[] calldata actions)
        external
        view
        returns (bytes32)
    {
        Forward.toView(address(Notices), Notices.idOf.selector);
    }
}
