// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Image} from "../types/Image.sol";

/// @notice Reads a program out of its data contract, `docs/program.md` §1. Every read is checked against the size
/// of the code. A read that does not fit spoils the image and yields a pointer to zeros: callers test for faults
/// before they act on anything they read.
library Program {
    /// @dev A program up to this size is copied whole; of a larger one the first page, and the rest as needed.
    uint256 private constant WHOLE = 4096;
    uint256 private constant PAGE = 1024;
    uint256 private constant HEADER = 64;
    uint256 private constant LIMIT = 84;
    /// @dev STOP and format 1: bytes 0 and 1.
    uint256 private constant START = 0x0001;
    uint256 private constant LAST_SEMANTICS = 2;
    uint256 private constant MAX_DIRECTORY_BITS = 15;
    uint256 private constant MAX_LIMITS = 32;
    uint256 private constant MAX_ATTESTER_SETS = 16;
    /// @dev Fields of {Image}.
    uint256 private constant SOURCE = 0x00;
    uint256 private constant SIZE = 0x20;
    uint256 private constant BASE = 0x40;
    uint256 private constant LOADED = 0x60;
    uint256 private constant SEMANTICS = 0xc0;
    uint256 private constant DIRECTORY_BITS = 0xe0;
    uint256 private constant CLASSES = 0x100;
    uint256 private constant LIMIT_COUNT = 0x120;
    uint256 private constant ATTESTER_SETS = 0x140;
    uint256 private constant LIMITS = 0x160;
    uint256 private constant DIRECTORY = 0x180;
    uint256 private constant ENTRIES = 0x1a0;
    uint256 private constant MULTIPLIER = 0x1c0;
    /// @dev Solidity keeps this word zero.
    uint256 internal constant ZERO = 0x60;

    /// @notice Opens the program of a data contract: header checks, and what later reads need.
    function open(Image memory image, address source) internal view {
        uint256 limits;
        uint256 broken;
        bool far;
        assembly ("memory-safe") {
            let size := extcodesize(source)
            let loaded := size
            if gt(size, WHOLE) { loaded := PAGE }
            let base := mload(0x40)
            // As in {fetch}.
            mstore(0x40, and(add(add(base, loaded), 63), not(31)))
            extcodecopy(source, base, 0, loaded)
            mstore(add(image, SOURCE), shr(96, shl(96, source)))
            mstore(add(image, SIZE), size)
            mstore(add(image, BASE), base)
            mstore(add(image, LOADED), loaded)

            // Of a size that is too small as well: the directory alone ends behind it.
            let head := mload(base)
            limits := byte(8, head)
            broken := or(xor(shr(240, head), START), gt(limits, MAX_LIMITS))
            let part := byte(2, head)
            mstore(add(image, SEMANTICS), part)
            broken := or(broken, gt(part, LAST_SEMANTICS))
            part := byte(21, head)
            mstore(add(image, ATTESTER_SETS), part)
            broken := or(broken, gt(part, MAX_ATTESTER_SETS))
            part := byte(3, head)
            mstore(add(image, DIRECTORY_BITS), part)
            broken := or(broken, gt(part, MAX_DIRECTORY_BITS))
            mstore(add(image, CLASSES), shr(192, head))
            mstore(add(image, LIMIT_COUNT), limits)
            mstore(add(image, LIMITS), add(base, HEADER))
            mstore(add(image, MULTIPLIER), mload(add(base, 32)))
            let directory := add(HEADER, mul(LIMIT, limits))
            let entries := add(directory, mul(3, add(shl(part, 1), 1)))
            mstore(add(image, DIRECTORY), directory)
            mstore(add(image, ENTRIES), entries)
            broken := or(broken, gt(entries, size))
            far := or(iszero(iszero(broken)), gt(directory, loaded))
        }
        if (!far) return;
        if (broken != 0) image.spoil();
        else image.limits = fetch(image, HEADER, LIMIT * limits);
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

    /// @notice Whether any limit charges every outflow of its asset.
    function hasEverywhere(Image memory image) internal pure returns (bool) {
        uint256 n = image.limitCount;
        for (uint256 i = 0; i < n; ++i) {
            (, uint256 terms,) = limit(image, i);
            if (terms & (1 << 48) != 0) return true;
        }
        return false;
    }

    /// @notice `(key · multiplier mod 2^256) >> (256 − bits)`, and 0 when `bits` is 0.
    function hash(uint256 key, uint256 multiplier, uint256 bits) internal pure returns (uint256) {
        // Unchecked: the product is taken modulo 2^256. A shift by 256 gives 0.
        unchecked {
            return (key * multiplier) >> (256 - bits);
        }
    }

    /// @notice A pointer to `length` bytes of the program from `offset` on; to zeros where they are not all there.
    function slice(Image memory image, uint256 offset, uint256 length) internal view returns (uint256 pointer) {
        bool beyond;
        assembly ("memory-safe") {
            pointer := add(mload(add(image, BASE)), offset)
            // Offsets and lengths come from fields of at most 3 bytes, and from small constants.
            beyond := gt(add(offset, length), mload(add(image, LOADED)))
        }
        if (beyond) return fetch(image, offset, length);
    }

    /// @notice {slice}, of what was not copied with the first page.
    function fetch(Image memory image, uint256 offset, uint256 length) internal view returns (uint256 pointer) {
        bool beyond;
        assembly ("memory-safe") {
            // As in {slice}, far from overflowing.
            beyond := gt(add(offset, length), mload(add(image, SIZE)))
            if iszero(beyond) {
                pointer := mload(0x40)
                // And one word behind them, so that loading a word from any of them reads nothing that something else
                // owns.
                mstore(0x40, and(add(add(pointer, length), 63), not(31)))
                extcodecopy(mload(add(image, SOURCE)), pointer, offset, length)
            }
        }
        if (!beyond) return pointer;
        image.spoil();
        return ZERO;
    }

    function _load(uint256 pointer) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(pointer)
        }
    }
}
