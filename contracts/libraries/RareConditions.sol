// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Image} from "../types/Image.sol";
import {Reason} from "../types/Reason.sol";
import {Calldata} from "./Calldata.sol";
import {Lookup} from "./Lookup.sol";
import {Whitelist} from "./Whitelist.sol";

/// @notice What a condition is tested against: the program, by its data contract and multiplier, the effect, and the
/// word of calldata at the offset that the condition begins with, if it begins with one.
struct Facts {
    address source;
    uint256 multiplier;
    uint256 kind;
    address target;
    bool hasSelector;
    uint32 selector;
    bool hasRecipient;
    address recipient;
    bool hasAsset;
    address asset;
    uint256 word;
}

/// @notice The conditions that most rules do without, `docs/program.md` §1, in a contract of their own, since the hook
/// has no room for them. It is delegatecalled, so static calls come from the hook.
library RareConditions {
    using Calldata for bytes;

    uint256 private constant RECIPIENT_IS_CONTRACT = 0x06;
    uint256 private constant TARGET_IN = 0x07;
    uint256 private constant ASSET_IN = 0x08;
    uint256 private constant SELECTOR_IN = 0x09;
    uint256 private constant KIND_IN = 0x0a;
    uint256 private constant TIME = 0x0b;
    uint256 private constant WEEKDAY = 0x0c;
    uint256 private constant WORD_COMPARES = 0x0d;
    uint256 private constant WORD_IN = 0x0e;
    uint256 private constant STATIC_CALL = 0x0f;

    uint256 private constant DAY = 86_400;
    /// @dev The epoch began on a Thursday.
    uint256 private constant EPOCH_WEEKDAY = 3;
    uint256 private constant MAX_WEEKDAYS = 127;
    uint256 private constant MAX_WORDS = 8;
    uint256 private constant LAST_COMPARISON = 5;
    bytes32 private constant NO_CODE = keccak256("");

    /// @notice Tests the first of the conditions.
    /// @return holds Whether it does.
    /// @return length How many bytes it takes, op included; never more than there are.
    /// @return fault Allowed if there is none; else nothing holds, and `length` means nothing.
    /// @return culprit The registry or contract that failed.
    function hold(Facts calldata facts, bytes calldata conditions)
        external
        view
        returns (bool holds, uint256 length, Reason fault, address culprit)
    {
        Image memory image;
        image.source = facts.source;
        image.size = facts.source.code.length;
        image.multiplier = facts.multiplier;
        uint256 op = _integer(conditions, 0, 1);
        if (op == WORD_COMPARES) (holds, length) = _word(image, facts.word, conditions);
        else if (op == STATIC_CALL) (holds, length) = _staticCall(image, conditions);
        else if (op == SELECTOR_IN) (holds, length) = _selector(facts, conditions);
        else (holds, length) = _short(image, facts, conditions, op);
        if (length > conditions.length) holds = image.spoil();
        return (holds && !image.failed(), length, image.fault, image.culprit);
    }

    /// @dev Those whose length the op tells.
    function _short(Image memory image, Facts calldata facts, bytes calldata conditions, uint256 op)
        private
        view
        returns (bool holds, uint256 length)
    {
        if (op == RECIPIENT_IS_CONTRACT) {
            bytes32 code = facts.recipient.codehash;
            return (facts.hasRecipient && code != 0 && code != NO_CODE, 1);
        }
        if (op == KIND_IN) return ((_integer(conditions, 1, 1) >> facts.kind) & 1 != 0, 2);
        if (op == TIME) return (_time(image, _integer(conditions, 1, 3), _integer(conditions, 4, 3)), 7);
        if (op == WEEKDAY) return (_weekday(image, _integer(conditions, 1, 1)), 2);
        if (op == TARGET_IN) return (_in(image, facts.target, conditions, 1), 4);
        if (op == ASSET_IN) return (facts.hasAsset && _in(image, facts.asset, conditions, 1), 4);
        if (op == WORD_IN) {
            bool isAddress = facts.word >> 160 == 0;
            return (isAddress && _in(image, address(uint160(facts.word)), conditions, 3), 6);
        }
        return (image.spoil(), 0);
    }

    function _selector(Facts calldata facts, bytes calldata conditions)
        private
        pure
        returns (bool holds, uint256 length)
    {
        uint256 n = _integer(conditions, 1, 1);
        length = 2 + 4 * n;
        for (uint256 i = 0; i < n && !holds; ++i) {
            holds = facts.hasSelector && _integer(conditions, 2 + 4 * i, 4) == facts.selector;
        }
    }

    function _word(Image memory image, uint256 word, bytes calldata conditions)
        private
        pure
        returns (bool holds, uint256 length)
    {
        uint256 masked = _integer(conditions, 4, 1);
        if (masked > 32) return (image.spoil(), 0);
        if (masked != 0) word &= _integer(conditions, 5, masked);
        uint256 value;
        (value, length) = _value(image, conditions, 5 + masked);
        holds = _compare(image, word, _integer(conditions, 3, 1), value);
    }

    function _staticCall(Image memory image, bytes calldata conditions)
        private
        view
        returns (bool holds, uint256 length)
    {
        (uint256 value, uint256 start) = _value(image, conditions, 27);
        uint256 size = _integer(conditions, start, 1);
        length = start + 1 + size;
        // All of the operand is looked at before anything is called.
        if (size < 4 || length > conditions.length || !_sound(conditions) || image.failed()) return (image.spoil(), 0);

        (bool ok, uint256 answer) = _ask(conditions, conditions[start + 1:length]);
        if (ok) holds = _compare(image, answer, _integer(conditions, 26, 1), value);
        else image.blame(Reason.StaticCallFailed, address(uint160(_integer(conditions, 1, 20))));
    }

    function _sound(bytes calldata conditions) private pure returns (bool) {
        uint256 words = _integer(conditions, 24, 1);
        return
            words <= MAX_WORDS && _integer(conditions, 25, 1) < words && _integer(conditions, 26, 1) <= LAST_COMPARISON;
    }

    function _ask(bytes calldata conditions, bytes calldata input) private view returns (bool ok, uint256 answer) {
        address target = address(uint160(_integer(conditions, 1, 20)));
        uint256 words = _integer(conditions, 24, 1);
        return Lookup.ask(target, _integer(conditions, 21, 3), input, words, _integer(conditions, 25, 1));
    }

    /// @dev Seconds since midnight, UTC; a span that ends before it starts goes past midnight.
    function _time(Image memory image, uint256 from, uint256 to) private view returns (bool) {
        if (from > DAY || to > DAY) return image.spoil();
        uint256 time = block.timestamp % DAY;
        return from < to ? from <= time && time < to : time >= from || time < to;
    }

    function _weekday(Image memory image, uint256 days_) private view returns (bool) {
        if (days_ == 0 || days_ > MAX_WEEKDAYS) return image.spoil();
        return (days_ >> ((block.timestamp / DAY + EPOCH_WEEKDAY) % 7)) & 1 != 0;
    }

    /// @dev The list is not looked at where the operand itself is cut off.
    function _in(Image memory image, address member, bytes calldata conditions, uint256 start)
        private
        view
        returns (bool)
    {
        if (conditions.length < start + 3) return image.spoil();
        return Whitelist.contains(image, _integer(conditions, start, 3), member);
    }

    function _compare(Image memory image, uint256 left, uint256 comparison, uint256 right) private pure returns (bool) {
        if (comparison > LAST_COMPARISON) return image.spoil();
        if (comparison == 0) return left == right;
        if (comparison == 1) return left != right;
        if (comparison == 2) return left < right;
        if (comparison == 3) return left <= right;
        if (comparison == 4) return left > right;
        return left >= right;
    }

    /// @dev A number behind its length, and where the next byte is.
    function _value(Image memory image, bytes calldata conditions, uint256 start)
        private
        pure
        returns (uint256 value, uint256 next)
    {
        uint256 length = _integer(conditions, start, 1);
        next = start + 1 + length;
        if (length == 0 || length > 32) image.spoil();
        else value = _integer(conditions, start + 1, length);
    }

    /// @dev The integer in 1 to 32 bytes; zeros where there are none, which {hold} then finds to be too few.
    function _integer(bytes calldata conditions, uint256 start, uint256 length) private pure returns (uint256) {
        return conditions.word(start) >> (256 - 8 * length);
    }
}
