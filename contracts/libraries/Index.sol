// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Effect, Image, Reach} from "../types/Evaluation.sol";
import {Program} from "./Program.sol";

/// @notice The entries of one key, `head` being the next; 0 when there are no more.
struct Run {
    uint256 key;
    uint256 cursor;
    uint256 end;
    uint256 head;
}

/// @notice Finds the rules that an effect can match, in rule order, without looking at the others.
library Index {
    using Program for Image;

    /// @dev A key: kind and flags (8) | subject (160) | selector (32).
    uint256 private constant KIND = 192;
    uint256 private constant SUBJECT = 32;
    uint256 private constant ANY_SUBJECT = 0x80 << KIND;
    uint256 private constant ANY_SELECTOR = 0x40 << KIND;
    uint256 private constant ACCOUNT = 0x20 << KIND;
    /// @dev Rule, offset and length follow the key.
    uint256 private constant KEY_SHIFT = 56;
    uint256 private constant CLASSES = 4;
    /// @dev Class 0 alone, of the classes of this kind.
    uint256 private constant NAMED_CLASSES = 1;
    uint256 private constant NO_SUBJECT = 2;
    uint256 private constant NO_SELECTOR = 1;
    /// @dev The highest standard in a declaration.
    uint256 private constant LAST_STANDARD = 3;

    /// @notice The runs that hold the effect's rules. A class is numbered by its bit in the header.
    function lookUp(Image memory image, Effect memory effect, address account)
        internal
        view
        returns (Run[] memory runs)
    {
        uint256 classes = image.classes >> (effect.kind << 2);
        bool self = effect.subject == account;
        // Rules without a target never match the account or the hook.
        bool named =
            self || effect.subject == address(this) || effect.target == account || effect.target == address(this);
        if (effect.reach != Reach.EVERY) classes &= NAMED_CLASSES;
        runs = new Run[](CLASSES);
        uint256 count = 0;
        for (uint256 class = 0; class < CLASSES; ++class) {
            if (classes & (1 << class) == 0) continue;
            bool anySubject = class & NO_SUBJECT != 0;
            bool anySelector = class & NO_SELECTOR != 0;
            if (anySubject && named || !anySelector && !effect.hasSelector) continue;

            uint256 key = effect.kind << KIND;
            if (anySubject) key |= ANY_SUBJECT;
            else if (self) key |= ACCOUNT;
            else key |= uint256(uint160(effect.subject)) << SUBJECT;
            key |= anySelector ? ANY_SELECTOR : effect.selector;

            // Unchecked: counts the turns of this loop.
            unchecked {
                _start(runs[count++], image, key);
            }
        }
        assembly ("memory-safe") {
            mstore(runs, count)
        }
    }

    /// @notice The next entry in rule order, 0 when there is none; ties go to the lower class.
    function next(Run[] memory runs) internal pure returns (uint256 entry) {
        uint256 n = runs.length;
        if (n == 0) return 0;
        Run memory chosen = runs[0];
        for (uint256 i = 1; i < n; ++i) {
            Run memory run = runs[i];
            bool earlier = chosen.head == 0 || ruleOf(run.head) < ruleOf(chosen.head);
            if (run.head != 0 && earlier) chosen = run;
        }
        entry = chosen.head;
        if (entry != 0) _advance(chosen);
    }

    /// @notice The standard under which the program declares the token: 0 for none. An unknown one is malformed.
    function standardOf(Image memory image, address token) internal view returns (uint256 standard) {
        Run memory run;
        if (!_start(run, image, uint256(uint160(token)) << SUBJECT)) return 0;
        standard = run.head & 0xffff;
        if (standard == 0 || standard > LAST_STANDARD) image.spoil();
    }

    function ruleOf(uint256 entry) internal pure returns (uint256) {
        return (entry >> 40) & 0xffff;
    }

    /// @notice Where the entry's body is in the program.
    function bodyOf(uint256 entry) internal pure returns (uint256 offset, uint256 length) {
        return ((entry >> 16) & 0xffffff, entry & 0xffff);
    }

    /// @dev Finds the key's first entry.
    function _start(Run memory run, Image memory image, uint256 key) private view returns (bool found) {
        run.key = key;
        (run.cursor, run.end) = image.bucket(key);
        return _advance(run);
    }

    /// @dev The bucket lies in memory, whole; a malformed one is empty.
    function _advance(Run memory run) private pure returns (bool found) {
        // Unchecked: `cursor` walks between two pointers into memory.
        unchecked {
            uint256 cursor = run.cursor;
            uint256 end = run.end;
            uint256 key = run.key;
            uint256 entry = 0;
            while (cursor < end && !found) {
                assembly ("memory-safe") {
                    entry := mload(cursor)
                }
                cursor += 32;
                found = entry >> KEY_SHIFT == key;
            }
            run.cursor = cursor;
            run.head = found ? entry : 0;
        }
    }
}
