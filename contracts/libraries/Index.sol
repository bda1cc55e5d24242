// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EFFECT, IMAGE, RUNS} from "../types/Evaluation.sol";
import {Effect, Image} from "../types/Image.sol";
import {Buckets} from "./Buckets.sol";

/// @notice Finds the rules that the one effect of the one evaluation can match, in rule order, without looking at the
/// others.
/// @dev What was found is kept in memory, at {RUNS}:
///
///     | runs, how many (1 word) | where to go on (1) | the one found last alone (4) | where four others are (1) |
///
/// A run has four words, about the entries of one key: key, next entry not looked at, end of the bucket, and the head,
/// which is 0 when there are no more. With one run the second word is the entry to go on with, with several the run that gave the last head.
library Index {
    /// @dev A key: kind and flags (8) | subject (160) | selector (32).
    uint256 private constant KIND = 192;
    uint256 private constant SUBJECT = 32;
    uint256 private constant ANY_SUBJECT = 0x80000000000000000000000000000000000000000000000000;
    uint256 private constant ANY_SELECTOR = 0x40000000000000000000000000000000000000000000000000;
    uint256 private constant ACCOUNT = 0x20000000000000000000000000000000000000000000000000;
    /// @dev Classes by bit: all; those with a subject, those without a selector, the one with both. A class is numbered
    /// by its bit, and the bits of the number say what it leaves open.
    uint256 private constant ALL_CLASSES = 15;
    uint256 private constant WITH_SUBJECT = 3;
    uint256 private constant WITHOUT_SELECTOR = 10;
    uint256 private constant NAMED = 1;
    uint256 private constant NO_SUBJECT = 2;
    uint256 private constant NO_SELECTOR = 1;
    /// @dev From {RUNS}, and the words of a run.
    uint256 private constant GO_ON = 0x20;
    uint256 private constant LAST = 0x40;
    uint256 private constant OTHERS = 0xc0;
    uint256 private constant CURSOR = 0x20;
    uint256 private constant END = 0x40;
    uint256 private constant HEAD = 0x60;
    uint256 private constant RUN = 0x80;
    /// @dev Fields of {Image} and of {Effect}.
    uint256 private constant CLASSES = 0x100;
    uint256 private constant DECLARED = 0x1e0;
    uint256 private constant STANDARD = 0x200;
    uint256 private constant REACH = 0x20;
    uint256 private constant EFFECT_TARGET = 0x40;
    uint256 private constant EFFECT_SUBJECT = 0x60;
    uint256 private constant HAS_SELECTOR = 0x80;
    uint256 private constant SELECTOR = 0xa0;
    /// @dev The highest standard in a declaration.
    uint256 private constant LAST_STANDARD = 3;

    /// @notice The first entry in rule order; ties go to the lower class. 0 when there is none, and when the image is
    /// spoilt.
    function first(Image memory image, address account) internal view returns (uint256 entry) {
        uint256 classes;
        uint256 kind;
        uint256 subject;
        uint256 key;
        assembly ("memory-safe") {
            image := IMAGE
            kind := mload(EFFECT)
            classes := and(shr(shl(2, kind), mload(add(IMAGE, CLASSES))), ALL_CLASSES)
            kind := shl(KIND, kind)
            subject := mload(add(EFFECT, EFFECT_SUBJECT))
            let target := mload(add(EFFECT, EFFECT_TARGET))
            let self := eq(subject, account)
            // Rules without a target never match the account or the hook.
            let special := or(or(self, eq(subject, address())), or(eq(target, account), eq(target, address())))
            let reach := mload(add(EFFECT, REACH))
            subject := shl(SUBJECT, subject)
            if or(or(special, reach), iszero(mload(add(EFFECT, HAS_SELECTOR)))) {
                if special { classes := and(classes, WITH_SUBJECT) }
                if iszero(mload(add(EFFECT, HAS_SELECTOR))) { classes := and(classes, WITHOUT_SELECTOR) }
                // The one with both; with {Reach.NAMED_SUBJECT} that without a selector as well.
                if reach { classes := and(classes, or(NAMED, shr(2, and(reach, 8)))) }
                if self { subject := ACCOUNT }
            }
            mstore(RUNS, 0)
            // Where there is one class its number is that of its bit.
            let class := sub(shr(1, classes), eq(classes, 8))
            let open := subject
            if and(class, NO_SUBJECT) { open := ANY_SUBJECT }
            key := or(kind, open)
            open := mload(add(EFFECT, SELECTOR))
            if and(class, NO_SELECTOR) { open := ANY_SELECTOR }
            key := or(key, open)
        }
        // Unchecked: a set of bits.
        unchecked {
            if (classes & (classes - 1) != 0) return _several(image, kind, subject, classes);
        }
        if (classes == 0) return 0;
        // Of the only class what was found is still there for the next effect, if that has the same key: transactions of
        // a batch often do. Keys of rules are not 0.
        bool known;
        uint256 behind;
        assembly ("memory-safe") {
            mstore(RUNS, 1)
            known := eq(mload(add(RUNS, LAST)), key)
            entry := mload(add(RUNS, add(LAST, HEAD)))
            behind := mload(add(RUNS, add(LAST, CURSOR)))
        }
        if (!known) {
            uint256 end;
            (entry, behind, end) = Buckets.seek(image, key);
            assembly ("memory-safe") {
                mstore(add(RUNS, LAST), key)
                mstore(add(RUNS, add(LAST, CURSOR)), behind)
                mstore(add(RUNS, add(LAST, END)), end)
                mstore(add(RUNS, add(LAST, HEAD)), entry)
            }
        }
        assembly ("memory-safe") {
            mstore(add(RUNS, GO_ON), behind)
        }
    }

    /// @notice The next entry in rule order, 0 when there is none.
    function next() internal pure returns (uint256 entry) {
        (uint256 count, uint256 goOn, uint256 key, uint256 end) = (0, 0, 0, 0);
        assembly ("memory-safe") {
            count := mload(RUNS)
            goOn := mload(add(RUNS, GO_ON))
            key := mload(add(RUNS, LAST))
            end := mload(add(RUNS, add(LAST, END)))
        }
        if (count == 1) {
            (entry, goOn) = Buckets.find(key, goOn, end);
            assembly ("memory-safe") {
                mstore(add(RUNS, GO_ON), goOn)
            }
        } else if (count != 0) {
            _advance(goOn);
            entry = _least();
        }
    }

    /// @notice The standard under which the program declares the token: 0 for none. An unknown one is malformed.
    function standardOf(Image memory image, address token) internal view returns (uint256 standard) {
        uint256 key;
        bool known;
        assembly ("memory-safe") {
            image := IMAGE
            key := shr(64, shl(96, token))
            known := and(eq(key, mload(add(IMAGE, DECLARED))), iszero(iszero(key)))
            standard := mload(add(IMAGE, STANDARD))
        }
        if (known) return standard;
        (uint256 entry, uint256 behind,) = Buckets.seek(image, key);
        bool broken;
        assembly ("memory-safe") {
            standard := and(entry, 0xffff)
            // There is one, and it is not 1 to the last.
            broken := and(iszero(iszero(behind)), gt(sub(standard, 1), sub(LAST_STANDARD, 1)))
            mstore(add(IMAGE, DECLARED), key)
            mstore(add(IMAGE, STANDARD), standard)
        }
        if (broken) image.spoil();
    }

    function ruleOf(uint256 entry) internal pure returns (uint256) {
        return (entry >> 40) & 0xffff;
    }

    /// @dev {first}, of several classes.
    function _several(Image memory image, uint256 kind, uint256 subject, uint256 classes)
        private
        view
        returns (uint256 entry)
    {
        assembly ("memory-safe") {
            if iszero(mload(add(RUNS, OTHERS))) {
                mstore(add(RUNS, OTHERS), mload(0x40))
                mstore(0x40, add(mload(0x40), mul(4, RUN)))
            }
        }
        // Unchecked: four classes at most.
        unchecked {
            for (uint256 class = 0; classes != 0; ++class) {
                bool exists = classes & 1 != 0;
                classes >>= 1;
                if (!exists) continue;
                uint256 key;
                assembly ("memory-safe") {
                    let open := subject
                    if and(class, NO_SUBJECT) { open := ANY_SUBJECT }
                    key := or(kind, open)
                    open := mload(add(EFFECT, SELECTOR))
                    if and(class, NO_SELECTOR) { open := ANY_SELECTOR }
                    key := or(key, open)
                }
                (uint256 head, uint256 behind, uint256 end) = Buckets.seek(image, key);
                assembly ("memory-safe") {
                    let run := add(mload(add(RUNS, OTHERS)), mul(RUN, mload(RUNS)))
                    mstore(RUNS, add(mload(RUNS), 1))
                    mstore(run, key)
                    mstore(add(run, CURSOR), behind)
                    mstore(add(run, END), end)
                    mstore(add(run, HEAD), head)
                }
            }
        }
        return image.failed() ? 0 : _least();
    }

    /// @dev The least of the heads by rule.
    function _least() private pure returns (uint256 entry) {
        assembly ("memory-safe") {
            let chosen := 0
            let least := not(0)
            let run := mload(add(RUNS, OTHERS))
            for { let end := add(run, mul(RUN, mload(RUNS))) } lt(run, end) { run := add(run, RUN) } {
                let head := mload(add(run, HEAD))
                let rule := and(shr(40, head), 0xffff)
                if and(lt(rule, least), iszero(iszero(head))) {
                    least := rule
                    entry := head
                    chosen := run
                }
            }
            // When nobody is chosen nobody asks again.
            mstore(add(RUNS, GO_ON), chosen)
        }
    }

    function _advance(uint256 run) private pure {
        uint256 key;
        uint256 cursor;
        uint256 end;
        assembly ("memory-safe") {
            key := mload(run)
            cursor := mload(add(run, CURSOR))
            end := mload(add(run, END))
        }
        (uint256 entry, uint256 behind) = Buckets.find(key, cursor, end);
        assembly ("memory-safe") {
            mstore(add(run, CURSOR), behind)
            // An entry that names a rule is not 0: its kind is not.
            mstore(add(run, HEAD), entry)
        }
    }
}
