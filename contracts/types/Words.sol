// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Route, StagedKind} from "./Types.sol";

/// @notice An account's word 0:
///
///     | zero (23) | frozen (1) | route (8) | epoch (32) | change delay in seconds (32) | program (160) |
type ControlWord is uint256;

/// @notice An account's word 1:
///
///     | zero (16) | kind (8) | staged at (40) | change delay in seconds (32) | program (160) |
type StagedWord is uint256;

/// @notice An account's word 5, zero unless it is frozen:
///
///     | zero (56) | when it can end, in seconds, 0 until that is started (40) | guardian (160) |
type FreezeWord is uint256;

/// @dev The bit of {ControlWord}.
uint256 constant FROZEN = 1 << 232;

using {program, changeDelay, epoch, route, frozen, withFrozen} for ControlWord global;
using {guardian, endsAt} for FreezeWord global;
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

function frozen(ControlWord word) pure returns (bool) {
    return ControlWord.unwrap(word) & FROZEN != 0;
}

function withFrozen(ControlWord word, bool frozen_) pure returns (ControlWord) {
    uint256 others = ControlWord.unwrap(word) & ~FROZEN;
    return ControlWord.wrap(frozen_ ? others | FROZEN : others);
}

function freezeWord(address guardian_, uint40 endsAt_) pure returns (FreezeWord) {
    return FreezeWord.wrap(uint256(uint160(guardian_)) | uint256(endsAt_) << 160);
}

function guardian(FreezeWord word) pure returns (address) {
    return address(uint160(FreezeWord.unwrap(word)));
}

function endsAt(FreezeWord word) pure returns (uint40) {
    return uint40(FreezeWord.unwrap(word) >> 160);
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
