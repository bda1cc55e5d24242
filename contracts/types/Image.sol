// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Data} from "./Data.sol";
import {Reason} from "./Reason.sol";

/// @dev Bytes of {Rule}.
uint256 constant SIZE_OF_RULE = 0x100;

/// @dev Bits of the outcome in a rule's head.
uint256 constant ALLOW = 1 << 40;
uint256 constant MODULES = 2 << 40;
uint256 constant OBLIGATIONS = 4 << 40;

/// @notice What an action does, as far as calldata tells. Plain numbers, since the index is made of them.
library Kind {
    uint256 internal constant NATIVE = 1;
    uint256 internal constant TRANSFER = 2;
    uint256 internal constant APPROVE = 3;
    uint256 internal constant CALL = 4;
    uint256 internal constant OPAQUE = 5;
    /// @dev A delegatecall to anything but a known batch contract.
    uint256 internal constant DELEGATECALL = 6;
}

/// @notice Which rules can match an effect: all; those that name subject and selector; of those, the ones that test the
/// recipient first; those that name the subject, whether or not the selector.
library Reach {
    uint256 internal constant EVERY = 0;
    uint256 internal constant NAMED = 1;
    uint256 internal constant NAMED_RECIPIENT = 2;
    /// @dev A bit that none of the others has.
    uint256 internal constant NAMED_SUBJECT = 8;
    /// @dev Not an ordinary action at all.
    uint256 internal constant NONE = type(uint256).max;
}

/// @notice What happens when several rules are in scope of an effect.
library Semantics {
    uint256 internal constant FIRST_MATCH = 0;
    uint256 internal constant ALL_MUST_PASS = 1;
    uint256 internal constant ALLOW_OVERRIDES = 2;
}

/// @notice One effect, with its action's attributes.
/// Where `hasRecipient`, `hasAmount` (base units) or `hasAsset` is not set, the field behind it is zero.
struct Effect {
    uint256 kind;
    uint256 reach;
    // The action's `to`.
    address target;
    // What the index finds the effect by: the target, or the token.
    address subject;
    bool hasSelector;
    uint32 selector;
    // The action's calldata.
    Data data;
    bool hasRecipient;
    address recipient;
    bool hasAmount;
    uint256 amount;
    // Native is zero.
    bool hasAsset;
    address asset;
}

/// @notice A program, opened. Offsets count from the start of the code, pointers are into memory.
struct Image {
    address source;
    uint256 size;
    // The first `loaded` bytes of the code lie at `base`.
    uint256 base;
    uint256 loaded;
    // Sticky, and none while it is Allowed: some read so far was not well formed (MalformedProgram), or a registry
    // (RegistryFailed) or another contract (StaticCallFailed) did not answer as it must, or attesters say neither yes
    // nor no (AttestationRequired). No value read counts then.
    Reason fault;
    // The registry or contract; or the number of the attester set.
    address culprit;
    uint256 semantics;
    uint256 directoryBits;
    uint256 classes;
    uint256 limitCount;
    uint256 attesterSets;
    uint256 limits;
    uint256 directory;
    uint256 entries;
    uint256 multiplier;
    // The declaration that was looked up last, since the transactions of a batch often call one token: its key, 0 for
    // none yet, and its standard.
    uint256 declared;
    uint256 standard;
}

/// @notice A rule, read. Pointers are into memory.
struct Rule {
    // Of the index, from which it was read; 0 before.
    uint256 entry;
    // What its body begins with: outcome (8) | number of limits (8) | delay in seconds (32).
    uint256 head;
    // The indices of the limits that it charges, one byte each.
    uint256 limits;
    // What else it asks for, as it stands in the program.
    uint256 obligations;
    uint256 obligationsLength;
    // Its conditions begin at `conditions` and end before `end`.
    uint256 conditions;
    uint256 end;
    // Where in memory the next rule of a list is, 0 at its end.
    uint256 next;
}

function pointerOf(uint256 pointer) pure returns (uint256) {
    return pointer;
}

/// @dev As {evaluationAt}.
function ruleAt() pure returns (function(uint256) pure returns (Rule memory) cast) {
    function(uint256) pure returns (uint256) same = pointerOf;
    assembly ("memory-safe") {
        cast := same
    }
}

/// @dev An empty rule, beside the one that an evaluation comes with.
function newRule() pure returns (uint256 pointer) {
    assembly ("memory-safe") {
        pointer := mload(0x40)
        mstore(0x40, add(pointer, SIZE_OF_RULE))
        calldatacopy(pointer, calldatasize(), SIZE_OF_RULE)
    }
}

using {failed, spoil, blame} for Image global;
using {append, index, allows, limitCount, delay} for Rule global;

/// @dev A memory struct is its pointer; lists keep it as a number so that 0 can say that there is none.
function append(Rule memory rule, Rule memory next) pure {
    assembly ("memory-safe") {
        // `next` is the last field.
        mstore(add(rule, 0xe0), next)
    }
}

function index(Rule memory rule) pure returns (uint256) {
    return (rule.entry >> 40) & 0xffff;
}

function allows(Rule memory rule) pure returns (bool) {
    return rule.head & ALLOW != 0;
}

function limitCount(Rule memory rule) pure returns (uint256) {
    return (rule.head >> 32) & 0xff;
}

/// @dev Seconds.
function delay(Rule memory rule) pure returns (uint256) {
    return rule.head & 0xffffffff;
}

function failed(Image memory image) pure returns (bool) {
    bool fault;
    assembly ("memory-safe") {
        // `fault` is the fifth field; the compiler would check at every look that it is a reason.
        fault := iszero(iszero(mload(add(image, 0x80))))
    }
    return fault;
}

/// @dev Notes that what was read is not well formed; the first fault stays. Returns false so that callers can pass
/// it on.
function spoil(Image memory image) pure returns (bool) {
    return blame(image, Reason.MalformedProgram, address(0));
}

/// @dev Notes that `culprit` did not answer as it must; the first fault stays. Returns false, as {spoil}.
function blame(Image memory image, Reason reason, address culprit) pure returns (bool) {
    if (!failed(image)) {
        image.fault = reason;
        image.culprit = culprit;
    }
    return false;
}
