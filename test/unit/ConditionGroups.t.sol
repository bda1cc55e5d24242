// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {ConditionsTest} from "../base/ConditionsTest.sol";
import {ProgramBuilder} from "../base/ProgramBuilder.sol";

/// @notice Groups: what they mean, where they stop, and how deep they go.
contract ConditionGroupsTest is ConditionsTest {
    uint8 private constant ANY = ProgramBuilder.ANY;
    uint8 private constant ALL = ProgramBuilder.ALL;
    uint8 private constant NOT = ProgramBuilder.NOT;

    /// @dev The effect's amount is at least 0, which it is, and 65,535, which it is not.
    bytes private constant YES = hex"040100";
    bytes private constant NO = hex"0402ffff";

    function test_groupsAreWhatTheirNamesSay() public view {
        bytes[4] memory members =
            [bytes.concat(YES, YES), bytes.concat(YES, NO), bytes.concat(NO, YES), bytes.concat(NO, NO)];
        for (uint256 i = 0; i < 4; ++i) {
            bool both = i == 0;
            bool neither = i == 3;
            _assert(_group(ALL, members[i]), both);
            _assert(_group(NOT, members[i]), !both);
            _assert(_group(ANY, members[i]), !neither);
            _assert(_group(NOT, _group(ANY, members[i])), neither);
        }
    }

    function test_anEmptyGroupHoldsOnlyWhenAllOfNothingDo() public view {
        _assert(_group(ANY, ""), false);
        _assert(_group(ALL, ""), true);
        _assert(_group(NOT, ""), false);
    }

    function test_aGroupStopsAsSoonAsItIsDecided() public view {
        _assert(_group(ANY, bytes.concat(YES, UNKNOWN)), true);
        _assert(_group(ALL, bytes.concat(NO, UNKNOWN)), false);
        _assert(_group(NOT, bytes.concat(NO, UNKNOWN)), true);
        _assertHoldsNot(bytes.concat(NO, UNKNOWN), "the conditions of the rule");
    }

    function test_neverStopsBeforeItIsDecided() public view {
        _assertMalformed(_group(ANY, bytes.concat(NO, UNKNOWN)), "any");
        _assertMalformed(_group(ALL, bytes.concat(YES, UNKNOWN)), "all");
        _assertMalformed(_group(NOT, bytes.concat(YES, UNKNOWN)), "not");
        _assertMalformed(bytes.concat(YES, UNKNOWN), "the conditions of the rule");
        _assertMalformed(bytes.concat(_group(ANY, YES), UNKNOWN), "behind a group");
    }

    /// @dev A group around what is malformed must not make it hold, nor what stands behind it be tested.
    function test_noGroupHidesAFault() public view {
        for (uint8 op = ANY; op <= NOT; ++op) {
            for (uint8 outer = ANY; outer <= NOT; ++outer) {
                bytes memory group = _group(op, UNKNOWN);
                _assertMalformed(group, "alone");
                _assertMalformed(_group(outer, group), "in another");
                _assertMalformed(_group(outer, bytes.concat(group, YES)), "before what holds");
                _assertMalformed(_group(outer, bytes.concat(group, NO)), "before what does not");
            }
        }
    }

    function test_anOperandEndsWithItsGroup() public view {
        // The group ends within the bound; behind it stands what would complete it.
        _assertMalformed(hex"200002040100", "its length is cut off");
        _assertMalformed(hex"210003040201ff", "its value is cut off");
        _assertMalformed(hex"21000521000304010040", "a group that is longer than its own");
        _assertMalformed(hex"2100022100", "a group whose length is cut off");
        _assertMalformed(hex"200004040100", "longer than what there is");
        _assertMalformed(hex"22ffff", "the longest");
        _assertMalformed(hex"20", "no length");
        _assertMalformed(hex"2000", "half a length");
    }

    function test_whatStandsBehindAGroupIsTested() public view {
        _assert(bytes.concat(_group(ANY, YES), NO), false);
        _assert(bytes.concat(_group(NOT, NO), YES), true);
        _assert(_group(ALL, bytes.concat(_group(ANY, bytes.concat(YES, NO)), YES)), true);
        _assert(_group(ALL, bytes.concat(_group(ANY, bytes.concat(YES, NO)), NO)), false);
    }

    function test_groupsNestEightDeep() public view {
        for (uint8 op = ANY; op <= NOT; ++op) {
            bytes memory nested = YES;
            bool holds = true;
            for (uint256 depth = 1; depth <= 8; ++depth) {
                nested = _group(op, nested);
                if (op == NOT) holds = !holds;
                _assert(nested, holds);
            }
            _assertMalformed(_group(op, nested), "a ninth level");
            _assertMalformed(_group(op, _group(op, nested)), "a tenth level");
            // Groups beside each other are not deeper.
            _assert(_group(ANY, bytes.concat(_eight(NO), _eight(YES))), true);
        }
        _assertMalformed(_group(ANY, bytes.concat(_group(ANY, ""), _ninth())), "an empty one at the ninth");
        _assertHolds(_group(ANY, bytes.concat(YES, _ninth())), "a ninth level that is not reached");
    }

    /// @dev Ops, lengths and numbers at random, compared with the same behind other bytes: only what is within counts.
    function testFuzz_neverReadsBehindTheEnd(uint256 seed, uint8 length) public view {
        bytes memory conditions = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, i)));
            conditions[i] = bytes1(uint8(draw % 3 == 0 ? 0x20 + (draw >> 8) % 3 : (draw >> 8) % 7));
        }
        (bool alone, Reason fault,) = _evaluate(conditions);
        (bool inside, Reason faultInside,) = _evaluate(bytes.concat(_group(ALL, conditions), YES));
        // The same at one level more, unless that is too deep.
        if (faultInside == fault) assertTrue(alone == inside, "the same answer");
        else assertEq(uint256(faultInside), uint256(Reason.MalformedProgram), "a level too many");
    }

    /// @dev In a group of eight levels, less one for that which is around it.
    function _eight(bytes memory inner) private pure returns (bytes memory nested) {
        nested = inner;
        for (uint256 depth = 1; depth < 8; ++depth) {
            nested = _group(ALL, nested);
        }
    }

    function _ninth() private pure returns (bytes memory) {
        return _group(ALL, _eight(_group(ALL, "")));
    }

    function _assert(bytes memory conditions, bool holds) private view {
        if (holds) _assertHolds(conditions, "holds");
        else _assertHoldsNot(conditions, "does not hold");
    }
}
