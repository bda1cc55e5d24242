// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Conditions} from "../../contracts/libraries/Conditions.sol";
import {Program} from "../../contracts/libraries/Program.sol";
import {
    CANDIDATE,
    EFFECT,
    EVALUATION,
    Evaluation,
    evaluationAt,
    makeEvaluation
} from "../../contracts/types/Evaluation.sol";
import {Effect, Image, Kind} from "../../contracts/types/Image.sol";
import {Data, dataOf} from "../../contracts/types/Data.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Draft, ProgramBuilder} from "./ProgramBuilder.sol";
import {Test} from "./Test.sol";
import {VM} from "./Vm.sol";

/// @notice Conditions as bytes, tested against one effect: a transfer of 1000 by an action that pays for a dinner.
abstract contract ConditionsTest is Test {
    using ProgramBuilder for Draft;
    using Program for Image;

    /// @dev A Friday noon, UTC.
    uint256 internal constant START = 1_799_409_600;
    uint256 internal constant NOON = 43_200;
    address internal constant PROGRAM = address(0xDA7A);
    address internal constant ACCOUNT = address(0xACC);
    address internal constant TOKEN = address(0x70CE);
    address internal constant PAYEE = address(0xA11CE);
    address internal constant STRANGER = address(0xBAD);
    uint256 internal constant AMOUNT = 1000;
    bytes4 internal constant SELECTOR = 0xa9059cbb;
    bytes internal constant UNKNOWN = hex"00";

    address internal origin;
    address internal initiator;
    Effect internal effect;
    bytes internal data;

    function setUp() public virtual {
        VM.warp(START);
        _program(_one(PAYEE), _one(TOKEN));
        _transfer();
    }

    /// @dev The program's two lists are its announcers and its cancellers.
    function _program(address[] memory first, address[] memory second) internal {
        Draft memory d;
        d.announcers = d.list(first);
        d.cancellers = d.list(second);
        VM.etch(PROGRAM, d.encode());
    }

    /// @dev Its first list is a registry.
    function _program(address registry) internal {
        Draft memory d;
        d.announcers = d.registry(registry);
        d.cancellers = d.list(_one(TOKEN));
        VM.etch(PROGRAM, d.encode());
    }

    function _transfer() internal {
        effect.kind = Kind.TRANSFER;
        effect.target = TOKEN;
        effect.subject = TOKEN;
        effect.hasSelector = true;
        effect.selector = uint32(SELECTOR);
        effect.hasRecipient = true;
        effect.recipient = PAYEE;
        effect.hasAmount = true;
        effect.amount = AMOUNT;
        effect.hasAsset = true;
        effect.asset = TOKEN;
        data = abi.encodeWithSelector(SELECTOR, PAYEE, AMOUNT);
    }

    /// @dev An effect that only has a target.
    function _bareCall() internal {
        delete effect;
        effect.kind = Kind.CALL;
        effect.target = TOKEN;
        effect.subject = TOKEN;
        data = "";
    }

    /// @dev External, so that the action's data is calldata, and the gas can be limited.
    function evaluate(bytes calldata conditions, Effect calldata effect_, bytes calldata data_)
        external
        view
        returns (bool holds, Reason fault, address culprit)
    {
        makeEvaluation();
        Evaluation memory e = evaluationAt()(EVALUATION);
        e.account = ACCOUNT;
        e.origin = origin;
        e.initiator = initiator;
        e.image.open(PROGRAM);
        _fill(e.effect, effect_, dataOf(data_));
        uint256 cursor;
        // A word of ones behind, which nothing may take for a part of the conditions.
        bytes memory padded = bytes.concat(conditions, bytes32(type(uint256).max));
        assembly ("memory-safe") {
            cursor := add(padded, 32)
        }
        holds = Conditions.hold(e, e.effect, cursor, cursor + conditions.length);
        return (holds, e.image.fault, e.image.culprit);
    }

    /// @dev In place, where the hook has its effect too.
    function _fill(Effect memory to, Effect memory from, Data data_) private pure {
        from.data = data_;
        assembly ("memory-safe") {
            mcopy(to, from, sub(CANDIDATE, EFFECT))
        }
    }

    function _evaluate(bytes memory conditions) internal view returns (bool holds, Reason fault, address culprit) {
        return this.evaluate(conditions, effect, data);
    }

    function _assertHolds(bytes memory conditions, string memory what) internal view {
        (bool holds, Reason fault,) = _evaluate(conditions);
        assertEq(uint256(fault), uint256(Reason.Allowed), what);
        assertTrue(holds, what);
    }

    /// @dev Also asserts that what stands behind is not reached, and that the whole operand is asked for.
    function _assertHoldsNot(bytes memory conditions, string memory what) internal view {
        (bool holds, Reason fault,) = _evaluate(bytes.concat(conditions, UNKNOWN));
        assertEq(uint256(fault), uint256(Reason.Allowed), what);
        assertFalse(holds, what);
    }

    function _assertMalformed(bytes memory conditions, string memory what) internal view {
        (bool holds, Reason fault,) = _evaluate(conditions);
        assertEq(uint256(fault), uint256(Reason.MalformedProgram), what);
        assertFalse(holds, what);
    }

    function _assertFault(bytes memory conditions, Reason wanted, address who, string memory what) internal view {
        (bool holds, Reason fault, address culprit) = _evaluate(conditions);
        assertEq(uint256(fault), uint256(wanted), what);
        assertEq(culprit, who, what);
        assertFalse(holds, what);
    }

    /// @dev A condition that is cut off anywhere is malformed, whether or not it would hold.
    function _assertNeedsEveryByte(bytes memory condition) internal view {
        for (uint256 length = 1; length < condition.length; ++length) {
            _assertMalformed(_cut(condition, length), "cut off");
            bytes memory group = abi.encodePacked(ProgramBuilder.ANY, uint16(length), condition);
            _assertMalformed(group, "cut off by its group");
        }
    }

    function _cut(bytes memory whole, uint256 length) internal pure returns (bytes memory cut) {
        cut = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            cut[i] = whole[i];
        }
    }

    /// @dev Offsets of the two lists, as operands have them.
    function _first() internal view returns (uint24) {
        Image memory image;
        image.open(PROGRAM);
        return uint24(image.announcers());
    }

    function _second() internal view returns (uint24) {
        Image memory image;
        image.open(PROGRAM);
        return uint24(image.cancellers());
    }

    function _group(uint8 op, bytes memory conditions) internal pure returns (bytes memory) {
        return abi.encodePacked(op, uint16(conditions.length), conditions);
    }

    function _one(address a) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = a;
    }
}
