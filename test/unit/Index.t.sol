// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Index} from "../../contracts/libraries/Index.sol";
import {Program} from "../../contracts/libraries/Program.sol";
import {
    CANDIDATE,
    EFFECT,
    EVALUATION,
    Evaluation,
    evaluationAt,
    makeEvaluation
} from "../../contracts/types/Evaluation.sol";
import {Effect, Kind} from "../../contracts/types/Image.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";

/// @notice The index must yield exactly the rules whose keys fit, in rule order: compared with a walk over all.
contract IndexTest is Test {
    using ProgramBuilder for Draft;

    address private constant ACCOUNT = address(0xACC);
    address private constant PROGRAM = address(0xDA7A);

    struct Key {
        uint8 kind;
        address subject;
        bytes4 selector;
    }

    function testFuzz_yieldsTheRulesThatFitInOrder(uint256 seed) public {
        uint256 rules = 1 + seed % 40;
        Key[] memory keys = new Key[](rules);
        Draft memory d;
        for (uint256 i = 0; i < rules; ++i) {
            keys[i] = _key(uint256(keccak256(abi.encode(seed, i))));
            d.rule(ProgramBuilder.ALLOW, 0, "");
            d.matching(keys[i].kind, keys[i].subject, keys[i].selector);
        }
        VM.etch(PROGRAM, d.encode());
        Effect[] memory effects = new Effect[](30);
        for (uint256 i = 0; i < effects.length; ++i) {
            effects[i] = _effect(uint256(keccak256(abi.encode(seed, "effect", i))));
            // Often the same as the one before.
            if (i != 0 && i % 3 == 0) effects[i] = effects[i - 1];
        }
        _compare(keys, effects);
    }

    function test_neverFindsARuleWithoutATargetForTheAccountOrTheHook() public {
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(4 | ProgramBuilder.ANY_SUBJECT | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        d.matching(4 | ProgramBuilder.ANY_SUBJECT, address(0), bytes4(uint32(1)));
        VM.etch(PROGRAM, d.encode());
        Effect memory effect;
        effect.kind = Kind.CALL;
        effect.hasSelector = true;
        effect.selector = 1;
        effect.subject = ACCOUNT;
        assertEq(_count(effect), 0, "the account");
        effect.subject = address(this);
        assertEq(_count(effect), 0, "the hook");
        effect.subject = address(0xB0B);
        assertTrue(_count(effect) != 0, "anybody else");
    }

    function _compare(Key[] memory keys, Effect[] memory effects) private view {
        uint256[][] memory found = this.find(effects);
        for (uint256 j = 0; j < effects.length; ++j) {
            uint256 count = 0;
            for (uint256 i = 0; i < keys.length; ++i) {
                if (_fits(keys[i], effects[j])) assertEq(found[j][count++], i, "the next rule that fits");
            }
            assertEq(found[j].length, count, "no more");
        }
    }

    /// @dev The rules that the index yields for each effect. External, since an evaluation needs unused memory.
    function find(Effect[] calldata effects) external view returns (uint256[][] memory found) {
        makeEvaluation();
        Evaluation memory e = evaluationAt()(EVALUATION);
        Program.open(e.image, PROGRAM);
        found = new uint256[][](effects.length);
        for (uint256 j = 0; j < effects.length; ++j) {
            Effect memory from = effects[j];
            assembly ("memory-safe") {
                mcopy(EFFECT, from, sub(CANDIDATE, EFFECT))
            }
            uint256[] memory rules = new uint256[](50);
            uint256 count = 0;
            for (uint256 entry = Index.first(e.image, ACCOUNT); entry != 0; entry = Index.next()) {
                rules[count++] = Index.ruleOf(entry);
            }
            assembly ("memory-safe") {
                mstore(rules, count)
            }
            found[j] = rules;
            assertFalse(e.image.failed(), "well formed");
        }
    }

    function _fits(Key memory key, Effect memory effect) private view returns (bool) {
        if (key.kind & 0x0f != effect.kind) return false;
        bool anySubject = key.kind & ProgramBuilder.ANY_SUBJECT != 0;
        bool anySelector = key.kind & ProgramBuilder.ANY_SELECTOR != 0;
        if (!anySelector && (!effect.hasSelector || uint32(key.selector) != effect.selector)) return false;
        if (anySubject) return effect.subject != ACCOUNT && effect.subject != address(this);
        if (key.kind & ProgramBuilder.ACCOUNT != 0) return effect.subject == ACCOUNT;
        // A key that spells the account out is not how the account is named.
        return effect.subject != ACCOUNT && effect.subject == key.subject;
    }

    function _key(uint256 draw) private view returns (Key memory key) {
        key.kind = uint8(1 + draw % 5);
        uint256 subject = (draw >> 8) % 5;
        if (subject == 0) key.kind |= ProgramBuilder.ANY_SUBJECT;
        else if (subject == 1) key.kind |= ProgramBuilder.ACCOUNT;
        else key.subject = _subject(draw >> 16);
        if ((draw >> 32) % 3 == 0) key.kind |= ProgramBuilder.ANY_SELECTOR;
        else key.selector = bytes4(uint32((draw >> 40) % 3));
    }

    function _effect(uint256 draw) private view returns (Effect memory effect) {
        effect.kind = 1 + draw % 5;
        effect.subject = _subject(draw >> 8);
        effect.hasSelector = (draw >> 32) % 4 != 0;
        if (effect.hasSelector) effect.selector = uint32((draw >> 40) % 3);
    }

    function _subject(uint256 draw) private view returns (address) {
        uint256 i = draw % 6;
        return i == 0 ? ACCOUNT : i == 1 ? address(this) : address(uint160(0xB000 + i));
    }

    /// @dev How many rules there are.
    function _count(Effect memory effect) private view returns (uint256) {
        Effect[] memory effects = new Effect[](1);
        effects[0] = effect;
        return this.find(effects)[0].length;
    }
}
