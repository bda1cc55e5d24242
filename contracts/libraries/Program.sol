// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Image, Semantics} from "../types/Evaluation.sol";

/// @notice Reads a program out of its data contract, `docs/program.md` §1. Every read is checked against the size
/// of the code. A read that does not fit spoils the image and yields a pointer to zeros: callers test for faults
/// before they act on anything they read.
library Program {
    /// @dev A program up to this size is copied whole; of a larger one the first page, and the rest as needed.
    uint256 private constant WHOLE = 4096;
    uint256 private constant PAGE = 512;
    uint256 private constant HEADER = 64;
    uint256 private constant LIMIT = 84;
    uint256 private constant ENTRY = 32;
    /// @dev STOP and format 1: bytes 0 and 1.
    uint256 private constant START = 0x0001;
    uint256 private constant MAX_DIRECTORY_BITS = 15;
    uint256 private constant MAX_LIMITS = 32;
    uint256 private constant MAX_ATTESTER_SETS = 16;
    /// @dev Solidity keeps this word zero.
    uint256 private constant ZERO = 0x60;

    /// @notice Opens the program of a data contract: header checks, and what later reads need.
    function open(Image memory image, address source) internal view {
        // Unchecked: all terms are bytes of the header times small constants.
        unchecked {
            image.source = source;
            uint256 size = source.code.length;
            image.size = size;
            if (size < HEADER) {
                image.spoil();
                return;
            }
            uint256 loaded = size <= WHOLE ? size : PAGE;
            uint256 base = _allocate(loaded);
            _copy(source, base, 0, loaded);
            image.base = base;
            image.loaded = loaded;

            uint256 head = _load(base);
            uint256 bits = (head >> 224) & 0xff;
            uint256 limits = (head >> 184) & 0xff;
            uint256 semantics = (head >> 232) & 0xff;
            image.semantics = semantics;
            image.directoryBits = bits;
            image.classes = (head >> 192) & 0xffffffff;
            image.limitCount = limits;
            uint256 sets = (head >> 80) & 0xff;
            image.attesterSets = sets;
            image.multiplier = _load(base + 32);
            bool sound = head >> 240 == START && semantics <= Semantics.ALLOW_OVERRIDES && bits <= MAX_DIRECTORY_BITS
                && limits <= MAX_LIMITS && sets <= MAX_ATTESTER_SETS;
            if (!sound) {
                image.spoil();
                return;
            }
            image.directory = HEADER + LIMIT * limits;
            image.entries = image.directory + 3 * ((1 << bits) + 1);
            if (image.entries > size) {
                image.spoil();
                return;
            }
            image.limits = slice(image, HEADER, LIMIT * limits);
        }
    }

    /// @notice How long an announcement lives, in seconds.
    function announcementExpiry(Image memory image) internal pure returns (uint256) {
        return (_load(image.base) >> 152) & 0xffffffff;
    }

    /// @notice Offset of the announcers list; 0 for none.
    function announcers(Image memory image) internal pure returns (uint256) {
        return (_load(image.base) >> 128) & 0xffffff;
    }

    /// @notice Offset of the cancellers list; 0 for none.
    function cancellers(Image memory image) internal pure returns (uint256) {
        return (_load(image.base) >> 104) & 0xffffff;
    }

    /// @notice Offset of the attester table; 0 for none.
    function attesterTable(Image memory image) internal pure returns (uint256) {
        return (_load(image.base) >> 56) & 0xffffff;
    }

    /// @notice Offset of the guardians list; 0 for none.
    function guardians(Image memory image) internal pure returns (uint256) {
        return (_load(image.base) >> 32) & 0xffffff;
    }

    /// @notice Offset of the table of message rules, 0 for none; and how many there are.
    function messageTable(Image memory image) internal pure returns (uint256 offset, uint256 count) {
        uint256 head = _load(image.base);
        return ((head >> 8) & 0xffffff, head & 0xff);
    }

    /// @notice A limit's three parts: id, packed word (cap to the zero byte) and asset.
    function limit(Image memory image, uint256 index) internal pure returns (uint256 id, uint256 terms, address asset) {
        // Unchecked: `index` is below 32.
        unchecked {
            uint256 cursor = image.limits + LIMIT * index;
            return (_load(cursor), _load(cursor + 32), address(uint160(_load(cursor + 64) >> 96)));
        }
    }

    /// @notice The limits, as a mask by index, that charge every outflow of the asset.
    function everywhere(Image memory image, address asset) internal pure returns (uint256 mask) {
        uint256 n = image.limitCount;
        for (uint256 i = 0; i < n; ++i) {
            (, uint256 terms, address limited) = limit(image, i);
            if (limited == asset && terms & (1 << 48) != 0) mask |= 1 << i;
        }
    }

    /// @notice Whether any limit charges every outflow of its asset.
    function hasEverywhere(Image memory image) internal pure returns (bool) {
        uint256 n = image.limitCount;
        for (uint256 i = 0; i < n; ++i) {
            (, uint256 terms,) = limit(image, i);
            if (terms & (1 << 48) != 0) return true;
        }
        return false;
    }

    /// @notice The bucket of a key, as pointers to its first entry and behind its last.
    function bucket(Image memory image, uint256 key) internal view returns (uint256 cursor, uint256 end) {
        // Unchecked: offsets have 3 bytes, and `stop` is at least `start` where they are subtracted.
        unchecked {
            uint256 i = hash(key, image.multiplier, image.directoryBits);
            uint256 pair = _load(slice(image, image.directory + 3 * i, 6));
            uint256 start = pair >> 232;
            uint256 stop = (pair >> 208) & 0xffffff;
            if (start < image.entries || stop < start || (stop - start) % ENTRY != 0) {
                image.spoil();
                return (0, 0);
            }
            cursor = slice(image, start, stop - start);
            // Past the code: nothing to walk, or the walk would run out of gas before the flag is seen.
            if (image.failed()) return (0, 0);
            end = cursor + (stop - start);
        }
    }

    /// @notice `(key · multiplier mod 2^256) >> (256 − bits)`, and 0 when `bits` is 0.
    function hash(uint256 key, uint256 multiplier, uint256 bits) internal pure returns (uint256) {
        // Unchecked: the product is taken modulo 2^256. A shift by 256 gives 0.
        unchecked {
            return (key * multiplier) >> (256 - bits);
        }
    }

    /// @notice A pointer to `length` bytes of the program from `offset` on.
    function slice(Image memory image, uint256 offset, uint256 length) internal view returns (uint256 pointer) {
        // Unchecked: offsets and lengths come from fields of at most 3 bytes, and from small constants.
        unchecked {
            if (offset + length <= image.loaded) return image.base + offset;
            uint256 size = image.size;
            if (length > size || offset > size - length) {
                image.spoil();
                return ZERO;
            }
            pointer = _allocate(length);
            _copy(image.source, pointer, offset, length);
        }
    }

    /// @dev Memory for `length` bytes and one word behind them, so that loading a word from any of them reads
    /// nothing that something else owns.
    function _allocate(uint256 length) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := mload(0x40)
            mstore(0x40, and(add(add(pointer, length), 63), not(31)))
        }
    }

    /// @dev The caller has allocated the memory and checked the bounds.
    function _copy(address source, uint256 pointer, uint256 offset, uint256 length) private view {
        assembly ("memory-safe") {
            extcodecopy(source, pointer, offset, length)
        }
    }

    function _load(uint256 pointer) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(pointer)
        }
    }
}
