// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Data} from "../../contracts/types/Data.sol";
import {
    BEHIND_EVALUATION,
    EVALUATION,
    Evaluation,
    evaluationAt,
    makeEvaluation
} from "../../contracts/types/Evaluation.sol";
import {Test} from "../base/Test.sol";

contract EvaluationTest is Test {
    /// @dev abi.encode follows every pointer and takes every field, so any that is off shows.
    function test_anEmptyEvaluationIsWhatTheCompilerMakesOne() public pure {
        makeEvaluation();
        Evaluation memory own = evaluationAt()(EVALUATION);
        uint256 behind;
        uint256 start;
        assembly ("memory-safe") {
            behind := mload(0x40)
            start := own
        }
        Evaluation memory compilers;
        assertEq(abi.encode(own), abi.encode(compilers), "all zero");
        assertEq(start, EVALUATION, "where it stands");
        assertEq(behind, BEHIND_EVALUATION, "allocated");
    }

    function test_noFieldOfAnEvaluationLiesInAnother() public pure {
        makeEvaluation();
        Evaluation memory own = evaluationAt()(EVALUATION);
        _fill(own);
        Evaluation memory compilers;
        _fill(compilers);
        assertEq(abi.encode(own), abi.encode(compilers), "every field for itself");
    }

    /// @dev Both would be written to.
    function test_neverMakesAnEvaluationWhereMemoryIsUsed() public {
        (bool ok,) = address(this).call{gas: 100_000}(abi.encodeCall(this.second, ()));
        assertFalse(ok, "refused");
    }

    function second() external pure returns (uint256) {
        bytes memory used = new bytes(300);
        makeEvaluation();
        Evaluation memory own = evaluationAt()(EVALUATION);
        return own.effects + used.length;
    }

    /// @dev The last and the first field of each struct.
    function _fill(Evaluation memory e) private pure {
        e.account = address(1);
        e.markers = 2;
        (e.image.source, e.image.standard) = (address(3), 4);
        (e.leaf.to, e.leaf.operation) = (address(5), 6);
        (e.joined, e.met, e.slots) = ("a", "b", "c");
        (e.words, e.baseGasAt, e.digest, e.firstSlot) = (Data.wrap(14), 15, bytes32(uint256(16)), 17);
        (e.effect.kind, e.effect.asset) = (8, address(9));
        (e.candidate.entry, e.candidate.next) = (10, 11);
        (e.runs[0], e.runs[6]) = (12, 13);
        (e.trusted, e.callsItself, e.metered) = (18, true, 19);
    }
}
