// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Binding} from "../types/Obligation.sol";
import {Calldata} from "./Calldata.sol";
import {State} from "./State.sol";

/// @notice An attestation of a module request, as it is kept once it is verified.
struct Attestation {
    // The last second at which it counts; 0 where none is kept.
    uint256 deadline;
    uint256 statementLength;
    bytes32 effects;
    bytes32 proposal;
}

/// @notice Attestations that were posted, `docs/program.md` §8.10. Words, from a hashed slot on:
///
///     0 | zero (176) | deadline (64) | statement length (16) |
///     1 | effects |
///     2 | proposal |
///     3 | statement, to its end, zero behind it |
library Kept {
    using Calldata for bytes;

    uint256 private constant ATTESTATION = 6;
    uint256 private constant STATEMENT = 3;

    function read(Binding memory b, uint256 set) internal view returns (Attestation memory a) {
        uint256 base = _slot(b, set);
        uint256 word = State.read(base);
        (a.deadline, a.statementLength) = (word >> 16, uint16(word));
        (a.effects, a.proposal) = (bytes32(State.read(base + 1)), bytes32(State.read(base + 2)));
    }

    function write(Binding memory b, uint256 set, Attestation memory a, bytes calldata statement) internal {
        uint256 base = _slot(b, set);
        State.write(base, a.deadline << 16 | statement.length);
        State.write(base + 1, uint256(a.effects));
        State.write(base + 2, uint256(a.proposal));
        for (uint256 i = 0; i < statement.length; i += 32) {
            State.write(base + STATEMENT + i / 32, statement.word(i));
        }
    }

    function _slot(Binding memory b, uint256 set) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(b.account, b.epoch, b.version, b.request, set, ATTESTATION)));
    }
}
