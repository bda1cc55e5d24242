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
import {Effect} from "../../contracts/types/Image.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {VM} from "../base/Vm.sol";

/// @notice The index, asked about one effect in a call of its own, since an evaluation needs unused memory.
contract FindingHarness {
    /// @return found The rules in the order in which the index yields them, 4 bits each with 1 added, the first highest.
    function find(address program, address account, Effect calldata effect)
        external
        view
        returns (uint256 found, bool failed)
    {
        makeEvaluation();
        Evaluation memory e = evaluationAt()(EVALUATION);
        Program.open(e.image, program);
        Effect memory from = effect;
        assembly ("memory-safe") {
            mcopy(EFFECT, from, sub(CANDIDATE, EFFECT))
        }
        for (uint256 entry = Index.first(e.image, account); entry != 0; entry = Index.next()) {
            found = found << 4 | (Index.ruleOf(entry) + 1);
        }
        failed = e.image.failed();
    }
}

/// @notice For every effect, the index yields the rules whose keys fit, in rule order. Of programs so small that all
/// entries share a bucket: which bucket a key is in is one multiplication.
contract SymbolicFinding {
    using ProgramBuilder for Draft;

    address private constant ACCOUNT = address(0xACC);
    address private constant TARGET = address(0x7A26);
    bytes4 private constant SELECTOR = 0x12345678;
    address private constant WIDE = address(0xDA7A1);
    address private constant NARROW = address(0xDA7A2);
    FindingHarness private _index;

    function setUp() public {
        _index = new FindingHarness();
        Draft memory d;
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SUBJECT, address(0), SELECTOR);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL, TARGET, SELECTOR);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SUBJECT | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, TARGET, 0);
        VM.etch(WIDE, d.encode());
        Draft memory n;
        n.rule(ProgramBuilder.ALLOW, 0, "");
        n.matching(ProgramBuilder.CALL | ProgramBuilder.ACCOUNT, address(0), SELECTOR);
        n.rule(ProgramBuilder.ALLOW, 0, "");
        n.matching(ProgramBuilder.CALL, ACCOUNT, SELECTOR);
        VM.etch(NARROW, n.encode());
    }

    function check_index_yieldsWhatFitsInOrder(address subject, uint32 selector, bool hasSelector) external view {
        if (subject == ACCOUNT || subject == address(_index)) return;
        (uint256 found, bool failed) = _index.find(WIDE, ACCOUNT, _call(subject, selector, hasSelector));
        bool named = hasSelector && selector == uint32(SELECTOR);
        uint256 wanted;
        if (named) wanted = 1;
        if (named && subject == TARGET) wanted = wanted << 4 | 2;
        wanted = wanted << 4 | 3;
        if (subject == TARGET) wanted = wanted << 4 | 4;
        assert(!failed && found == wanted);
    }

    function check_index_rulesWithoutATargetNeverReachTheAccountOrTheHook(uint32 selector, bool hasSelector, bool hook)
        external
        view
    {
        address subject = hook ? address(_index) : ACCOUNT;
        (uint256 found, bool failed) = _index.find(WIDE, ACCOUNT, _call(subject, selector, hasSelector));
        assert(!failed && found == 0);
    }

    function check_index_theAccountHasAKeyOfItsOwn(address subject, uint32 selector) external view {
        (uint256 found, bool failed) = _index.find(NARROW, ACCOUNT, _call(subject, selector, true));
        // A key that spells the account out is not how the account is named.
        assert(!failed && found == (subject == ACCOUNT && selector == uint32(SELECTOR) ? 1 : 0));
    }

    function check_index_otherKindsFindNothing(uint8 kind, address subject, uint32 selector) external view {
        if (kind == ProgramBuilder.CALL || kind == 0 || kind > 5) return;
        Effect memory effect = _call(subject, selector, true);
        effect.kind = kind;
        (uint256 found, bool failed) = _index.find(WIDE, ACCOUNT, effect);
        assert(!failed && found == 0);
    }

    function _call(address subject, uint32 selector, bool hasSelector) private pure returns (Effect memory effect) {
        effect.kind = ProgramBuilder.CALL;
        effect.target = subject;
        effect.subject = subject;
        effect.hasSelector = hasSelector;
        if (hasSelector) effect.selector = selector;
    }
}
