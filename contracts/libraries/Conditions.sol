// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EFFECT, EVALUATION, Evaluation, IMAGE} from "../types/Evaluation.sol";
import {Effect, Image} from "../types/Image.sol";
import {Asking} from "./Asking.sol";
import {integerAt} from "./Bytes.sol";
import {Calldata} from "./Calldata.sol";
import {Facts, RareConditions} from "./RareConditions.sol";
import {Reason} from "../types/Reason.sol";
import {SpendLimit} from "./SpendLimit.sol";
import {Whitelist} from "./Whitelist.sol";

/// @notice Conditions, `docs/program.md` §1, of the one evaluation's one effect. What is malformed, and what does not answer as it must, leaves a fault in
/// the image and does not hold; after a fault nothing is tested.
library Conditions {
    using Calldata for bytes;

    uint256 private constant ORIGIN_IN = 0x01;
    uint256 private constant RECIPIENT_IN = 0x03;
    uint256 private constant AMOUNT_AT_LEAST = 0x04;
    uint256 private constant WITHIN = 0x10;
    uint256 private constant ATTESTED = 0x11;
    uint256 private constant ANY = 0x20;
    uint256 private constant ALL = 0x21;
    uint256 private constant NOT = 0x22;

    /// @dev Fields of {Effect}.
    uint256 private constant HAS_RECIPIENT = 0xe0;
    uint256 private constant RECIPIENT = 0x100;
    uint256 private constant HAS_AMOUNT = 0x120;
    uint256 private constant AMOUNT = 0x140;

    uint256 private constant MAX_DEPTH = 8;
    /// @dev Op and length.
    uint256 private constant GROUP = 3;

    /// @notice Whether every condition between the two pointers holds, tested in order up to the first that does not.
    function hold(Evaluation memory e, Effect memory effect, uint256 cursor, uint256 end) internal view returns (bool) {
        return _group(e, effect, cursor, end, ALL, 0);
    }

    /// @dev Tests the members of a group up to the first that decides it.
    function _group(Evaluation memory e, Effect memory effect, uint256 cursor, uint256 end, uint256 kind, uint256 depth)
        private
        view
        returns (bool)
    {
        Image memory image = e.image;
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
            image := IMAGE
        }
        while (cursor < end) {
            uint256 op;
            bool holds;
            assembly ("memory-safe") {
                op := byte(0, mload(cursor))
            }
            // Unchecked: below the first op of each kind the difference is huge.
            unchecked {
                if (op - ORIGIN_IN <= RECIPIENT_IN - ORIGIN_IN) {
                    uint256 list;
                    address who;
                    assembly ("memory-safe") {
                        list := and(shr(224, mload(cursor)), 0xffffff)
                        who := mload(add(EFFECT, RECIPIENT))
                        holds := mload(add(EFFECT, HAS_RECIPIENT))
                        if lt(op, RECIPIENT_IN) {
                            // Origin and initiator are neighbours too.
                            who := mload(add(EVALUATION, shl(5, op)))
                            holds := 1
                        }
                        cursor := add(cursor, 4)
                        // As if nobody were there; it is found out below.
                        holds := gt(holds, gt(cursor, end))
                    }
                    if (holds) holds = Whitelist.contains(image, list, who);
                    else if (cursor > end) return image.spoil();
                } else if (op - AMOUNT_AT_LEAST <= 1) {
                    bool broken;
                    assembly ("memory-safe") {
                        let length := byte(1, mload(cursor))
                        let bound := shr(sub(256, shl(3, length)), mload(add(cursor, 2)))
                        cursor := add(add(cursor, 2), length)
                        broken := or(gt(sub(length, 1), 31), gt(cursor, end))
                        let amount := mload(add(EFFECT, AMOUNT))
                        let beyond := gt(amount, bound)
                        if eq(op, AMOUNT_AT_LEAST) { beyond := lt(amount, bound) }
                        holds := gt(mload(add(EFFECT, HAS_AMOUNT)), beyond)
                    }
                    if (broken) return e.image.spoil();
                } else {
                    (holds, cursor) = _other(e, effect, cursor, end, depth);
                }
            }
            bool goesOn;
            assembly ("memory-safe") {
                goesOn := gt(holds, eq(kind, ANY))
            }
            if (goesOn) continue;
            if (holds) return true;
            // A fault comes with a condition that does not hold.
            if (kind == ALL || image.failed()) return false;
            if (kind == NOT) return true;
        }
        return kind == ALL;
    }

    /// @dev All but the most common conditions.
    /// @return holds False also when there is a fault, and then `next` means nothing.
    /// @return next Where the next condition starts, not past `end`.
    function _other(Evaluation memory e, Effect memory effect, uint256 cursor, uint256 end, uint256 depth)
        private
        view
        returns (bool holds, uint256 next)
    {
        // Unchecked: what is added to a pointer was compared with what is left before `end`, and lengths have at
        // most 2 bytes.
        unchecked {
            Image memory image = e.image;
            uint256 op = integerAt(cursor, 1);
            uint256 left = end - cursor;
            if (op >= ANY && op <= NOT) {
                uint256 length = integerAt(cursor + 1, 2);
                if (depth == MAX_DEPTH || left < GROUP || left - GROUP < length) return (image.spoil(), end);
                next = cursor + GROUP + length;
                return (_group(e, effect, cursor + GROUP, next, op, depth + 1), next);
            }
            if (op == WITHIN) {
                if (left < 2) return (image.spoil(), end);
                return (SpendLimit.fits(e, effect, integerAt(cursor + 1, 1)), cursor + 2);
            }
            if (op == ATTESTED) {
                if (depth != 0 || left < 4) return (image.spoil(), end);
                return (Asking.states(e, integerAt(cursor + 1, 3)), cursor + 4);
            }
            return _rare(image, effect, cursor, left);
        }
    }

    /// @dev Hands the condition to a contract of its own, and the fault that it finds to the image.
    function _rare(Image memory image, Effect memory effect, uint256 cursor, uint256 left)
        private
        view
        returns (bool holds, uint256 next)
    {
        Facts memory facts = Facts({
            source: image.source,
            multiplier: image.multiplier,
            kind: effect.kind,
            target: effect.target,
            hasSelector: effect.hasSelector,
            selector: effect.selector,
            hasRecipient: effect.hasRecipient,
            recipient: effect.recipient,
            hasAsset: effect.hasAsset,
            asset: effect.asset,
            // Those conditions that look at calldata say first where.
            word: effect.data.bytesOf().word(integerAt(cursor + 1, 2))
        });
        bytes memory conditions = new bytes(left);
        assembly ("memory-safe") {
            mcopy(add(conditions, 32), cursor, left)
        }
        uint256 length;
        Reason fault;
        address culprit;
        (holds, length, fault, culprit) = RareConditions.hold(facts, conditions);
        if (fault != Reason.Allowed) return (image.blame(fault, culprit), cursor);
        return (holds, cursor + length);
    }
}
