// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {ISafe} from "./interfaces/ISafe.sol";
import {Program} from "./libraries/Program.sol";
import {State} from "./libraries/State.sol";
import {Timelock} from "./libraries/Timelock.sol";
import {Whitelist} from "./libraries/Whitelist.sol";
import {viewsOf} from "./types/Data.sol";
import {Image} from "./types/Evaluation.sol";
import {Action} from "./types/Types.sol";

/// @notice Public notices of requests, which start their delay.
abstract contract Announcements is AccountOnly, IPolicyHook {
    using Program for Image;

    /// @inheritdoc IPolicyHook
    function announce(address account, address origin, Action[] calldata actions) external returns (bytes32 id) {
        address program = State.control(account).program();
        require(program != address(0), NotInstalled());
        Image memory image;
        image.open(program);
        if (msg.sender == account) _authenticateAccount();
        else require(_mayAnnounce(image, account, origin), NotAllowed(msg.sender));

        id = announcementId(account, origin, actions);
        (uint256 madeAt,) = State.announcement(id);
        bool live = madeAt != 0 && block.timestamp < madeAt + image.announcementExpiry();
        require(!live, AlreadyAnnounced(id, madeAt));
        State.setAnnouncement(id, account, block.timestamp);
        emit Announced(account, id, origin, msg.sender, actions);
    }

    /// @inheritdoc IPolicyHook
    function cancel(address account, bytes32 id) external {
        if (msg.sender == account) {
            _authenticateAccount();
        } else {
            address program = State.control(account).program();
            require(program != address(0), NotAllowed(msg.sender));
            Image memory image;
            image.open(program);
            require(_lists(image, image.cancellers()), NotAllowed(msg.sender));
        }
        (uint256 madeAt, address owner) = State.announcement(id);
        require(madeAt != 0 && owner == account, UnknownAnnouncement(id));
        State.clearAnnouncement(id);
        emit AnnouncementCancelled(account, id, msg.sender);
    }

    /// @inheritdoc IPolicyHook
    function announcedAt(bytes32 id) external view returns (uint256 madeAt) {
        (madeAt,) = State.announcement(id);
    }

    /// @inheritdoc IPolicyHook
    function announcementId(address account, address origin, Action[] calldata actions) public view returns (bytes32) {
        return Timelock.idOf(account, State.control(account).epoch(), origin, viewsOf(actions));
    }

    function _mayAnnounce(Image memory image, address account, address origin) private view returns (bool) {
        return msg.sender == origin || _lists(image, image.announcers()) || ISafe(account).isOwner(msg.sender);
    }

    /// @dev The program was sound when it was staged; were it not now, it would list nobody.
    function _lists(Image memory image, uint256 list) private view returns (bool) {
        return !image.failed() && list != 0 && Whitelist.contains(image, list, msg.sender);
    }
}
