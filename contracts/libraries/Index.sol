// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Effect, Image, Reach} from "../types/Evaluation.sol";
import {Program} from "./Program.sol";

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
    /// @dev Classes by bit: all; those with a subject, those without a selector, the one with both.
    uint256 private constant ALL_CLASSES = 15;
    uint256 private constant WITH_SUBJECT = 3;
    uint256 private constant WITHOUT_SELECTOR = 10;
    uint256 private constant NAMED = 1;
    /// @dev Where the words of a run are, and how far the next run is.
    uint256 private constant CURSOR = 32;
    uint256 private constant END = 64;
    uint256 private constant HEAD = 96;
    uint256 private constant RUN = 128;
    /// @dev What a class leaves open.
    uint256 private constant NO_SUBJECT = 2;
    uint256 private constant NO_SELECTOR = 1;
    /// @dev The highest standard in a declaration.
    uint256 private constant LAST_STANDARD = 3;

    /// @notice Finds the runs that hold the effect's rules: the entries of one key each, class by class. A class is
    /// numbered by its bit in the header.
    /// @param runs Filled: how many there are, and then four words for each: key, next entry not looked at, end of the
    /// bucket, and the head, which is 0 when there are no more.
    function lookUp(Image memory image, Effect memory effect, address account, uint256[17] memory runs) internal view {
        uint256 classes = (image.classes >> (effect.kind << 2)) & ALL_CLASSES;
        bool self = effect.subject == account;
        // Rules without a target never match the account or the hook.
        if (self || effect.subject == address(this) || effect.target == account || effect.target == address(this)) {
            classes &= WITH_SUBJECT;
        }
        if (!effect.hasSelector) classes &= WITHOUT_SELECTOR;
        if (effect.reach != Reach.EVERY) classes &= NAMED;

        // Unchecked: four classes at most, with four words each.
        unchecked {
            uint256 run = _first(runs);
            uint256 count = 0;
            for (uint256 class = 0; classes != 0; ++class) {
                bool exists = classes & 1 != 0;
                classes >>= 1;
                if (!exists) continue;
                uint256 key = effect.kind << KIND;
                if (class & NO_SUBJECT != 0) key |= ANY_SUBJECT;
                else if (self) key |= ACCOUNT;
                else key |= uint256(uint160(effect.subject)) << SUBJECT;
                key |= class & NO_SELECTOR != 0 ? ANY_SELECTOR : effect.selector;

                (uint256 cursor, uint256 end) = image.bucket(key);
                _store(run, key);
                _store(run + END, end);
                _advance(run, cursor);
                run += RUN;
                ++count;
            }
            runs[0] = count;
        }
    }

    /// @notice The next entry in rule order, 0 when there is none; ties go to the lower class.
    function next(uint256[17] memory runs) internal pure returns (uint256 entry) {
        // Unchecked: walks over the runs that there are.
        unchecked {
            uint256 run = _first(runs);
            uint256 end = run + RUN * runs[0];
            uint256 chosen = 0;
            for (; run < end; run += RUN) {
                uint256 head = _load(run + HEAD);
                if (head == 0 || chosen != 0 && ruleOf(head) >= ruleOf(entry)) continue;
                entry = head;
                chosen = run;
            }
            if (chosen != 0) _advance(chosen, _load(chosen + CURSOR));
        }
    }

    /// @notice The standard under which the program declares the token: 0 for none. An unknown one is malformed.
    function standardOf(Image memory image, address token) internal view returns (uint256 standard) {
        uint256 key = uint256(uint160(token)) << SUBJECT;
        (uint256 cursor, uint256 end) = image.bucket(key);
        (bool found, uint256 entry,) = _find(key, cursor, end);
        if (!found) return 0;
        standard = entry & 0xffff;
        if (standard == 0 || standard > LAST_STANDARD) image.spoil();
    }

    function ruleOf(uint256 entry) internal pure returns (uint256) {
        return (entry >> 40) & 0xffff;
    }

    /// @notice Where the entry's body is in the program.
    function bodyOf(uint256 entry) internal pure returns (uint256 offset, uint256 length) {
        return ((entry >> 16) & 0xffffff, entry & 0xffff);
    }

    function _advance(uint256 run, uint256 cursor) private pure {
        // Unchecked: fields of a run.
        unchecked {
            // An entry that names a rule is not 0: its kind is not.
            (, uint256 entry, uint256 behind) = _find(_load(run), cursor, _load(run + END));
            _store(run + CURSOR, behind);
            _store(run + HEAD, entry);
        }
    }

    /// @dev The first entry of the key between the two pointers, 0 if there is none, and what is behind it. The bucket
    /// lies in memory, whole; a malformed one is empty.
    function _find(uint256 key, uint256 cursor, uint256 end)
        private
        pure
        returns (bool found, uint256 entry, uint256 behind)
    {
        // Unchecked: walks between two pointers into memory.
        unchecked {
            for (; cursor < end; cursor += 32) {
                entry = _load(cursor);
                if (entry >> KEY_SHIFT == key) return (true, entry, cursor + 32);
            }
            return (false, 0, cursor);
        }
    }

    /// @dev Where the first run is: behind the number of runs.
    function _first(uint256[17] memory runs) private pure returns (uint256 run) {
        assembly ("memory-safe") {
            run := add(runs, 32)
        }
    }

    function _load(uint256 pointer) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(pointer)
        }
    }

    function _store(uint256 pointer, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(pointer, word)
        }
    }
}
