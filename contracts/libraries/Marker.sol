// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice How often an executing request of an account still may make a certain call to the hook. Transient: what
/// is not consumed ends with the transaction. A count, since a batch may hold the same call twice.
library Marker {
    function keyOf(address account, bytes calldata data) internal pure returns (bytes32) {
        return keccak256(abi.encode(account, keccak256(data)));
    }

    function add(bytes32 key) internal {
        _write(key, _read(key) + 1);
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
