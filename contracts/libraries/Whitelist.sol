// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Image} from "../types/Evaluation.sol";
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

    /// @notice Whether the list at `offset` of the program has the member. A list that is not well formed, and a
    /// registry that does not answer as it must, leave a fault and have nobody.
    function contains(Image memory image, uint256 offset, address member) internal view returns (bool) {
        // Unchecked: offsets have 3 bytes and counts have 2.
        unchecked {
            uint256 head = integerAt(image.slice(offset, PREFIX), PREFIX);
            if (image.failed()) return false;
            uint256 n = head >> 8;
            uint256 bits = head & 0xff;
            if (head == REGISTRY) return _registered(image, offset + PREFIX, member);
            if (n == 0 || bits > MAX_LIST_BITS) return image.spoil();

            uint256 first = 0;
            uint256 last = n;
            uint256 members = offset + PREFIX;
            if (bits != 0) {
                uint256 i = Program.hash(uint256(uint160(member)), image.multiplier, bits);
                uint256 counts = integerAt(image.slice(members + 2 * i, 4), 4);
                first = counts >> 16;
                last = counts & 0xffff;
                if (image.failed() || first > last || last > n) return image.spoil();
                members += 2 * ((1 << bits) + 1);
            }
            uint256 length = MEMBER * (last - first);
            uint256 cursor = image.slice(members + MEMBER * first, length);
            if (image.failed()) return false;
            for (uint256 end = cursor + length; cursor < end; cursor += MEMBER) {
                if (integerAt(cursor, MEMBER) == uint256(uint160(member))) return true;
            }
            return false;
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
