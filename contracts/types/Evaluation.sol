// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Data} from "./Data.sol";
import {Reason} from "./Reason.sol";
import {Verdict} from "./Types.sol";
import {ControlWord} from "./Words.sol";

/// @dev The rule of a verdict that no rule decided.
uint16 constant NO_RULE = 0xffff;

/// @dev Where in memory the evaluation stands, and behind it what it comes with: 32 + 17 + 13 + 8 + 22 words.
uint256 constant EVALUATION = 0x100;
uint256 constant IMAGE = 0x500;
uint256 constant EFFECT = 0x720;
uint256 constant CANDIDATE = 0x8c0;
uint256 constant RUNS = 0x9c0;
uint256 constant BEHIND_EVALUATION = 0xc80;
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
}

/// @notice Which rules can match an effect: all; those that name subject and selector; of those, the ones that test the
/// recipient first.
library Reach {
    uint256 internal constant EVERY = 0;
    uint256 internal constant NAMED = 1;
    uint256 internal constant NAMED_RECIPIENT = 2;
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
    uint256 index;
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

/// @notice What this request charges to one limit and key. Units are 10^exponent base units, and base units except in
/// rolling limits.
struct Charge {
    // Where in memory the next one is, 0 at the end of the list.
    uint256 next;
    // The limit's index, with what its scope names above: key (160) | index (8).
    uint256 who;
    uint256 window;
    uint256 slot;
    uint256 scale;
    uint256 capUnits;
    uint256 usedUnits;
    uint256 pending;
    // Calendar: the period. Rolling: the lane.
    uint256 period;
    uint256 lanes;
    uint256 exponent;
}

/// @notice One evaluation: the request's origin, what was read, what was decided, and what is to be committed.
struct Evaluation {
    address account;
    address origin;
    address initiator;
    uint256 safeTxGas;
    uint256 gasPrice;
    // Where the rest of an owner request is, and which of its words is baseGas; looked at only for obligations. Zero
    // where the request is this call's own arguments.
    Data words;
    uint256 baseGasAt;
    // In {check}, where nothing executes.
    bool checking;
    uint256 nonce;
    // Read.
    ControlWord control;
    address manager;
    bool opened;
    Image image;
    // Decided. None before {denyAt} makes it.
    Verdict verdict;
    uint256 effects;
    uint256 rule;
    uint256 delay;
    uint256 delayRule;
    uint256 delayEffect;
    // What rules ask for besides, see {Joining}, and the hash of the effects, for attesters.
    bytes joined;
    bytes32 digest;
    // To be committed. See {Obligations.commit}; there is some exactly when something was joined.
    bytes met;
    // A list of {Charge}; those with nothing pending were only looked at.
    uint256 charges;
    // The slot changes, see {Slots}, and the effect that is the first of them.
    bytes slots;
    uint256 firstSlot;
    bool removal;
    bytes32 announcement;
    // A list of {Marker}.
    uint256 markers;
    // What is looked at, used again and again: memory is dear.
    Effect effect;
    Rule candidate;
    // See {Index}.
    uint256[22] runs;
    // Whether there are slot changes, markers, obligations or a delay: most requests are without.
    bool more;
}

/// @dev Makes the one empty evaluation of this call, where nothing has used memory yet: what nobody has written to is
/// zero. It stands at a fixed address, as everything that it comes with, so that those who look at it most need not
/// be told where. A list of one: the compiler would fill the struct that a function declares to return. The list stands in
/// scratch memory: take its member at once.
/// A test holds the addresses against the compiler's own idea of the structs.
function evaluations() pure returns (Evaluation[] memory list) {
    assembly ("memory-safe") {
        // The compiler may keep words of its own before; not so many.
        if gt(mload(0x40), EVALUATION) { invalid() }
        mstore(0x40, BEHIND_EVALUATION)
        // The structs that it points to: image, effect, candidate, runs.
        mstore(add(EVALUATION, 0x180), IMAGE)
        mstore(add(EVALUATION, 0x380), EFFECT)
        mstore(add(EVALUATION, 0x3a0), CANDIDATE)
        mstore(add(EVALUATION, 0x3c0), RUNS)
        // joined, met, slots: no bytes
        mstore(add(EVALUATION, 0x260), 0x60)
        mstore(add(EVALUATION, 0x2a0), 0x60)
        mstore(add(EVALUATION, 0x2e0), 0x60)
        list := 0x00
        mstore(list, 1)
        mstore(0x20, EVALUATION)
    }
}

/// @dev The charge at a pointer, as {evaluations} gives an evaluation.
function chargesAt(uint256 pointer) pure returns (Charge[] memory list) {
    assembly ("memory-safe") {
        list := 0x00
        mstore(list, 1)
        mstore(0x20, pointer)
    }
}

/// @dev The rule at a pointer, as {evaluations} gives an evaluation.
function rulesAt(uint256 pointer) pure returns (Rule[] memory list) {
    assembly ("memory-safe") {
        list := 0x00
        mstore(list, 1)
        mstore(0x20, pointer)
    }
}

/// @dev An empty rule, beside the one that an evaluation comes with.
function newRules() pure returns (Rule[] memory list) {
    uint256 pointer;
    assembly ("memory-safe") {
        pointer := mload(0x40)
        mstore(0x40, add(pointer, SIZE_OF_RULE))
        calldatacopy(pointer, calldatasize(), SIZE_OF_RULE)
    }
    return rulesAt(pointer);
}

using {failed, spoil, blame} for Image global;
using {append, allows, forModules, limitCount, delay} for Rule global;
using {deny, denyByRule, denyAt, denyFault} for Evaluation global;

/// @dev A memory struct is its pointer; lists keep it as a number so that 0 can say that there is none.
function append(Rule memory rule, Rule memory next) pure {
    assembly ("memory-safe") {
        // `next` is the last field.
        mstore(add(rule, 0xe0), next)
    }
}

function allows(Rule memory rule) pure returns (bool) {
    return rule.head & ALLOW != 0;
}

function forModules(Rule memory rule) pure returns (bool) {
    return rule.head & MODULES != 0;
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

/// @dev Sets the verdict that no rule decided, at the present effect; returns false so that callers can pass it on.
function deny(Evaluation memory e, Reason reason, uint256 have, uint256 need) pure returns (bool) {
    return denyAt(e, reason, e.effects, NO_RULE, 0, have, need);
}

/// @dev Sets the verdict of the image's fault: no rule's when it is malformed, else that of `e.rule`, the rule under
/// test.
function denyFault(Evaluation memory e) pure returns (bool) {
    Reason fault = e.image.fault;
    if (fault == Reason.MalformedProgram) return deny(e, fault, 0, 0);
    uint256 culprit = uint160(e.image.culprit);
    return fault == Reason.AttestationRequired ? denyByRule(e, fault, culprit, 0, 0) : denyByRule(e, fault, 0, culprit, 0);
}

/// @dev Sets the verdict of `e.rule`, at the present effect.
function denyByRule(Evaluation memory e, Reason reason, uint256 detail, uint256 have, uint256 need)
    pure
    returns (bool)
{
    return denyAt(e, reason, e.effects, e.rule, detail, have, need);
}

/// @dev Effects are bounded by calldata, rules by 2 bytes of an entry and details by the number of limits, so
/// the narrowing loses nothing.
function denyAt(
    Evaluation memory e,
    Reason reason,
    uint256 effect,
    uint256 rule,
    uint256 detail,
    uint256 have,
    uint256 need
) pure returns (bool) {
    e.verdict = Verdict(reason, uint32(effect), uint16(rule), uint8(detail), have, need);
    return false;
}
