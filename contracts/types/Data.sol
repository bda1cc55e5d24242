// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "./Types.sol";

/// @notice A piece of this call's calldata, which stays where it is:
///
///     | offset (128 bits) | length (128 bits) |
type Data is uint256;

using {bytesOf} for Data global;

/// @notice An {Action} whose data stays in calldata. `operation` is not yet known to be 0 or 1.
struct ActionView {
    address to;
    uint256 value;
    Data data;
    uint256 operation;
}

/// @dev Calldata is far shorter than 2^128 bytes, so neither half can spill into the other.
function dataOf(bytes calldata piece) pure returns (Data data) {
    assembly ("memory-safe") {
        data := or(shl(128, piece.offset), piece.length)
    }
}

/// @dev Undoes {dataOf}, which is the only source of a `Data`, so the piece lies inside calldata.
function bytesOf(Data data) pure returns (bytes calldata piece) {
    assembly ("memory-safe") {
        piece.offset := shr(128, data)
        piece.length := and(data, 0xffffffffffffffffffffffffffffffff)
    }
}

/// @notice The one action that arguments of this very call make: `(to, value, anything, operation)` from `arguments` on, and
/// the bytes whose length is at `piece`. Only for what is known to be exact.
/// @dev A list of one pointer with its struct behind it, which the compiler would fill with zeros first.
function oneAction(uint256 arguments, uint256 piece) pure returns (ActionView[] memory actions) {
    assembly ("memory-safe") {
        actions := mload(0x40)
        let action := add(actions, 0x40)
        mstore(0x40, add(actions, 0xc0))
        mstore(actions, 1)
        mstore(add(actions, 0x20), action)
        calldatacopy(action, arguments, 0x80)
        mstore(add(action, 0x40), or(shl(128, add(piece, 0x20)), calldataload(piece)))
    }
}

/// @dev In place, since a new array of structs comes with the structs.
function fill(ActionView memory action, address to, uint256 value, bytes calldata data, uint256 operation) pure {
    action.to = to;
    action.value = value;
    action.data = dataOf(data);
    action.operation = operation;
}

function viewsOf(Action[] calldata actions) pure returns (ActionView[] memory views) {
    views = new ActionView[](actions.length);
    for (uint256 i = 0; i < actions.length; ++i) {
        Action calldata action = actions[i];
        fill(views[i], action.to, action.value, action.data, action.operation);
    }
}
