// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Kind} from "../../contracts/types/Image.sol";
import {ConditionsTest} from "../base/ConditionsTest.sol";
import {ProgramBuilder} from "../base/ProgramBuilder.sol";
import {VM} from "../base/Vm.sol";

/// @notice Every condition that asks nobody, on both sides of what it compares.
contract ConditionsUnitTest is ConditionsTest {
    function test_anUnknownOpIsMalformed() public view {
        uint256[5] memory gaps = [uint256(0), 0x12, 0x1f, 0x23, 0xff];
        for (uint256 i = 0; i < gaps.length; ++i) {
            _assertMalformed(abi.encodePacked(uint8(gaps[i]), new bytes(64)), "unknown");
        }
    }

    function test_noConditionsHold() public view {
        _assertHolds("", "none");
    }

    function test_membersAreInTheirListAndNobodyElse() public {
        for (uint8 op = 1; op <= 3; ++op) {
            (origin, initiator, effect.recipient) = (STRANGER, STRANGER, STRANGER);
            _assertHoldsNot(abi.encodePacked(op, _first()), "a stranger");
            if (op == 1) origin = PAYEE;
            if (op == 2) initiator = PAYEE;
            if (op == 3) effect.recipient = PAYEE;
            _assertHolds(abi.encodePacked(op, _first()), "a member");
            _assertNeedsEveryByte(abi.encodePacked(op, _first()));
            _assertMalformed(abi.encodePacked(op, uint24(PROGRAM.code.length)), "a list behind the program");
        }
    }

    function test_whatTheEffectDoesNotHaveIsInNoList() public {
        _program(_one(address(0)), _one(TOKEN));
        effect.recipient = address(0);
        effect.asset = address(0);
        _assertHolds(abi.encodePacked(uint8(0x03), _first()), "recipient zero");
        _assertHolds(abi.encodePacked(uint8(0x08), _first()), "native");
        (effect.hasRecipient, effect.hasAsset) = (false, false);
        _assertHoldsNot(abi.encodePacked(uint8(0x03), _first()), "no recipient");
        _assertHoldsNot(abi.encodePacked(uint8(0x08), _first()), "no asset");
        // The list is not read then.
        _assertHoldsNot(hex"03ffffff", "no list for no recipient");
        _assertHoldsNot(hex"08ffffff", "no list for no asset");
        _assertHolds(_group(ProgramBuilder.NOT, abi.encodePacked(uint8(0x03), _first())), "not");
    }

    function test_amountsCompareWithTheirBounds() public {
        _assertHolds(hex"040203e8", "at least 1000");
        _assertHoldsNot(hex"040203e9", "at least 1001");
        _assertHolds(hex"050203e8", "at most 1000");
        _assertHoldsNot(hex"050203e7", "at most 999");
        _assertHolds(hex"0408000000000000000104010005080000000000000400", "bounds of any length");
    }

    function test_anAmountThatIsNotThereComparesWithNothing() public {
        effect.hasAmount = false;
        effect.amount = 0;
        _assertHoldsNot(hex"040100", "at least 0");
        _assertHoldsNot(abi.encodePacked(hex"0520", type(uint256).max), "at most anything");
        _assertMalformed(hex"0400", "no length");
    }

    function test_aBoundHasOneToThirtyTwoBytes() public {
        for (uint8 op = 4; op <= 5; ++op) {
            effect.amount = type(uint256).max;
            _assertMalformed(abi.encodePacked(op, uint8(0)), "none");
            _assertMalformed(abi.encodePacked(op, uint8(33), new bytes(33)), "33");
            _assertHolds(abi.encodePacked(op, uint8(32), type(uint256).max), "32");
            _assertNeedsEveryByte(abi.encodePacked(op, uint8(32), type(uint256).max));
        }
    }

    function test_aRecipientIsAContractWhenItHasCode() public {
        _assertHoldsNot(hex"06", "no account");
        VM.deal(PAYEE, 1);
        _assertHoldsNot(hex"06", "no code");
        VM.etch(PAYEE, hex"00");
        _assertHolds(hex"06", "code");
        effect.hasRecipient = false;
        effect.recipient = PAYEE;
        _assertHoldsNot(hex"06", "no recipient");
    }

    function test_theTargetIsTheActionsAndNotTheSubject() public {
        bytes memory condition = abi.encodePacked(uint8(0x07), _second());
        _assertHolds(condition, "the target");
        (effect.target, effect.subject) = (STRANGER, TOKEN);
        _assertHoldsNot(condition, "another target");
        _assertNeedsEveryByte(condition);
        _assertMalformed(hex"07ffffff", "a list behind the program");
    }

    function test_theAssetIsInItsList() public {
        bytes memory condition = abi.encodePacked(uint8(0x08), _second());
        _assertHolds(condition, "the asset");
        effect.asset = STRANGER;
        _assertHoldsNot(condition, "another asset");
        _assertNeedsEveryByte(condition);
        effect.hasAsset = false;
        _assertNeedsEveryByte(condition);
    }

    function test_theSelectorIsOneOfThese() public {
        _assertHolds(hex"0901a9059cbb", "alone");
        _assertHolds(hex"0902095ea7b3a9059cbb", "the last");
        _assertHoldsNot(hex"0902095ea7b3a9059cbc", "none of them");
        _assertHoldsNot(hex"0900", "of none");
        _assertNeedsEveryByte(hex"0902a9059cbb095ea7b3");
        effect.selector = 0;
        _assertHolds(hex"090100000000", "four zero bytes");
        effect.hasSelector = false;
        _assertHoldsNot(hex"090100000000", "no selector");
        bytes memory most = abi.encodePacked(hex"09ff", new bytes(4 * 254), SELECTOR);
        _transfer();
        _assertHolds(most, "255 of them");
        _assertNeedsEveryByte(hex"0901a9059cbb");
    }

    function test_theKindIsOneOfThese() public {
        for (uint256 kind = Kind.NATIVE; kind <= Kind.OPAQUE; ++kind) {
            effect.kind = kind;
            _assertHolds(abi.encodePacked(uint8(0x0a), uint8(1 << kind)), "alone");
            _assertHolds(hex"0aff", "all");
            _assertHoldsNot(abi.encodePacked(uint8(0x0a), ~uint8(1 << kind)), "all the others");
        }
        _assertHoldsNot(hex"0a00", "none");
        _assertNeedsEveryByte(hex"0aff");
    }

    function testFuzz_theTimeIsInTheSpan(uint24 from, uint24 to, uint32 later) public {
        (from, to) = (from % 86_401, to % 86_401);
        VM.warp(START + later);
        uint256 time = block.timestamp % 86_400;
        bool inside = from < to ? time >= from && time < to : time >= from || time < to;
        bytes memory condition = abi.encodePacked(uint8(0x0b), from, to);
        if (inside) _assertHolds(condition, "inside");
        else _assertHoldsNot(condition, "outside");
    }

    function test_aSpanStartsInAndEndsBeforeItsEnds() public {
        _assertHolds(_span(NOON, NOON + 1), "its only second");
        _assertHoldsNot(_span(NOON + 1, NOON + 2), "a second later");
        _assertHoldsNot(_span(NOON - 1, NOON), "its end");
        _assertHolds(_span(0, 86_400), "all day");
        _assertHolds(_span(NOON, NOON), "all day, from noon");
        // Past midnight.
        _assertHoldsNot(_span(NOON + 1, NOON), "all but this second");
        _assertHolds(_span(NOON + 1, NOON + 1), "all day");
        _assertHoldsNot(_span(72_000, 21_600), "night");
        _assertHoldsNot(_span(86_400, NOON), "the morning");
        VM.warp(START + 43_199);
        _assertHolds(_span(72_000, 21_600), "the last second of the day");
        _assertHoldsNot(_span(86_400, 0), "never");
        VM.warp(START + 43_200);
        _assertHolds(_span(72_000, 21_600), "midnight");
        _assertHolds(_span(86_400, 1), "the first second");
        _assertMalformed(_span(86_401, 1), "from");
        _assertMalformed(_span(1, 86_401), "to");
        _assertNeedsEveryByte(_span(1, 2));
    }

    function test_weekdaysBeginWithMonday() public {
        // From a Friday on, through two weekends.
        for (uint256 day = 0; day < 10; ++day) {
            uint8 bit = uint8(1 << ((4 + day) % 7));
            VM.warp(START - NOON + 1 days * day);
            _assertHolds(abi.encodePacked(uint8(0x0c), bit), "its first second");
            _assertHolds(hex"0c7f", "any day");
            if (bit != 127) _assertHoldsNot(abi.encodePacked(uint8(0x0c), uint8(127 ^ bit)), "the other six");
            VM.warp(START + NOON - 1 + 1 days * day);
            _assertHolds(abi.encodePacked(uint8(0x0c), bit), "its last second");
        }
        _assertMalformed(hex"0c00", "no day");
        _assertMalformed(hex"0c80", "an eighth day");
        _assertMalformed(hex"0cff", "an eighth day beside the others");
        _assertNeedsEveryByte(hex"0c7f");
    }

    function test_aWordComparesInSixWays() public view {
        // The amount is the second argument.
        for (uint8 comparison = 0; comparison <= 5; ++comparison) {
            for (uint256 value = AMOUNT - 1; value <= AMOUNT + 1; ++value) {
                bytes memory condition =
                    abi.encodePacked(uint8(0x0d), uint16(36), comparison, uint8(0), ProgramBuilder.operand(value));
                if (_compares(comparison, AMOUNT, value)) _assertHolds(condition, "a word");
                else _assertHoldsNot(condition, "a word");
            }
        }
        for (uint256 comparison = 6; comparison <= 255; ++comparison) {
            _assertMalformed(abi.encodePacked(hex"0d0024", uint8(comparison), hex"000103"), "no comparison");
        }
    }

    function test_aWordIsUnsigned() public {
        data = abi.encodePacked(SELECTOR, type(uint256).max);
        _assertHolds(hex"0d0004040001ff", "more than 255");
        _assertHoldsNot(hex"0d000402000100", "less than zero");
        _assertHolds(abi.encodePacked(hex"0d00040000", uint8(32), type(uint256).max), "all ones");
    }

    function test_aMaskTakesTheBitsThatAreCompared() public view {
        // 1000 is 0x03e8.
        _assertHolds(hex"0d00240001ff01e8", "the last byte");
        _assertHoldsNot(hex"0d00240001ff0203e8", "what the mask takes away");
        _assertHolds(hex"0d00240001000100", "a mask of zeros");
        _assertHolds(abi.encodePacked(hex"0d00240020", type(uint256).max, hex"0203e8"), "a mask of 32 bytes");
        _assertMalformed(abi.encodePacked(hex"0d00240021", new bytes(33), hex"0203e8"), "a mask of 33 bytes");
        _assertMalformed(hex"0d0024000000", "no value");
        _assertMalformed(abi.encodePacked(hex"0d0024000021", new bytes(33)), "a value of 33 bytes");
        _assertNeedsEveryByte(hex"0d00240002ffff0203e8");
        _assertNeedsEveryByte(abi.encodePacked(hex"0d0024000020", uint256(1)));
    }

    function test_beyondItsEndCalldataIsZero() public {
        data = hex"a9059cbb01";
        _assertHolds(abi.encodePacked(hex"0d0004000020", bytes32(hex"01")), "the byte that is left is the highest");
        _assertHolds(hex"0d000500000100", "its end");
        _assertHolds(hex"0dffff00000100", "far beyond");
        data = "";
        _assertHolds(hex"0d000000000100", "no calldata");
        _assertHoldsNot(hex"0d000004000100", "not more than zero");
    }

    function test_aWordIsAnAddressInTheList() public {
        bytes memory condition = abi.encodePacked(hex"0e0004", _first());
        _assertHolds(condition, "the payee");
        data = abi.encodeWithSelector(SELECTOR, STRANGER);
        _assertHoldsNot(condition, "a stranger");
        data = abi.encodeWithSelector(SELECTOR, uint256(uint160(PAYEE)) | 1 << 160);
        _assertHoldsNot(condition, "a dirty word");
        _assertHoldsNot(hex"0e0004ffffff", "whose list is not read");
        _assertNeedsEveryByte(condition);
        data = abi.encodeWithSelector(SELECTOR, PAYEE);
        _assertMalformed(hex"0e0004ffffff", "a list behind the program");
        _assertNeedsEveryByte(condition);
        _program(_one(address(0)), _one(TOKEN));
        _assertHolds(abi.encodePacked(hex"0effff", _first()), "zero, beyond calldata");
    }

    function _span(uint256 from, uint256 to) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(0x0b), uint24(from), uint24(to));
    }

    function _compares(uint8 comparison, uint256 left, uint256 right) private pure returns (bool) {
        if (comparison == ProgramBuilder.EQUAL) return left == right;
        if (comparison == ProgramBuilder.NOT_EQUAL) return left != right;
        if (comparison == ProgramBuilder.LESS) return left < right;
        if (comparison == ProgramBuilder.AT_MOST) return left <= right;
        if (comparison == ProgramBuilder.MORE) return left > right;
        return left >= right;
    }
}
