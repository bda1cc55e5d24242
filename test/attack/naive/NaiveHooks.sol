// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../../contracts/types/Types.sol";
import {IManager, SafeRootAccess, SafeTransaction} from "../../base/Protocol.sol";
import {NaiveGuard} from "./NaiveGuard.sol";
import {TRANSFER} from "./NaivePayees.sol";

/// @notice A hook of the Safe Protocol with a cap on what is paid.
/// @dev Its mistakes: it does not ask who calls, so anybody charges anybody; it knows the manager's setter only as a
/// direct call; and root access is not looked at.
contract NaiveHooks {
    error Refused();

    uint256 private immutable _CAP;
    mapping(address account => uint256) private _spent;

    constructor(uint256 cap) {
        _CAP = cap;
    }

    function supportsInterface(bytes4) external pure returns (bool) {
        return true;
    }

    function preCheck(address account, SafeTransaction calldata t, uint256, bytes calldata)
        external
        returns (bytes memory)
    {
        for (uint256 i; i < t.actions.length; i++) {
            bool unhooks = t.actions[i].to == msg.sender && bytes4(t.actions[i].data) == IManager.setHooks.selector;
            require(!unhooks, Refused());
            if (t.actions[i].data.length != 68) continue;
            _spent[account] += uint256(bytes32(t.actions[i].data[36:]));
        }
        require(_spent[account] <= _CAP, Refused());
        return "";
    }

    function preCheckRootAccess(address, SafeRootAccess calldata, uint256, bytes calldata)
        external
        pure
        returns (bytes memory)
    {
        return "";
    }

    function postCheck(address, bool, bytes calldata) external pure {}
}

/// @notice A hook of the Safe Protocol with a cap on what is paid, batches included.
/// @dev Its mistake: it checks before and writes after, and an after need not come.
contract NaiveLateHooks is NaiveGuard {
    uint256 private immutable _CAP;
    mapping(address account => uint256) private _spent;
    mapping(address account => uint256) private _pending;

    constructor(uint256 cap) {
        _CAP = cap;
    }

    function preCheck(address account, SafeTransaction calldata t, uint256, bytes calldata)
        external
        returns (bytes memory)
    {
        uint256 sum;
        for (uint256 i; i < t.actions.length; i++) {
            sum += _outflow(t.actions[i].data);
        }
        _note(account, sum);
        return "";
    }

    function preCheckRootAccess(address account, SafeRootAccess calldata access, uint256, bytes calldata)
        external
        returns (bytes memory)
    {
        Action[] memory legs = _legs(access.action.data);
        uint256 sum;
        for (uint256 i; i < legs.length; i++) {
            sum += _outflow(legs[i].data);
        }
        _note(account, sum);
        return "";
    }

    function postCheck(address account, bool success, bytes calldata) external {
        if (success) _spent[account] += _pending[account];
    }

    function _note(address account, uint256 sum) private {
        _pending[account] = sum;
        require(_spent[account] + sum <= _CAP, Refused());
    }

    function _outflow(bytes memory data) private pure returns (uint256) {
        return _selector(data) == TRANSFER ? _word(data, 36) : 0;
    }

    function _before(Action memory) internal override {}
}
