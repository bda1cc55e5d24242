// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice How often an executing request of an account still may make a certain call to the hook. Transient: what
/// is not consumed ends with the transaction. A count, since a batch may hold the same call twice.
library Marker {
    /// @dev keccak256(account ‖ keccak256(data)), in scratch memory.
    function keyOf(address account, bytes calldata data) internal pure returns (bytes32 key) {
        bytes32 content = keccak256(data);
        assembly ("memory-safe") {
            // The upper bytes of a Solidity variable are not known to be clean.
            mstore(0x00, shr(96, shl(96, account)))
            mstore(0x20, content)
            key := keccak256(0x00, 0x40)
        }
    }

    /// @notice Puts a key in front of a list in memory. A list is a pointer to its first pair of key and next
    /// pointer, 0 when empty.
    function push(uint256 list, bytes32 key) internal pure returns (uint256 longer) {
        assembly ("memory-safe") {
            longer := mload(0x40)
            mstore(0x40, add(longer, 64))
            mstore(longer, key)
            mstore(add(longer, 32), list)
        }
    }

    /// @notice Adds one for each key of the list.
    function addAll(uint256 list) internal {
        while (list != 0) {
            bytes32 key;
            assembly ("memory-safe") {
                key := mload(list)
                list := mload(add(list, 32))
            }
            _write(key, _read(key) + 1);
        }
    }

    /// @notice Whether there was one to consume.
    function consume(bytes32 key) internal returns (bool) {
        uint256 count = _read(key);
        if (count == 0) return false;
        _write(key, count - 1);
        return true;
    }

    function _read(bytes32 key) private view returns (uint256 count) {
        assembly ("memory-safe") {
            count := tload(key)
        }
    }

    function _write(bytes32 key, uint256 count) private {
        assembly ("memory-safe") {
            tstore(key, count)
        }
    }
}
