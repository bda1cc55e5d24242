// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../../contracts/types/Types.sol";
import {NaiveGuard} from "./NaiveGuard.sol";
import {TRANSFER} from "./NaivePayees.sol";

/// @notice A module pays one payee only what was opened, and what two of a group have approved since.
/// @dev Its mistakes: a request is called by what it does, and not by who asks, for which account, or which one of
/// several it is; executing it leaves it open, with its approvals; anybody opens, and opening again begins anew; and what
/// is signed for it names it alone.
contract NaiveOpenings is NaiveGuard {
    address private immutable _PAYEE;
    mapping(address who => bool) private _members;
    mapping(bytes32 request => bool) private _open;
    mapping(bytes32 request => address[]) private _approvers;

    constructor(address payee, address[] memory members) {
        _PAYEE = payee;
        for (uint256 i; i < members.length; i++) {
            _members[members[i]] = true;
        }
    }

    function open(Action calldata a) external {
        bytes32 request = nameOf(a);
        _open[request] = true;
        delete _approvers[request];
    }

    function approve(bytes32 request) external {
        _approve(request, msg.sender);
    }

    function post(bytes32 request, bytes memory s) external {
        _approve(request, ecrecover(request, uint8(s[64]), bytes32(_word(s, 0)), bytes32(_word(s, 32))));
    }

    function nameOf(Action memory a) public pure returns (bytes32) {
        return keccak256(abi.encode(a.to, a.value, keccak256(a.data)));
    }

    function _approve(bytes32 request, address who) private {
        require(_open[request] && _members[who], Refused());
        address[] storage approvers = _approvers[request];
        for (uint256 i; i < approvers.length; i++) {
            require(approvers[i] != who, Refused());
        }
        approvers.push(who);
    }

    function _before(Action memory a) internal view override {
        if (_selector(a.data) != TRANSFER || address(uint160(_word(a.data, 4))) != _PAYEE) return;
        require(_approvers[nameOf(a)].length >= 2, Refused());
    }
}
