// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {State} from "./State.sol";

/// @notice What an opened module request is of.
struct Opening {
    address account;
    uint256 epoch;
    address module;
    // The hash of the ordered actions.
    bytes32 content;
}

/// @notice Where opened module requests are, and what they are called, `docs/program.md` §8.9. The word is:
///
///     | zero (152) | serial (64) | opened at, in seconds (40) |
library Openings {
    uint256 private constant NAME = 4;
    uint256 private constant WORD = 5;

    /// @notice The request that is open, if one is.
    /// @param expiry How long it stays open, in seconds.
    /// @return request Its name; 0 if none is open.
    /// @return openedAt When it was opened.
    function live(Opening memory o, uint256 expiry) internal view returns (bytes32 request, uint256 openedAt) {
        uint256 word = State.read(slotOf(o));
        openedAt = uint40(word);
        // Serials begin at 1.
        if (word != 0 && block.timestamp < openedAt + expiry) request = nameOf(o, word >> 40);
    }

    /// @notice What the request is called that was opened with this serial.
    function nameOf(Opening memory o, uint256 serial) internal pure returns (bytes32) {
        return keccak256(abi.encode(o.account, o.epoch, o.module, o.content, serial, NAME));
    }

    function slotOf(Opening memory o) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(o.account, o.epoch, o.module, o.content, WORD)));
    }

    /// @notice Opens the request as the account's next, now.
    function write(Opening memory o) internal returns (bytes32 request, uint64 serial) {
        serial = State.opened(o.account) + 1;
        State.setOpened(o.account, serial);
        State.write(slotOf(o), uint256(serial) << 40 | uint40(block.timestamp));
        request = nameOf(o, serial);
    }
}
