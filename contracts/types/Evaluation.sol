// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {Forward} from "../libraries/Forward.sol";
import {ActionView, Data} from "./Data.sol";
import {Effect, Image, Rule, pointerOf} from "./Image.sol";
import {Reason} from "./Reason.sol";
import {Verdict} from "./Types.sol";
import {ControlWord} from "./Words.sol";

/// @dev The rule of a verdict that no rule decided.
uint16 constant NO_RULE = 0xffff;

/// @dev Where in memory the evaluation stands, and behind it what it comes with: 35 + 17 + 13 + 8 + 7 + 4 + 3 words.
uint256 constant EVALUATION = 0x100;
uint256 constant IMAGE = 0x560;
uint256 constant EFFECT = 0x780;
uint256 constant CANDIDATE = 0x920;
uint256 constant RUNS = 0xa20;
uint256 constant LEAF = 0xb00;
/// @dev Three words of {SpendLimit}: what was charged last.
uint256 constant CHARGED = 0xb80;
uint256 constant BEHIND_EVALUATION = 0xbe0;

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
    // What a batch is taken apart into, one after the other.
    ActionView leaf;
    // Decided.
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
    uint256[7] runs;
    // Whether there are slot changes, markers, obligations, a delay, a delegatecall or limits that meter: most requests
    // are without.
    bool more;
    // The first delegatecall that a rule allows, as {Watch} has it, 0 for none; and whether the account is called.
    uint256 trusted;
    bool callsItself;
    // Where in memory the bytes are that {SpendLimit} tallies for limits that meter, 0 for none.
    uint256 metered;
}

/// @dev Makes the one empty evaluation of this call, where nothing has used memory yet: what nobody has written to is
/// zero. It stands at a fixed address, as everything that it comes with, so that those who look at it most need not
/// be told where. A test holds the addresses against the compiler's own idea of the structs.
function makeEvaluation() pure {
    assembly ("memory-safe") {
        // The compiler may keep words of its own before; not so many.
        if gt(mload(0x40), EVALUATION) { invalid() }
        mstore(0x40, BEHIND_EVALUATION)
        // The structs that it points to: image, leaf, effect, candidate, runs.
        mstore(add(EVALUATION, 0x180), IMAGE)
        mstore(add(EVALUATION, 0x1a0), LEAF)
        mstore(add(EVALUATION, 0x380), EFFECT)
        mstore(add(EVALUATION, 0x3a0), CANDIDATE)
        mstore(add(EVALUATION, 0x3c0), RUNS)
        // joined, met, slots: no bytes
        mstore(add(EVALUATION, 0x260), 0x60)
        mstore(add(EVALUATION, 0x2a0), 0x60)
        mstore(add(EVALUATION, 0x2e0), 0x60)
    }
}

/// @dev Makes a number the evaluation, and one the charge, that stands there. A function that returned these itself would be
/// given empty ones to begin with.
function evaluationAt() pure returns (function(uint256) pure returns (Evaluation memory) cast) {
    function(uint256) pure returns (uint256) same = pointerOf;
    assembly ("memory-safe") {
        cast := same
    }
}

function chargeAt() pure returns (function(uint256) pure returns (Charge memory) cast) {
    function(uint256) pure returns (uint256) same = pointerOf;
    assembly ("memory-safe") {
        cast := same
    }
}

using {conclude, deny, denyByRule, denyAt, denyFault} for Evaluation global;

/// @dev The end of this call: {IPolicyHook.check} answers, an execution is reverted. Nothing was written yet where it is
/// denied.
function conclude(Evaluation memory e, Verdict memory v) pure {
    if (e.checking) Forward.answer(abi.encode(v));
    revert IPolicyHook.Denied(v.reason, v.effect, v.rule, v.detail, v.have, v.need);
}

/// @dev Ends with the verdict that no rule decided, at the present effect.
function deny(Evaluation memory e, Reason reason, uint256 have, uint256 need) pure {
    denyAt(e, reason, e.effects, NO_RULE, 0, have, need);
}

/// @dev Ends with the verdict of the image's fault: no rule's when it is malformed, else that of `e.rule`, the rule under
/// test.
function denyFault(Evaluation memory e) pure {
    Reason fault = e.image.fault;
    if (fault == Reason.MalformedProgram) deny(e, fault, 0, 0);
    uint256 culprit = uint160(e.image.culprit);
    bool attested = fault == Reason.AttestationRequired;
    denyByRule(e, fault, attested ? culprit : 0, attested ? 0 : culprit, 0);
}

/// @dev Ends with the verdict of `e.rule`, at the present effect.
function denyByRule(Evaluation memory e, Reason reason, uint256 detail, uint256 have, uint256 need) pure {
    denyAt(e, reason, e.effects, e.rule, detail, have, need);
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
) pure {
    conclude(e, Verdict(reason, uint32(effect), uint16(rule), uint8(detail), have, need));
}
