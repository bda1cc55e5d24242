// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Binding} from "../types/Obligation.sol";
import {State} from "./State.sol";

/// @notice Where approvals and denials that were made on chain are, `docs/program.md` §8.6.
library Consents {
    /// @dev In place of the deadline of an approval that was taken back: a second long past, so it counts no more, and
    /// not 0, so that what was signed before is not posted over it.
    uint256 internal constant TAKEN_BACK = 1;

    uint256 private constant APPROVAL = 1;
    uint256 private constant DENIAL = 2;

    /// @notice Whether an approval was made that still counts.
    function hasApproved(Binding memory b, address approver) internal view returns (bool) {
        return block.timestamp <= State.read(approvalSlot(b, approver));
    }

    /// @notice Whether a member of the list has denied the request.
    function isDenied(Binding memory b, uint256 list) internal view returns (bool) {
        return State.read(denialSlot(b, list)) != 0;
    }

    /// @notice The slot of a deadline, in seconds: the last second at which the approval counts.
    function approvalSlot(Binding memory b, address approver) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(b.account, b.epoch, b.version, b.request, approver, APPROVAL)));
    }

    function denialSlot(Binding memory b, uint256 list) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(b.account, b.epoch, b.version, b.request, list, DENIAL)));
    }
}
