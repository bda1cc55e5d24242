// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

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

/// @notice One effect, with its action's attributes.
/// `recipient` and `amount` (base units) have a meaning only for NATIVE, TRANSFER and APPROVE.
struct Effect {
    uint256 kind;
    address subject;
    bool hasSelector;
    uint32 selector;
    address recipient;
    uint256 amount;
}

/// @notice A program, opened. Offsets count from the start of the code, pointers are into memory.
struct Image {
    address source;
    uint256 size;
    // The first `loaded` bytes of the code lie at `base`.
    uint256 base;
    uint256 loaded;
    // Sticky: some read so far was not well formed, and no value read counts.
    bool malformed;
    uint256 directoryBits;
    uint256 classes;
    uint256 limitCount;
    uint256 limits;
    uint256 directory;
    uint256 entries;
    uint256 multiplier;
}

/// @notice What this request charges to one limit. Units are 10^exponent base units, and base units except in
/// rolling limits.
struct Charge {
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

/// @notice The slot changes of one request.
struct SlotChanges {
    bool any;
    uint256 firstEffect;
    bytes32 digest;
    // Named by the last call of each kind, if there is one.
    bool guardNamed;
    address guard;
    bool moduleGuardNamed;
    address moduleGuard;
    bool hooksNamed;
    address hooks;
}

/// @notice One evaluation: the request's origin, what was read, what was decided, and what is to be committed.
struct Evaluation {
    address account;
    address origin;
    address initiator;
    uint256 safeTxGas;
    uint256 gasPrice;
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
    // To be committed. By limit index: where in memory its {Charge} is, 0 where nothing was charged.
    uint256[] charges;
    SlotChanges slots;
    bool removal;
    bytes32 announcement;
    // A list of {Marker}.
    uint256 markers;
}

using {deny, denyByRule, denyAt, malformed} for Evaluation global;

/// @dev Sets the verdict that no rule decided, at the present effect; returns false so that callers can pass it on.
function deny(Evaluation memory e, Reason reason, uint256 have, uint256 need) pure returns (bool) {
    return denyAt(e, reason, e.effects, NO_RULE, 0, have, need);
}

function malformed(Evaluation memory e) pure returns (bool) {
    return denyAt(e, Reason.MalformedProgram, e.effects, NO_RULE, 0, 0, 0);
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
