// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Registry} from "../../contracts/Registry.sol";
import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {ConditionsTest} from "../base/ConditionsTest.sol";
import {Misbehaving} from "../base/Misbehaving.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {VM} from "../base/Vm.sol";
import {Token} from "../tokens/Token.sol";

/// @notice Registries and static calls: what is asked may do what it likes, and only the one exact answer counts.
contract LookupsTest is ConditionsTest {
    using ProgramBuilder for Draft;

    address private constant ASKED = address(0xA5CED);
    uint24 private constant GAS = 100_000;
    /// @dev What testing one condition may cost beside the gas that the asked contract is given.
    uint256 private constant OTHER_GAS = 60_000;

    Registry private registry;

    function setUp() public override {
        super.setUp();
        registry = new Registry(address(this), 2 days);
        registry.add(_one(PAYEE));
        VM.warp(START + 2 days);
    }

    // Registries

    function test_aRegistryHasItsMembersAndNobodyElse() public {
        _program(address(registry));
        _assertHolds(_recipient(), "a member");
        _assertHolds(abi.encodePacked(hex"0e0004", _first()), "a word");
        effect.recipient = STRANGER;
        _assertHoldsNot(_recipient(), "a stranger");
        effect.recipient = PAYEE;
        registry.remove(_one(PAYEE));
        _assertHoldsNot(_recipient(), "no longer a member");
    }

    function test_everyListMayBeARegistry() public {
        _program(address(registry));
        (origin, initiator, effect.target, effect.asset) = (PAYEE, PAYEE, PAYEE, PAYEE);
        uint8[5] memory ops = [0x01, 0x02, 0x03, 0x07, 0x08];
        for (uint256 i = 0; i < ops.length; ++i) {
            _assertHolds(abi.encodePacked(ops[i], _first()), "a member");
        }
        origin = address(0);
        _assertHoldsNot(abi.encodePacked(uint8(0x01), _first()), "owners are asked for as zero");
    }

    function test_aRegistryIsAskedWithItsOwnSelector() public {
        Draft memory d;
        d.announcers = d.registry(ASKED, bytes4(keccak256("isSanctioned(address)")));
        VM.etch(PROGRAM, d.encode());
        VM.etch(ASKED, Misbehaving.returning(1, 32));
        VM.expectCall(ASKED, abi.encodeWithSignature("isSanctioned(address)", PAYEE), 1);
        _assertHolds(_recipient(), "sanctioned");
    }

    function test_onlyOneWordOfZeroOrOneIsAnAnswer() public {
        _program(ASKED);
        VM.etch(ASKED, Misbehaving.returning(1, 32));
        _assertHolds(_recipient(), "1");
        VM.etch(ASKED, Misbehaving.returning(0, 32));
        _assertHoldsNot(_recipient(), "0");

        _assertRegistryFails(Misbehaving.returning(2, 32), "2");
        _assertRegistryFails(Misbehaving.returning(type(uint256).max, 32), "all ones");
        _assertRegistryFails(Misbehaving.returning(1 << 255, 32), "the highest bit");
        uint24[6] memory lengths = [uint24(0), 2, 31, 33, 64, 4096];
        for (uint256 i = 0; i < lengths.length; ++i) {
            _assertRegistryFails(Misbehaving.returning(1, lengths[i]), "another length");
            _assertRegistryFails(Misbehaving.returning(0, lengths[i]), "another length");
        }
    }

    function test_aRegistryThatFailsIsNoAnswer() public {
        _program(ASKED);
        _assertRegistryFails("", "no code");
        _assertRegistryFails(Misbehaving.reverting(0), "reverts with no");
        _assertRegistryFails(Misbehaving.reverting(1), "reverts with yes");
        _assertRegistryFails(Misbehaving.writing(), "writes");
    }

    function test_aRegistryNeitherBurnsTheGasNorFillsTheMemory() public {
        _program(ASKED);
        bytes[4] memory codes = [
            Misbehaving.invalid(), Misbehaving.looping(), Misbehaving.bomb(150_000), Misbehaving.returning(1, 150_000)
        ];
        for (uint256 i = 0; i < codes.length; ++i) {
            uint256 before = gasleft();
            _assertRegistryFails(codes[i], "burns or bombs");
            assertLe(before - gasleft(), GAS + OTHER_GAS, "gas");
        }
    }

    function test_aRegistrysFaultEndsEverything() public {
        _program(ASKED);
        VM.etch(ASKED, Misbehaving.reverting(0));
        bytes memory asks = _recipient();
        for (uint8 op = ProgramBuilder.ANY; op <= ProgramBuilder.NOT; ++op) {
            _assertFault(_group(op, asks), Reason.RegistryFailed, ASKED, "in a group");
            bytes memory within = bytes.concat(_group(op, asks), UNKNOWN);
            _assertFault(_group(ProgramBuilder.ANY, within), Reason.RegistryFailed, ASKED, "before what is malformed");
        }
        // Of two faults the first counts.
        _assertMalformed(bytes.concat(hex"040100", UNKNOWN, asks), "malformed first");
    }

    function test_aRegistryWithMembersIsMalformed() public {
        _program(ASKED);
        VM.etch(ASKED, Misbehaving.returning(1, 32));
        bytes memory code = PROGRAM.code;
        uint256 list = _first();
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory other = bytes.concat(code);
            other[list + i] = 0x01;
            VM.etch(PROGRAM, other);
            _assertMalformed(_recipient(), "members");
        }
        for (uint256 bits = 1; bits < 255; ++bits) {
            bytes memory other = bytes.concat(code);
            other[list + 2] = bytes1(uint8(bits));
            VM.etch(PROGRAM, other);
            _assertMalformed(_recipient(), "no members");
        }
        // Cut off within its address or selector: the list that stands behind it is longer than that.
        for (uint256 length = list + 3; length < list + 27; ++length) {
            VM.etch(PROGRAM, _cut(code, length));
            _assertMalformed(_recipient(), "cut off");
        }
        VM.etch(PROGRAM, _cut(code, list + 27));
        _assertHolds(_recipient(), "whole");
    }

    // Static calls

    function test_aStaticCallIsCompared() public {
        Token token = new Token("T", "T", 6, ACCOUNT, AMOUNT);
        bytes memory asks = abi.encodeCall(token.balanceOf, (ACCOUNT));
        _assertHolds(_asks(address(token), GAS, 1, 0, ProgramBuilder.EQUAL, AMOUNT, asks), "the balance");
        _assertHoldsNot(_asks(address(token), GAS, 1, 0, ProgramBuilder.LESS, AMOUNT, asks), "less");
        _assertHolds(_asks(address(token), GAS, 1, 0, ProgramBuilder.AT_MOST, AMOUNT, asks), "at most");
        _assertHoldsNot(_asks(address(token), GAS, 1, 0, ProgramBuilder.NOT_EQUAL, AMOUNT, asks), "another");
        _assertHolds(_asks(address(token), GAS, 1, 0, ProgramBuilder.MORE, AMOUNT - 1, asks), "more");
        _assertHoldsNot(_asks(address(token), GAS, 1, 0, ProgramBuilder.AT_LEAST, AMOUNT + 1, asks), "at least");
    }

    function test_oneOfSeveralWordsIsCompared() public {
        // Each word is its own number, from 1 to 8.
        bytes memory code = "";
        for (uint8 i = 0; i < 8; ++i) {
            code = abi.encodePacked(code, hex"60", i + 1, hex"60", 32 * i, hex"52");
        }
        for (uint8 words = 1; words <= 8; ++words) {
            VM.etch(ASKED, abi.encodePacked(code, hex"61", uint16(32) * words, hex"5ff3"));
            for (uint8 index = 0; index < words; ++index) {
                _assertHolds(_asks(words, index, ProgramBuilder.EQUAL, index + 1), "its number");
                _assertHoldsNot(_asks(words, index, ProgramBuilder.EQUAL, index + 2), "another");
            }
            if (words > 1) {
                _assertFault(_asks(words - 1, 0, 0, 1), Reason.StaticCallFailed, ASKED, "a word too many");
            }
            if (words < 8) _assertFault(_asks(words + 1, 0, 0, 1), Reason.StaticCallFailed, ASKED, "a word too few");
            _assertMalformed(_asks(words, words, 0, 1), "an index behind the words");
        }
        _assertMalformed(_asks(0, 0, 0, 1), "no words");
        _assertMalformed(_asks(9, 0, 0, 1), "nine words");
        _assertMalformed(_asks(8, 255, 0, 1), "an index far behind");
    }

    function test_aStaticCallThatFailsIsNoAnswer() public {
        _assertCallFails("", "no code");
        _assertCallFails(Misbehaving.reverting(1), "reverts");
        _assertCallFails(Misbehaving.writing(), "writes");
        uint24[5] memory lengths = [uint24(0), 2, 31, 33, 64];
        for (uint256 i = 0; i < lengths.length; ++i) {
            _assertCallFails(Misbehaving.returning(1, lengths[i]), "another length");
        }
        bytes[4] memory codes = [
            Misbehaving.invalid(), Misbehaving.looping(), Misbehaving.bomb(150_000), Misbehaving.returning(1, 150_000)
        ];
        for (uint256 i = 0; i < codes.length; ++i) {
            uint256 before = gasleft();
            _assertCallFails(codes[i], "burns or bombs");
            assertLe(before - gasleft(), 5 * (GAS + OTHER_GAS), "gas");
        }
        VM.etch(ASKED, Misbehaving.returning(1, 32));
        _assertHolds(_asks(1, 0, ProgramBuilder.EQUAL, 1), "one word is");
    }

    function test_aStaticCallGetsItsOwnGasAndNoMore() public {
        bytes memory asks = hex"12345678";
        VM.etch(ASKED, Misbehaving.choosingByGas(50_000));
        _assertHolds(_asks(ASKED, 50_010, 1, 0, ProgramBuilder.EQUAL, 1, asks), "enough");
        _assertHolds(_asks(ASKED, 50_000, 1, 0, ProgramBuilder.EQUAL, 0, asks), "no more than that");
        _assertFault(_asks(ASKED, 0, 1, 0, 0, 0, asks), Reason.StaticCallFailed, ASKED, "none");
    }

    /// @dev Whoever executes chooses the gas; it must not be them who choose the answer.
    function test_nobodyChoosesAnAnswerByTheGasTheyGive() public {
        _program(ASKED);
        VM.etch(ASKED, Misbehaving.choosingByGas(GAS - 100));
        _assertNoVerdictOrThis(_recipient());
        _assertNoVerdictOrThis(_asks(ASKED, GAS, 1, 0, ProgramBuilder.EQUAL, 1, hex"12345678"));
    }

    function test_theOperandOfAStaticCallIsLookedAtBeforeItIsMade() public {
        VM.etch(ASKED, Misbehaving.reverting(0));
        _assertMalformed(_asks(1, 0, 6, 1), "no comparison");
        _assertMalformed(_asks(ASKED, GAS, 1, 0, 0, 1, hex"123456"), "no selector");
        _assertMalformed(_asks(ASKED, GAS, 1, 0, 0, 1, ""), "no calldata");
        bytes memory head = abi.encodePacked(hex"0f", ASKED, GAS, hex"010000");
        _assertMalformed(abi.encodePacked(head, hex"000412345678"), "no value");
        _assertMalformed(abi.encodePacked(head, hex"21", new bytes(33), hex"0412345678"), "a value of 33 bytes");
        _assertNeedsEveryByte(_asks(1, 0, 0, 1));
        VM.etch(ASKED, Misbehaving.returning(1, 32));
        _assertNeedsEveryByte(_asks(1, 0, 0, 1));
        // 255 bytes of calldata, the most there can be.
        bytes memory longest = abi.encodePacked(hex"12345678", new bytes(251));
        VM.expectCall(ASKED, longest, 1);
        _assertHolds(_asks(ASKED, GAS, 1, 0, 0, 1, longest), "the longest");
    }

    function _assertNoVerdictOrThis(bytes memory conditions) private view {
        uint256 answers = 0;
        for (uint256 gasGiven = 30_000; gasGiven < 250_000; gasGiven += 500) {
            try this.evaluate{gas: gasGiven}(conditions, effect, data) returns (bool holds, Reason fault, address) {
                assertTrue(holds && fault == Reason.Allowed, "the answer with all of its gas");
                ++answers;
            } catch (bytes memory why) {
                // Too little to even measure it, or what says so.
                bool known = why.length == 0 || bytes4(why) == IPolicyHook.NotEnoughGas.selector;
                assertTrue(known, "why there is no verdict");
            }
        }
        assertTrue(answers > 100, "with more gas there is one");
    }

    function _assertRegistryFails(bytes memory code, string memory what) private {
        VM.etch(ASKED, code);
        _assertFault(_recipient(), Reason.RegistryFailed, ASKED, what);
    }

    function _assertCallFails(bytes memory code, string memory what) private {
        VM.etch(ASKED, code);
        // Whatever it would be compared with.
        for (uint8 comparison = 0; comparison <= 4; ++comparison) {
            _assertFault(_asks(1, 0, comparison, 1), Reason.StaticCallFailed, ASKED, what);
        }
    }

    function _recipient() private view returns (bytes memory) {
        return abi.encodePacked(uint8(0x03), _first());
    }

    function _asks(uint8 words, uint8 index, uint8 comparison, uint256 value) private pure returns (bytes memory) {
        return _asks(ASKED, GAS, words, index, comparison, value, hex"12345678");
    }

    function _asks(
        address target,
        uint24 gasLimit,
        uint8 words,
        uint8 index,
        uint8 comparison,
        uint256 value,
        bytes memory input
    ) private pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(uint8(0x0f), target, gasLimit, words, index, comparison);
        return abi.encodePacked(head, ProgramBuilder.operand(value), uint8(input.length), input);
    }
}
