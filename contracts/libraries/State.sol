// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ControlWord, FreezeWord, StagedWord} from "../types/Words.sol";

/// @notice Where an account's words are, `docs/program.md` §7. Word n of an account is at `account << 96 | n`,
/// which costs no hashing and cannot meet the hashed slots of limits and announcements.
library State {
    uint256 private constant CONTROL = 0;
    uint256 private constant STAGED = 1;
    uint256 private constant STAGED_DIGEST = 2;
    uint256 private constant MANAGER = 3;
    uint256 private constant ACTIVATIONS = 4;
    uint256 private constant FREEZE = 5;
    uint256 private constant OPENED = 6;

    function control(address account) internal view returns (ControlWord) {
        return ControlWord.wrap(read(_slot(account, CONTROL)));
    }

    function setControl(address account, ControlWord word) internal {
        write(_slot(account, CONTROL), ControlWord.unwrap(word));
    }

    function staged(address account) internal view returns (StagedWord) {
        return StagedWord.wrap(read(_slot(account, STAGED)));
    }

    function stagedDigest(address account) internal view returns (bytes32) {
        return bytes32(read(_slot(account, STAGED_DIGEST)));
    }

    /// @dev A program is staged with digest 0, so that nothing of an earlier slot list stays behind.
    function setStaged(address account, StagedWord word, bytes32 digest) internal {
        write(_slot(account, STAGED), StagedWord.unwrap(word));
        write(_slot(account, STAGED_DIGEST), uint256(digest));
    }

    function manager(address account) internal view returns (address) {
        return address(uint160(read(_slot(account, MANAGER))));
    }

    function setManager(address account, address manager_) internal {
        write(_slot(account, MANAGER), uint256(uint160(manager_)));
    }

    /// @notice How often a program was activated.
    function activations(address account) internal view returns (uint64) {
        return uint64(read(_slot(account, ACTIVATIONS)));
    }

    function setActivations(address account, uint64 count) internal {
        write(_slot(account, ACTIVATIONS), count);
    }

    function freeze(address account) internal view returns (FreezeWord) {
        return FreezeWord.wrap(read(_slot(account, FREEZE)));
    }

    function setFreeze(address account, FreezeWord word) internal {
        write(_slot(account, FREEZE), FreezeWord.unwrap(word));
    }

    /// @notice How many module requests were opened.
    function opened(address account) internal view returns (uint64) {
        return uint64(read(_slot(account, OPENED)));
    }

    function setOpened(address account, uint64 count) internal {
        write(_slot(account, OPENED), count);
    }

    /// @return madeAt When the announcement was made, in seconds; 0 for none.
    /// @return account Whose it is.
    function announcement(bytes32 id) internal view returns (uint256 madeAt, address account) {
        uint256 word = read(_announcementSlot(id));
        return (uint96(word), address(uint160(word >> 96)));
    }

    /// @dev A timestamp of more than 96 bits is beyond any chain's life.
    function setAnnouncement(bytes32 id, address account, uint256 madeAt) internal {
        write(_announcementSlot(id), uint256(uint160(account)) << 96 | madeAt);
    }

    function clearAnnouncement(bytes32 id) internal {
        write(_announcementSlot(id), 0);
    }

    /// @notice An account's transient word n, `docs/program.md` §10. Hashed keys, of {Marker}, are elsewhere.
    function noted(address account, uint256 n) internal view returns (uint256 word) {
        uint256 slot = _slot(account, n);
        assembly ("memory-safe") {
            word := tload(slot)
        }
    }

    function note(address account, uint256 n, uint256 word) internal {
        uint256 slot = _slot(account, n);
        assembly ("memory-safe") {
            tstore(slot, word)
        }
    }

    function read(uint256 slot) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function write(uint256 slot, uint256 word) internal {
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }

    function _slot(address account, uint256 n) private pure returns (uint256) {
        return uint256(uint160(account)) << 96 | n;
    }

    /// @dev keccak256(id ‖ 0), in scratch memory.
    function _announcementSlot(bytes32 id) private pure returns (uint256 slot) {
        assembly ("memory-safe") {
            mstore(0x00, id)
            mstore(0x20, 0)
            slot := keccak256(0x00, 0x40)
        }
    }
}
