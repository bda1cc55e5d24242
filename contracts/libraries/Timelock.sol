// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ActionView} from "../types/Data.sol";
import {Evaluation} from "../types/Evaluation.sol";
import {Reason} from "../types/Reason.sol";
import {Program} from "./Program.sol";
import {State} from "./State.sol";

/// @notice Announcements and the delay they start, `docs/program.md` §6.
library Timelock {
    /// @notice The id that an announcement of these actions has in the epoch.
    function idOf(address account, uint32 epoch, address origin, ActionView[] memory actions)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(account, epoch, origin, contentOf(actions)));
    }

    /// @notice What a request is about, whenever and by whom it is made.
    function contentOf(ActionView[] memory actions) internal pure returns (bytes32 content) {
        bytes32[] memory hashes = new bytes32[](actions.length);
        for (uint256 i = 0; i < actions.length; ++i) {
            ActionView memory a = actions[i];
            hashes[i] = keccak256(abi.encode(a.to, a.value, keccak256(a.data.bytesOf()), a.operation));
        }
        assembly ("memory-safe") {
            content := keccak256(add(hashes, 32), shl(5, mload(hashes)))
        }
    }

    /// @notice Denies unless the delay that the rules ask for has passed; notes the announcement to consume.
    function demand(Evaluation memory e, ActionView[] memory actions) internal view {
        if (e.delay == 0) return;
        bytes32 id = idOf(e.account, e.control.epoch(), e.origin, actions);
        (uint256 madeAt,) = State.announcement(id);
        if (madeAt == 0) _deny(e, Reason.NotAnnounced, 0, e.delay);
        uint256 expiresAt = madeAt + Program.announcementExpiry(e.image);
        if (block.timestamp >= expiresAt) _deny(e, Reason.AnnouncementExpired, expiresAt, block.timestamp);
        uint256 maturesAt = madeAt + e.delay;
        if (block.timestamp < maturesAt) _deny(e, Reason.NotMatured, maturesAt, block.timestamp);
        e.announcement = id;
    }

    function _deny(Evaluation memory e, Reason reason, uint256 have, uint256 need) private pure {
        e.denyAt(reason, e.delayEffect, e.delayRule, 0, have, need);
    }
}
