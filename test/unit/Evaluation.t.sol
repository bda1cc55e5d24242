// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Data} from "../../contracts/types/Data.sol";
import {Evaluation, evaluations} from "../../contracts/types/Evaluation.sol";
import {Test} from "../base/Test.sol";

contract EvaluationTest is Test {
    /// @dev abi.encode follows every pointer and takes every field, so any that is off shows.
    function testFuzz_anEmptyEvaluationIsWhatTheCompilerMakesOne(bytes32 dirt) public pure {
        _soil(dirt);
        Evaluation memory own = evaluations()();
        uint256 behind;
        assembly ("memory-safe") {
            behind := mload(0x40)
        }
        Evaluation memory compilers;
        assertEq(abi.encode(own), abi.encode(compilers), "all zero");
        assertEq(behind - _pointerOf(own), 0xba0, "allocated");
    }

    function test_noFieldOfAnEvaluationLiesInAnother() public pure {
        Evaluation memory own = evaluations()();
        _fill(own);
        Evaluation memory compilers;
        _fill(compilers);
        assertEq(abi.encode(own), abi.encode(compilers), "every field for itself");
    }

    /// @dev The last and the first field of each struct.
    function _fill(Evaluation memory e) private pure {
        e.account = address(1);
        e.markers = 2;
        (e.image.source, e.image.multiplier) = (address(3), 4);
        (e.verdict.effect, e.verdict.need) = (5, 6);
        (e.joined, e.met, e.slots) = ("a", "b", "c");
        (e.words, e.baseGasAt, e.digest, e.firstSlot) = (Data.wrap(14), 15, bytes32(uint256(16)), 17);
        (e.effect.kind, e.effect.asset) = (8, address(9));
        (e.candidate.index, e.candidate.next) = (10, 11);
        (e.runs[0], e.runs[16]) = (12, 13);
    }

    /// @dev Memory is not zero where something was written before it was free.
    function _soil(bytes32 dirt) private pure {
        assembly ("memory-safe") {
            let free := mload(0x40)
            for { let i := 0 } lt(i, 0x2000) { i := add(i, 32) } { mstore(add(free, i), dirt) }
        }
    }

    function _pointerOf(Evaluation memory e) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := e
        }
    }
}
