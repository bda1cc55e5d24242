// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Image} from "../types/Image.sol";
import {Reason} from "../types/Reason.sol";
import {integerAt} from "./Bytes.sol";
import {Lookup} from "./Lookup.sol";
import {Program} from "./Program.sol";

/// @notice Lists, `docs/program.md` §1: addresses in the program, or a registry that is asked.
library Whitelist {
    using Program for Image;

    uint256 private constant MAX_LIST_BITS = 15;
    /// @dev What stands in place of bits, and of a number of members which is 0, when the list is a registry.
    uint256 private constant REGISTRY = 255;
    /// @dev Number of members and bits.
    uint256 private constant PREFIX = 3;
    uint256 private constant MEMBER = 20;
    uint256 private constant SELECTOR = 4;
    /// @dev Fields of {Image}.
    uint256 private constant BASE = 0x40;
    uint256 private constant LOADED = 0x60;

    /// @notice Whether the list at `offset` of the program has the member. A list that is not well formed, and a
    /// registry that does not answer as it must, leave a fault and have nobody.
    function contains(Image memory image, uint256 offset, address member) internal view returns (bool found) {
        uint256 pointer;
        uint256 length;
        bool near;
        assembly ("memory-safe") {
            let loaded := mload(add(image, LOADED))
            let start := add(offset, PREFIX)
            pointer := add(mload(add(image, BASE)), offset)
            near := iszero(gt(start, loaded))
            // Number of members and bits. What is not there is not looked at, and is found again below.
            let head := shr(232, mload(mul(near, pointer)))
            length := mul(MEMBER, shr(8, head))
            pointer := add(pointer, PREFIX)
            // Without bits all members are looked at, and without members none are, which is found out below.
            let odd := or(gt(add(start, length), loaded), or(and(head, 0xff), iszero(head)))
            near := gt(near, odd)
        }
        if (!near) {
            uint256 head = integerAt(image.slice(offset, PREFIX), PREFIX);
            // Unchecked: offsets have 3 bytes.
            unchecked {
                if (head == REGISTRY) return _registered(image, offset + PREFIX, member);
                (pointer, length) = _segment(image, offset + PREFIX, head, member);
            }
        }
        // A word is read at each address, of which the upper 20 bytes count.
        assembly ("memory-safe") {
            let wanted := shl(96, member)
            for { let end := add(pointer, length) } lt(pointer, end) { pointer := add(pointer, MEMBER) } {
                if iszero(shr(96, xor(mload(pointer), wanted))) {
                    found := 1
                    break
                }
            }
        }
    }

    /// @dev Where the members stand that are to be looked at; nowhere, if the list is not well formed.
    /// @param offset Where its members or its counts begin.
    /// @param head Number of members and bits.
    function _segment(Image memory image, uint256 offset, uint256 head, address member)
        private
        view
        returns (uint256 pointer, uint256 length)
    {
        // Unchecked: offsets have 3 bytes and counts have 2.
        unchecked {
            uint256 n = head >> 8;
            uint256 bits = head & 0xff;
            uint256 first = 0;
            uint256 last = n;
            if (n == 0 || bits > MAX_LIST_BITS) image.spoil();
            if (image.failed()) return (0, 0);
            if (bits != 0) {
                uint256 i = Program.hash(uint256(uint160(member)), image.multiplier, bits);
                uint256 counts = integerAt(image.slice(offset + 2 * i, 4), 4);
                (first, last) = (counts >> 16, counts & 0xffff);
                if (first > last || last > n) image.spoil();
                if (image.failed()) return (0, 0);
                offset += 2 * ((1 << bits) + 1);
            }
            length = MEMBER * (last - first);
            pointer = image.slice(offset + MEMBER * first, length);
            if (image.failed()) return (0, 0);
        }
    }

    /// @notice The members of an inline list, as a pointer to `n` addresses of 20 bytes, in the order of the list; none
    /// where the list is a registry.
    function inline_(Image memory image, uint256 offset) internal view returns (uint256 pointer, uint256 n) {
        // Unchecked: offsets have 3 bytes and counts have 2.
        unchecked {
            uint256 head = integerAt(image.slice(offset, PREFIX), PREFIX);
            if (image.failed() || head == REGISTRY) return (0, 0);
            n = head >> 8;
            uint256 bits = head & 0xff;
            if (n == 0 || bits > MAX_LIST_BITS) image.spoil();
            uint256 start = offset + PREFIX + (bits == 0 ? 0 : 2 * ((1 << (bits & 0x1f)) + 1));
            pointer = image.slice(start, MEMBER * n);
            if (image.failed()) return (0, 0);
        }
    }

    function _registered(Image memory image, uint256 offset, address member) private view returns (bool) {
        uint256 where = integerAt(image.slice(offset, MEMBER + SELECTOR), MEMBER + SELECTOR);
        if (image.failed()) return false;
        address registry = address(uint160(where >> (8 * SELECTOR)));
        (bool ok, bool yes) = Lookup.registered(registry, where & 0xffffffff, member);
        if (!ok) return image.blame(Reason.RegistryFailed, registry);
        return yes;
    }
}
