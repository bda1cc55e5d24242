// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Route, StagedKind} from "../../contracts/types/Types.sol";
import {
    ControlWord,
    FreezeWord,
    StagedWord,
    controlWord,
    freezeWord,
    stagedWord
} from "../../contracts/types/Words.sol";

/// @notice An account's words hold what was put into them, whatever it is.
contract SymbolicWords {
    function check_control_keepsItsParts(address program, uint32 delay, uint32 epoch, uint8 route) external pure {
        if (route > 3) return;
        ControlWord word = controlWord(program, delay, epoch, Route(route));
        assert(word.program() == program);
        assert(word.changeDelay() == delay);
        assert(word.epoch() == epoch);
        assert(word.route() == Route(route));
        assert(!word.frozen());
    }

    function check_frozen_changesNothingElse(uint256 raw, bool frozen) external pure {
        ControlWord word = ControlWord.wrap(raw);
        ControlWord next = word.withFrozen(frozen);
        assert(next.frozen() == frozen);
        assert(next.program() == word.program());
        assert(next.changeDelay() == word.changeDelay());
        assert(next.epoch() == word.epoch());
        assert(uint8(ControlWord.unwrap(next) >> 224) == uint8(raw >> 224));
    }

    function check_staged_keepsItsParts(address program, uint32 delay, uint40 madeAt, uint8 kind) external pure {
        if (kind > 2) return;
        StagedWord word = stagedWord(program, delay, madeAt, StagedKind(kind));
        assert(word.stagedProgram() == program);
        assert(word.stagedChangeDelay() == delay);
        assert(word.stagedAt() == madeAt);
        assert(word.stagedKind() == StagedKind(kind));
    }

    function check_freeze_keepsItsParts(address guardian, uint40 endsAt) external pure {
        FreezeWord word = freezeWord(guardian, endsAt);
        assert(word.guardian() == guardian);
        assert(word.endsAt() == endsAt);
    }
}
