// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../../contracts/types/Types.sol";

/// @notice What a Safe needs of a guard, for both kinds of transaction, and no rule yet.
/// @dev The guards of this folder each carry a mistake that attacks exploit. They are never to be used.
abstract contract NaiveGuard {
    error Refused();

    function supportsInterface(bytes4) external pure returns (bool) {
        return true;
    }

    function checkTransaction(
        address to,
        uint256 value,
        bytes memory data,
        uint8 operation,
        uint256,
        uint256,
        uint256,
        address,
        address payable,
        bytes memory,
        address
    ) external virtual {
        _before(Action(to, value, data, operation));
    }

    function checkAfterExecution(bytes32, bool success) external {
        _after(success);
    }

    function checkModuleTransaction(address to, uint256 value, bytes memory data, uint8 operation, address)
        external
        returns (bytes32)
    {
        _before(Action(to, value, data, operation));
        return 0;
    }

    function checkAfterModuleExecution(bytes32, bool success) external {
        _after(success);
    }

    /// @dev Before an execution of the account, which is the caller.
    function _before(Action memory a) internal virtual;

    function _after(bool success) internal virtual {}

    function _selector(bytes memory data) internal pure returns (bytes4) {
        return bytes4(data);
    }

    /// @dev The word at `offset`; what is behind the end reads as whatever lies there.
    function _word(bytes memory data, uint256 offset) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), offset))
        }
    }

    function _slice(bytes memory data, uint256 from, uint256 length) internal pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i; i < length; i++) {
            part[i] = data[from + i];
        }
    }

    /// @dev The legs of a batch whose bytes are where they usually are.
    function _legs(bytes memory data) internal pure returns (Action[] memory legs) {
        uint256 end = 68 + _word(data, 36);
        uint256 n;
        legs = new Action[]((end - 68) / 85);
        for (uint256 i = 68; i + 85 <= end; n++) {
            uint256 length = _word(data, i + 53);
            // The last leg is cut short, so it cannot be meant.
            if (i + 85 + length > end) break;
            address to = address(uint160(_word(data, i + 1) >> 96));
            legs[n] = Action(to, _word(data, i + 21), _slice(data, i + 85, length), uint8(data[i]));
            i += 85 + length;
        }
        assembly ("memory-safe") {
            mstore(legs, n)
        }
    }
}
