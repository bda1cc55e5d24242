// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Route, StagedKind} from "./Types.sol";

/// @notice An account's word 0:
///
///     | zero (24) | route (8) | epoch (32) | change delay in seconds (32) | program (160) |
type ControlWord is uint256;

/// @notice An account's word 1:
///
///     | zero (16) | kind (8) | staged at (40) | change delay in seconds (32) | program (160) |
type StagedWord is uint256;

using {program, changeDelay, epoch, route} for ControlWord global;
using {stagedProgram, stagedChangeDelay, stagedAt, stagedKind} for StagedWord global;

function controlWord(address program_, uint32 changeDelay_, uint32 epoch_, Route route_) pure returns (ControlWord) {
    return ControlWord.wrap(
        uint256(uint160(program_)) | uint256(changeDelay_) << 160 | uint256(epoch_) << 192 | uint256(route_) << 224
    );
}

function program(ControlWord word) pure returns (address) {
    return address(uint160(ControlWord.unwrap(word)));
}

function changeDelay(ControlWord word) pure returns (uint32) {
    return uint32(ControlWord.unwrap(word) >> 160);
}

function epoch(ControlWord word) pure returns (uint32) {
    return uint32(ControlWord.unwrap(word) >> 192);
}

function route(ControlWord word) pure returns (Route) {
    return Route(uint8(ControlWord.unwrap(word) >> 224));
}

function stagedWord(address program_, uint32 changeDelay_, uint40 madeAt, StagedKind kind) pure returns (StagedWord) {
    return StagedWord.wrap(
        uint256(uint160(program_)) | uint256(changeDelay_) << 160 | uint256(madeAt) << 192 | uint256(kind) << 232
    );
}

function stagedProgram(StagedWord word) pure returns (address) {
    return address(uint160(StagedWord.unwrap(word)));
}

function stagedChangeDelay(StagedWord word) pure returns (uint32) {
    return uint32(StagedWord.unwrap(word) >> 160);
}

function stagedAt(StagedWord word) pure returns (uint40) {
    return uint40(StagedWord.unwrap(word) >> 192);
}

function stagedKind(StagedWord word) pure returns (StagedKind) {
    return StagedKind(uint8(StagedWord.unwrap(word) >> 232));
}
