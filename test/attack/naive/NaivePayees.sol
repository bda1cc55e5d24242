// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../../contracts/types/Types.sol";
import {IMultiSend} from "../../base/ISafe.sol";
import {NaiveGuard} from "./NaiveGuard.sol";

bytes4 constant TRANSFER = 0xa9059cbb;
bytes4 constant APPROVE = 0x095ea7b3;

/// @notice Pays one payee, in one token and in ether.
/// @dev Its mistakes: it takes four bytes of zero, and fewer bytes, for no calldata; it looks neither at the
/// operation nor, beside a token's calldata, at the value.
contract NaivePayees is NaiveGuard {
    address internal immutable _TOKEN;
    address internal immutable _PAYEE;

    constructor(address token, address payee) {
        (_TOKEN, _PAYEE) = (token, payee);
    }

    function _before(Action memory a) internal virtual override {
        require(_pays(a), Refused());
    }

    function _pays(Action memory a) internal view virtual returns (bool) {
        if (_selector(a.data) == 0) return a.to == _PAYEE;
        return a.to == _TOKEN && _selector(a.data) == TRANSFER && address(uint160(_word(a.data, 4))) == _PAYEE;
    }
}

/// @notice The same for batches.
/// @dev Its mistakes: it knows a batch by its selector, reads it where it usually is, leaves out what is cut short,
/// and takes batches below its depth for granted.
contract NaiveBatches is NaivePayees {
    uint256 private immutable _DEPTH;

    constructor(address token, address payee, uint256 depth) NaivePayees(token, payee) {
        _DEPTH = depth;
    }

    function _before(Action memory a) internal view override {
        _judge(a, 0);
    }

    function _judge(Action memory a, uint256 depth) private view {
        if (a.operation == 0) {
            require(_pays(a), Refused());
            return;
        }
        require(_selector(a.data) == IMultiSend.multiSend.selector, Refused());
        if (depth == _DEPTH) return;
        Action[] memory legs = _legs(a.data);
        for (uint256 i; i < legs.length; i++) {
            _judge(legs[i], depth + 1);
        }
    }
}

/// @notice The same, with a cap on every payment.
/// @dev Its mistake: many payments are as many caps.
contract NaivePerPayment is NaiveBatches {
    uint256 private immutable _MOST;

    constructor(address token, address payee, uint256 most) NaiveBatches(token, payee, 1) {
        _MOST = most;
    }

    function _pays(Action memory a) internal view override returns (bool) {
        return super._pays(a) && _word(a.data, 36) <= _MOST;
    }
}

/// @notice Refuses transfers to one address.
/// @dev Its mistake: it compares whole words, of which tokens read 20 bytes.
contract NaiveBlocklist is NaiveGuard {
    address private immutable _BLOCKED;

    constructor(address blocked) {
        _BLOCKED = blocked;
    }

    function _before(Action memory a) internal view override {
        bool pays = _selector(a.data) == TRANSFER && _word(a.data, 4) == uint160(_BLOCKED);
        require(!pays && a.to != _BLOCKED, Refused());
    }
}

/// @notice Refuses what was vetoed.
/// @dev Its mistake: it names a request by all of its calldata, part of which nobody reads.
contract NaiveVeto is NaiveGuard {
    mapping(bytes32 request => bool) private _vetoed;

    function veto(Action calldata a) external {
        _vetoed[keccak256(abi.encode(a))] = true;
    }

    function _before(Action memory a) internal view override {
        require(!_vetoed[keccak256(abi.encode(a))], Refused());
    }
}

/// @notice Allows calls to one target, and payments of nothing.
/// @dev Its mistake: it trusts a target, whatever the call says.
contract NaiveTarget is NaiveGuard {
    address private immutable _TARGET;

    constructor(address target) {
        _TARGET = target;
    }

    function _before(Action memory a) internal view override {
        require(a.to == _TARGET && a.operation == 0 && a.value == 0, Refused());
    }
}
