// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISafe} from "../interfaces/ISafe.sol";

/// @notice Reads what a Safe keeps in named slots, and which release it is.
library SafeAccount {
    /// @dev keccak256("guard_manager.guard.address")
    uint256 internal constant GUARD = 0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8;
    /// @dev keccak256("module_manager.module_guard.address")
    uint256 internal constant MODULE_GUARD = 0xb104e0b93118902c651344349b610029d694cfdec91c589c91ebafbcd0289947;
    /// @dev keccak256("fallback_manager.handler.address")
    uint256 internal constant HANDLER = 0x6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5;

    address private constant SENTINEL = address(1);
    /// @dev More modules than this are not acknowledged one by one.
    uint256 private constant MODULE_PAGE = 50;

    function guard(address account) internal view returns (address) {
        return _read(account, GUARD);
    }

    function moduleGuard(address account) internal view returns (address) {
        return _read(account, MODULE_GUARD);
    }

    function handler(address account) internal view returns (address) {
        return _read(account, HANDLER);
    }

    /// @notice Whether the release has module guards, as 1.5.0 and later do. Only releases known to have none count
    /// as such, since more is asked of the others.
    function hasModuleGuard(address account) internal view returns (bool) {
        bytes4 release = bytes4(bytes(ISafe(account).VERSION()));
        return release != "1.3." && release != "1.4.";
    }

    /// @notice The enabled modules in the account's order; `complete` tells whether these are all.
    function modules(address account) internal view returns (address[] memory enabled, bool complete) {
        address next;
        (enabled, next) = ISafe(account).getModulesPaginated(SENTINEL, MODULE_PAGE);
        complete = next == SENTINEL || next == address(0);
    }

    function _read(address account, uint256 slot) private view returns (address) {
        return address(uint160(uint256(bytes32(ISafe(account).getStorageAt(slot, 1)))));
    }
}
