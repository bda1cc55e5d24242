// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IRegistry} from "./interfaces/IRegistry.sol";

/// @title An address list that changes without changing the policy
/// @notice See {IRegistry}.
contract Registry is IRegistry {
    /// @inheritdoc IRegistry
    address public immutable curator;
    /// @inheritdoc IRegistry
    uint32 public immutable delay;

    /// @inheritdoc IRegistry
    mapping(address member => uint256) public activeFrom;

    modifier onlyCurator() {
        require(msg.sender == curator, NotCurator(msg.sender));
        _;
    }

    constructor(address curator_, uint32 delay_) {
        require(curator_ != address(0), NoCurator());
        curator = curator_;
        delay = delay_;
    }

    /// @inheritdoc IRegistry
    function contains(address member) external view returns (bool) {
        uint256 from = activeFrom[member];
        return from != 0 && block.timestamp >= from;
    }

    /// @inheritdoc IRegistry
    function add(address[] calldata members) external onlyCurator {
        uint256 from = block.timestamp + delay;
        for (uint256 i = 0; i < members.length; ++i) {
            activeFrom[members[i]] = from;
            emit Added(members[i], from);
        }
    }

    /// @inheritdoc IRegistry
    function remove(address[] calldata members) external onlyCurator {
        for (uint256 i = 0; i < members.length; ++i) {
            if (activeFrom[members[i]] == 0) continue;
            delete activeFrom[members[i]];
            emit Removed(members[i]);
        }
    }
}
