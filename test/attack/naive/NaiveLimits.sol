// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../../contracts/types/Types.sol";
import {Token} from "../../tokens/Token.sol";
import {NaiveGuard} from "./NaiveGuard.sol";
import {APPROVE, TRANSFER} from "./NaivePayees.sol";

interface IBalance {
    function balanceOf(address holder) external view returns (uint256);
}

/// @notice Counts what leaves the account by `transfer`, in single calls and in batches.
/// @dev Its mistake: nothing else counts.
abstract contract NaiveOutflow is NaiveGuard {
    address internal immutable _TOKEN;

    constructor(address token) {
        _TOKEN = token;
    }

    function _outflow(Action memory a) internal view virtual returns (uint256 sum) {
        if (a.operation == 0) {
            return a.to == _TOKEN && _selector(a.data) == TRANSFER ? _word(a.data, 36) : 0;
        }
        Action[] memory legs = _legs(a.data);
        for (uint256 i; i < legs.length; i++) {
            sum += _outflow(legs[i]);
        }
    }
}

/// @notice A cap on a day that begins at midnight.
/// @dev Its mistakes: two days' caps fit into two minutes, a new cap forgets what was spent, and what fails is charged.
contract NaiveDay is NaiveOutflow {
    struct Limit {
        uint256 cap;
        uint256 day;
        uint256 spent;
    }

    mapping(address account => Limit) internal _limits;
    uint256 private immutable _CAP;

    constructor(address token, uint256 cap) NaiveOutflow(token) {
        _CAP = cap;
    }

    function setCap(uint256 cap) external {
        _limits[msg.sender] = Limit(cap, 0, 0);
    }

    function _before(Action memory a) internal virtual override {
        _charge(msg.sender, _outflow(a));
    }

    function _charge(address account, uint256 amount) internal {
        Limit storage limit = _limits[_keyOf(account)];
        if (limit.cap == 0) limit.cap = _CAP;
        uint256 today = block.timestamp / 1 days;
        if (limit.day != today) (limit.day, limit.spent) = (today, 0);
        limit.spent += amount;
        require(limit.spent <= limit.cap, Refused());
    }

    function _keyOf(address account) internal view virtual returns (address) {
        return account;
    }
}

/// @notice Its mistake: all accounts share the token's limit.
contract NaiveSharedDay is NaiveDay {
    constructor(address token, uint256 cap) NaiveDay(token, cap) {}

    function _keyOf(address) internal view override returns (address) {
        return _TOKEN;
    }
}

/// @notice Its mistake: an allowance is counted by how much it raises what is outstanding on the guard's own books.
contract NaiveAllowances is NaiveDay {
    mapping(address spender => uint256) private _granted;

    constructor(address token, uint256 cap) NaiveDay(token, cap) {}

    function _before(Action memory a) internal override {
        if (_selector(a.data) != APPROVE) return super._before(a);
        address spender = address(uint160(_word(a.data, 4)));
        uint256 amount = _word(a.data, 36);
        if (amount > _granted[spender]) _charge(msg.sender, amount - _granted[spender]);
        _granted[spender] = amount;
    }
}

/// @notice Its mistake: it checks before and writes after, so what is nested, or called in between, does not count.
contract NaiveAfterwards is NaiveOutflow {
    uint256 private immutable _CAP;
    uint256 private _spent;
    uint256 private _pending;

    constructor(address token, uint256 cap) NaiveOutflow(token) {
        _CAP = cap;
    }

    function _before(Action memory a) internal override {
        _pending = _outflow(a);
        require(_spent + _pending <= _CAP, Refused());
    }

    function _after(bool success) internal override {
        if (success) _spent += _pending;
    }
}

/// @notice A level that drains evenly over a day.
/// @dev Its mistake: a cap at once and a cap while it drains make two in one window.
contract NaiveBucket is NaiveOutflow {
    uint256 private immutable _CAP;
    uint256 private _level;
    uint256 private _at;

    constructor(address token, uint256 cap) NaiveOutflow(token) {
        _CAP = cap;
    }

    function _before(Action memory a) internal override {
        uint256 drained = _CAP * (block.timestamp - _at) / 1 days;
        _level = _level > drained ? _level - drained : 0;
        _at = block.timestamp;
        _level += _outflow(a);
        require(_level <= _CAP, Refused());
    }
}

/// @notice Keeps a floor under the balance of a token, if the token answers.
/// @dev Its mistake: it takes the whole answer, however long.
contract NaiveFloor is NaiveGuard {
    address private immutable _TOKEN;
    uint256 private immutable _FLOOR;

    constructor(address token, uint256 floor) {
        (_TOKEN, _FLOOR) = (token, floor);
    }

    function _before(Action memory) internal pure override {}

    function _after(bool) internal view override {
        (bool ok, bytes memory answer) = _TOKEN.staticcall(abi.encodeCall(IBalance.balanceOf, (msg.sender)));
        require(!ok || answer.length < 32 || _word(answer, 0) >= _FLOOR, Refused());
    }
}

/// @notice Compares a balance before and after.
/// @dev Its mistakes: an allowance moves no balance; where it watches the payee, a fee is not counted.
contract NaiveMeter is NaiveGuard {
    Token private immutable _TOKEN;
    address private immutable _PAYEE;
    uint256 private immutable _CAP;
    uint256 private _spent;
    uint256 private _noted;

    /// @param payee Who is watched; zero watches the account.
    constructor(address token, address payee, uint256 cap) {
        (_TOKEN, _PAYEE, _CAP) = (Token(token), payee, cap);
    }

    function _before(Action memory) internal override {
        _noted = _watched();
    }

    function _after(bool) internal override {
        uint256 now_ = _watched();
        _spent += now_ > _noted ? now_ - _noted : _noted - now_;
        require(_spent <= _CAP, Refused());
    }

    function _watched() private view returns (uint256) {
        return _TOKEN.balanceOf(_PAYEE == address(0) ? msg.sender : _PAYEE);
    }
}

/// @notice Counts what is declared, and what left beyond it by the account's balance.
/// @dev Its mistakes: an allowance is declared too, so it hides what leaves by another; and the balance is noted once for
/// all, by every request anew, and forgotten by whoever says that it is over.
contract NaiveBalance is NaiveOutflow {
    uint256 private immutable _CAP;
    uint256 private _spent;
    uint256 private _declared;
    uint256 private _noted;

    constructor(address token, uint256 cap) NaiveOutflow(token) {
        _CAP = cap;
    }

    function _outflow(Action memory a) internal view override returns (uint256) {
        bool grants = a.operation == 0 && a.to == _TOKEN && _selector(a.data) == APPROVE;
        return grants ? _word(a.data, 36) : super._outflow(a);
    }

    function _before(Action memory a) internal override {
        _declared = _outflow(a);
        _spend(_declared);
        _noted = IBalance(_TOKEN).balanceOf(msg.sender);
    }

    function _after(bool) internal override {
        uint256 balance = IBalance(_TOKEN).balanceOf(msg.sender);
        uint256 left = balance < _noted ? _noted - balance : 0;
        if (left > _declared) _spend(left - _declared);
        (_noted, _declared) = (0, 0);
    }

    function _spend(uint256 amount) private {
        _spent += amount;
        require(_spent <= _CAP, Refused());
    }
}
