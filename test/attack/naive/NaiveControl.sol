// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../../contracts/types/Types.sol";
import {GUARD_SLOT, ISafe} from "../../base/ISafe.sol";
import {NaiveGuard} from "./NaiveGuard.sol";

/// @notice Does not let itself be taken off.
/// @dev Its mistakes: it does not look into batches, and it forgets that there are two guards.
contract NaiveSelfDefence is NaiveGuard {
    function _before(Action memory a) internal view override {
        require(a.to != msg.sender || _selector(a.data) != ISafe.setGuard.selector, Refused());
    }
}

/// @notice Pays one payee, and does not let itself be taken off.
/// @dev Its mistake: it looks for itself when all is over, and a refund comes before that.
contract NaiveAfterthought is NaiveGuard {
    address private immutable _TOKEN;

    constructor(address token) {
        _TOKEN = token;
    }

    function _before(Action memory a) internal view override {
        require(a.to != _TOKEN && a.operation == 0, Refused());
    }

    /// @dev A guard that reads its account's slot has `getStorageAt` for it.
    function _after(bool) internal view override {
        bytes memory word = IStorage(msg.sender).getStorageAt(uint256(GUARD_SLOT), 1);
        require(abi.decode(word, (address)) == address(this), Refused());
    }
}

interface IStorage {
    function getStorageAt(uint256 offset, uint256 length) external view returns (bytes memory);
}

/// @notice Lets the account stage a program. It is called as the hook is.
/// @dev Its mistake: whoever the account's fallback speaks for is the account.
contract NaiveStaging is NaiveGuard {
    mapping(address account => address) public staged;

    function stage(address program, bytes32, uint32) external {
        staged[msg.sender] = program;
    }

    function _before(Action memory) internal view override {}
}

/// @notice Refuses everything, and so everything that would take it off.
contract NaiveLock is NaiveGuard {
    function _before(Action memory) internal pure override {
        revert Refused();
    }
}
