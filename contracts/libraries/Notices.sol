// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafe} from "../interfaces/ISafe.sol";
import {viewsOf} from "../types/Data.sol";
import {Image} from "../types/Image.sol";
import {Action} from "../types/Types.sol";
import {Program} from "./Program.sol";
import {State} from "./State.sol";
import {Timelock} from "./Timelock.sol";
import {Whitelist} from "./Whitelist.sol";

/// @notice Makes and cancels announcements. A contract of its own, as {Lifecycle}; where the account is the caller, the
/// hook has authenticated it before.
library Notices {
    using Program for Image;

    /// @notice See {IPolicyHook.announce}.
    function announce(address account, address origin, Action[] calldata actions) external returns (bytes32 id) {
        address program = State.control(account).program();
        require(program != address(0), IPolicyHook.NotInstalled());
        Image memory image;
        image.open(program);
        bool may = msg.sender == account || msg.sender == origin || _lists(image, image.announcers())
            || ISafe(account).isOwner(msg.sender);
        require(may, IPolicyHook.NotAllowed(msg.sender));

        id = idOf(account, origin, actions);
        (uint256 made,) = State.announcement(id);
        bool live = made != 0 && block.timestamp < made + image.announcementExpiry();
        require(!live, IPolicyHook.AlreadyAnnounced(id, made));
        State.setAnnouncement(id, account, block.timestamp);
        emit IPolicyHook.Announced(account, id, origin, msg.sender, actions);
    }

    /// @notice See {IPolicyHook.cancel}.
    function cancel(address account, bytes32 id) external {
        require(msg.sender == account || _mayCancel(account), IPolicyHook.NotAllowed(msg.sender));
        (uint256 made, address owner) = State.announcement(id);
        require(made != 0 && owner == account, IPolicyHook.UnknownAnnouncement(id));
        State.clearAnnouncement(id);
        emit IPolicyHook.AnnouncementCancelled(account, id, msg.sender);
    }

    /// @notice See {IPolicyHook.announcedAt}.
    function madeAt(bytes32 id) external view returns (uint256 time) {
        (time,) = State.announcement(id);
    }

    /// @notice See {IPolicyHook.announcementId}.
    function idOf(address account, address origin, Action[] calldata actions) public view returns (bytes32) {
        return Timelock.idOf(account, State.control(account).epoch(), origin, viewsOf(actions));
    }

    function _mayCancel(address account) private view returns (bool) {
        address program = State.control(account).program();
        if (program == address(0)) return false;
        Image memory image;
        image.open(program);
        return _lists(image, image.cancellers());
    }

    /// @dev The program was sound when it was staged; were it not now, it would list nobody. Nor does a registry that
    /// does not answer.
    function _lists(Image memory image, uint256 list) private view returns (bool) {
        return !image.failed() && list != 0 && Whitelist.contains(image, list, msg.sender);
    }
}
