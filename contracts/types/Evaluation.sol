// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Data} from "./Data.sol";
import {Reason} from "./Reason.sol";
import {Verdict} from "./Types.sol";
import {ControlWord} from "./Words.sol";

/// @dev The rule of a verdict that no rule decided.
uint16 constant NO_RULE = 0xffff;

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
}

/// @notice A rule, read. Pointers are into memory.
struct Rule {
    uint256 index;
    bool allows;
    bool forModules;
    // Seconds.
    uint256 delay;
    // The indices of the limits that it charges, one byte each.
    uint256 limits;
    uint256 limitCount;
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
    uint256 limit;
    // What the limit's scope names, zero for the account.
    address key;
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
    // Decided.
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
    uint256[17] runs;
}

/// @dev Makes an empty evaluation: `evaluations()()`. The compiler would write each zero by itself, which costs several
/// times as much; so this knows where the fields are, which a test holds against the compiler's own. A function, since
/// the compiler would also fill whatever a function declares to return.
function evaluations() pure returns (function() pure returns (Evaluation memory) allocate) {
    function() pure returns (uint256) allocatePointer = _allocateEvaluation;
    assembly ("memory-safe") {
        allocate := allocatePointer
    }
}

/// @dev {Evaluation} and, directly behind each other, the structs that it points to: 31 + 15 + 6 + 13 + 11 + 17 words.
function _allocateEvaluation() pure returns (uint256 pointer) {
    assembly ("memory-safe") {
        pointer := mload(0x40)
        // Past the end of calldata there are only zeros.
        calldatacopy(pointer, calldatasize(), 0xba0)
        mstore(0x40, add(pointer, 0xba0))
        // image, verdict, effect, candidate, runs
        mstore(add(pointer, 0x180), add(pointer, 0x3e0))
        mstore(add(pointer, 0x1a0), add(pointer, 0x5c0))
        mstore(add(pointer, 0x380), add(pointer, 0x680))
        mstore(add(pointer, 0x3a0), add(pointer, 0x820))
        mstore(add(pointer, 0x3c0), add(pointer, 0x980))
        // joined, met, slots: no bytes
        mstore(add(pointer, 0x260), 0x60)
        mstore(add(pointer, 0x2a0), 0x60)
        mstore(add(pointer, 0x2e0), 0x60)
    }
}

using {failed, spoil, blame} for Image global;
using {append, following} for Rule global;
using {deny, denyByRule, denyAt, denyFault} for Evaluation global;

/// @dev A memory struct is its pointer; lists keep it as a number so that 0 can say that there is none.
function append(Rule memory rule, Rule memory next) pure {
    assembly ("memory-safe") {
        // `next` is the last field.
        mstore(add(rule, 0x140), next)
    }
}

/// @dev The next rule of the list. The caller has seen that there is one.
function following(Rule memory rule) pure returns (Rule memory next) {
    uint256 pointer = rule.next;
    assembly ("memory-safe") {
        next := pointer
    }
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
    Verdict memory v = e.verdict;
    v.reason = reason;
    v.effect = uint32(effect);
    v.rule = uint16(rule);
    v.detail = uint8(detail);
    v.have = have;
    v.need = need;
    return false;
}
