// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../../contracts/types/Types.sol";
import {NaiveGuard} from "./NaiveGuard.sol";
import {TRANSFER} from "./NaivePayees.sol";

/// @notice Payments to one payee wait for a day behind an announcement. It is called as the hook is.
/// @dev Its mistakes: anybody announces, and announcing again starts anew; unless it was cancelled, when it goes on
/// where it was; cancelling does not ask whose announcement it is; an execution uses none up; none ends when the
/// guard comes off; and an announcement does not say how much.
contract NaiveTimelock is NaiveGuard {
    struct Notice {
        uint256 madeAt;
        bool cancelled;
    }

    uint256 private constant _DELAY = 1 days;
    address private immutable _PAYEE;
    mapping(bytes32 id => Notice) private _notices;
    mapping(address account => address) private _cancellers;

    constructor(address payee) {
        _PAYEE = payee;
    }

    function setCanceller(address canceller) external {
        _cancellers[msg.sender] = canceller;
    }

    function announce(address account, address, Action[] calldata actions) external returns (bytes32 id) {
        id = announcementId(account, address(0), actions);
        Notice storage notice = _notices[id];
        if (notice.cancelled) notice.cancelled = false;
        else notice.madeAt = block.timestamp;
    }

    function cancel(address account, bytes32 id) external {
        require(msg.sender == _cancellers[account], Refused());
        _notices[id].cancelled = true;
    }

    function announcementId(address account, address, Action[] calldata actions) public pure returns (bytes32) {
        return _idOf(account, actions[0]);
    }

    function _before(Action memory a) internal view override {
        if (_selector(a.data) != TRANSFER || address(uint160(_word(a.data, 4))) != _PAYEE) return;
        Notice memory notice = _notices[_idOf(msg.sender, a)];
        bool matured = notice.madeAt != 0 && block.timestamp >= notice.madeAt + _DELAY;
        require(matured && !notice.cancelled, Refused());
    }

    function _idOf(address account, Action memory a) private pure returns (bytes32) {
        return keccak256(abi.encode(account, a.to, _slice(a.data, 0, 36)));
    }
}
