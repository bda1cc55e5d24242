// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "./Reason.sol";

/// @notice One call the account is asked to make. `operation`: 0 call, 1 delegatecall.
struct Action {
    address to;
    uint256 value;
    bytes data;
    uint8 operation;
}

/// @notice One thing the account is asked to execute.
/// `origin` is zero for the owners, else the module; `initiator` is who calls execTransaction, or the module.
/// What stands between is the Safe transaction's own, and zero for a module.
struct Request {
    address origin;
    address initiator;
    uint256 safeTxGas;
    uint256 baseGas;
    uint256 gasPrice;
    address gasToken;
    address refundReceiver;
    bytes signatures;
    uint256 nonce;
    Action[] actions;
}

/// @notice Allow, or deny with a reason. `docs/program.md` §2 defines every field.
struct Verdict {
    Reason reason;
    uint32 effect;
    uint16 rule;
    uint8 detail;
    uint256 have;
    uint256 need;
}

/// @notice A change of a slot that holds the hook in place, as a plain call of the account.
struct SlotCall {
    address to;
    bytes data;
}

/// @notice How the hook is held in place.
enum Route {
    None,
    Guard,
    Guards,
    Manager
}

/// @notice What is staged, if anything.
enum StagedKind {
    None,
    Program,
    Slots
}

/// @notice An account's own words, decoded. Times and delays in seconds.
struct AccountState {
    address program;
    uint32 changeDelay;
    uint32 epoch;
    Route route;
    address manager;
    StagedKind stagedKind;
    address stagedProgram;
    uint32 stagedChangeDelay;
    uint40 stagedAt;
    bytes32 stagedDigest;
    uint64 activations;
    bool frozen;
    // Who froze it, and when that can end; zero until that is started.
    address guardian;
    uint40 unfreezesAt;
}
