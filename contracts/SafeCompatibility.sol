// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISafeCompatibility, ISignatureHandler} from "./interfaces/ISignatureHandler.sol";
import {ISafe} from "./interfaces/ISafe.sol";
import {Messages} from "./libraries/Messages.sol";

/// @notice What accounts and their tools expect of a Safe's fallback handler, besides signatures and tokens.
abstract contract SafeCompatibility is ISafeCompatibility {
    address private constant SENTINEL = address(1);
    uint256 private constant MODULES = 10;

    /// @inheritdoc ISafeCompatibility
    function getMessageHash(bytes calldata message) external view returns (bytes32) {
        return keccak256(Messages.safeMessage(msg.sender, message));
    }

    /// @inheritdoc ISafeCompatibility
    function getMessageHashForSafe(address account, bytes calldata message) external view returns (bytes32) {
        return keccak256(Messages.safeMessage(account, message));
    }

    /// @inheritdoc ISafeCompatibility
    function encodeMessageDataForSafe(address account, bytes calldata message) external view returns (bytes memory) {
        return Messages.safeMessage(account, message);
    }

    /// @inheritdoc ISafeCompatibility
    function encodeTransactionData(
        address,
        uint256,
        bytes calldata data,
        uint8 operation,
        uint256,
        uint256,
        uint256,
        address,
        address,
        uint256
    ) external view returns (bytes memory) {
        require(operation <= 1, ISignatureHandler.BadOperation(operation));
        // The arguments are the fields, except that data is hashed: its offset is the third word.
        bytes memory fields = bytes.concat(msg.data[4:68], keccak256(data), msg.data[100:324]);
        return Messages.safeTransaction(msg.sender, fields);
    }

    /// @inheritdoc ISafeCompatibility
    function getModules() external view returns (address[] memory modules) {
        (modules,) = ISafe(msg.sender).getModulesPaginated(SENTINEL, MODULES);
    }

    /// @inheritdoc ISafeCompatibility
    function simulate(address target, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory told) = msg.sender.call(abi.encodeCall(ISafe.simulateAndRevert, (target, data)));
        require(!ok && told.length >= 64, ISignatureHandler.NotSimulated());
        uint256 succeeded;
        uint256 length;
        assembly ("memory-safe") {
            succeeded := mload(add(told, 32))
            length := mload(add(told, 64))
        }
        require(length <= told.length - 64, ISignatureHandler.NotSimulated());
        assembly ("memory-safe") {
            // Behind the two words is what was returned, so the second is its length as bytes have it.
            told := add(told, 64)
            if iszero(succeeded) { revert(add(told, 32), length) }
        }
        return told;
    }
}
