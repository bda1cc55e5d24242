// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {PolicyHook} from "../../contracts/PolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request, Verdict} from "../../contracts/types/Types.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";

/// @notice Programs that are cut, stretched or damaged: they may deny what the whole one allows, never the reverse,
/// and never fail in any other way than by a verdict.
contract MalformedTest is Test {
    using ProgramBuilder for Draft;

    address private constant ACCOUNT = address(0xACC);
    address private constant TOKEN = address(0x70CE);
    address private constant PROGRAM = address(0xDA7A);
    uint256 private constant MEMBERS = 40;

    IPolicyHook private hook;
    bytes private small;
    bytes private large;

    function setUp() public {
        hook = IPolicyHook(address(new PolicyHook()));
        VM.warp(1_790_000_000);
        VM.store(address(hook), bytes32(uint256(uint160(ACCOUNT)) << 96), bytes32(uint256(uint160(PROGRAM))));
        small = _program(0);
        // Above what is copied whole, so that everything is read piece by piece.
        large = _program(120);
        assertTrue(large.length > 4096, "large is large");
    }

    function test_theWholeProgramAllows() public {
        _assertAllowed(small);
        _assertAllowed(large);
    }

    function test_aCutProgramNeverAllowsWhatNeedsItsLastBytes() public {
        for (uint256 length = 0; length < small.length; ++length) {
            _assertMalformed(_cut(small, length));
        }
    }

    function test_aCutLargeProgramNeverAllowsWhatNeedsItsLastBytes() public {
        // The last 300 bytes hold part of the list; before them, every 13th length stands for its neighbours.
        for (uint256 length = 0; length < large.length; length += length + 300 < large.length ? 13 : 1) {
            _assertMalformed(_cut(large, length));
        }
    }

    function test_theHeaderIsCheckedByteByByte() public {
        _assertMalformed(_with(small, 0, 0x01));
        _assertMalformed(_with(small, 1, 0x02));
        _assertMalformed(_with(small, 2, 0x03));
        _assertMalformed(_with(small, 3, 16));
        _assertMalformed(_with(small, 8, 33));
    }

    function test_unreadGarbageChangesNothing() public {
        _assertAllowed(bytes.concat(small, hex"deadbeef"));
        // The attester table, the guardians and what is spare; nobody asks for either here.
        for (uint256 i = 22; i < 32; ++i) {
            _assertAllowed(_with(small, i, 0xff));
        }
    }

    function test_moreAttesterSetsThanThereCanBe() public {
        _assertAllowed(_with(small, 21, 16));
        _assertMalformed(_with(small, 21, 17));
    }

    function testFuzz_aDamagedProgramStillGivesAVerdict(uint256 seed) public {
        bytes memory code = bytes.concat(seed % 2 == 0 ? small : large);
        for (uint256 i = 0; i < 1 + seed % 5; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, i)));
            // Mostly where damage is read: in front.
            uint256 position = draw % (draw >> 255 == 0 ? 400 : code.length);
            code[position] = bytes1(uint8(draw >> 128));
        }
        VM.etch(PROGRAM, code);
        // Damage can say anything, also that all is allowed; but it must be said by a verdict, within the gas that
        // an honest program of this size could take.
        uint256 gasBefore = gasleft();
        Verdict memory verdict = hook.check(ACCOUNT, _pay(TOKEN, _member(0), 1));
        assertLe(gasBefore - gasleft(), 1_000_000, "gas");
        assertTrue(verdict.reason == Reason.Allowed || verdict.effect == 0, "the only effect decides");
    }

    function testFuzz_bytesThatAreNoProgramNeverAllow(bytes calldata code) public {
        VM.etch(PROGRAM, bytes.concat(hex"01", code));
        _assertDeniedAsMalformed();
    }

    function _program(uint256 fillers) private pure returns (bytes memory) {
        Draft memory d;
        d.expiry = 1 days;
        d.declare(TOKEN);
        d.limit("day", TOKEN, 1_000_000, ProgramBuilder.DAY, true, 0);
        for (uint256 i = 0; i < fillers; ++i) {
            d.rule(ProgramBuilder.ALLOW, 0, "");
            d.matching(ProgramBuilder.CALL, address(uint160(0x1000 + i)), bytes4(uint32(i + 1)));
        }
        d.rule(ProgramBuilder.ALLOW, 0, hex"00");
        d.atMost(1000);
        d.where(ProgramBuilder.RECIPIENT, _members());
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, TOKEN, 0);
        return d.encode();
    }

    function _members() private pure returns (address[] memory members) {
        members = new address[](MEMBERS);
        for (uint256 i = 0; i < MEMBERS; ++i) {
            members[i] = _member(i);
        }
    }

    function _member(uint256 i) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("member", i)))));
    }

    function _pay(address token, address to, uint256 amount) private pure returns (Request memory request) {
        request.actions = new Action[](1);
        request.actions[0] = Action(token, 0, abi.encodeWithSelector(0xa9059cbb, to, amount), 0);
    }

    function _assertAllowed(bytes memory code) private {
        VM.etch(PROGRAM, code);
        for (uint256 i = 0; i < MEMBERS; ++i) {
            Verdict memory verdict = hook.check(ACCOUNT, _pay(TOKEN, _member(i), 1000));
            assertEq(uint256(verdict.reason), uint256(Reason.Allowed), "a member is paid");
        }
        Verdict memory stranger = hook.check(ACCOUNT, _pay(TOKEN, ACCOUNT, 1));
        assertEq(uint256(stranger.reason), uint256(Reason.NoRule), "a stranger is not");
    }

    /// @dev Some member's entry lies behind the cut, so it is enough that not every member is paid; whoever is not
    /// must be denied for the right reason.
    function _assertMalformed(bytes memory code) private {
        VM.etch(PROGRAM, code);
        bool malformed = false;
        for (uint256 i = 0; i < MEMBERS; ++i) {
            Reason reason = hook.check(ACCOUNT, _pay(TOKEN, _member(i), 1000)).reason;
            if (reason == Reason.MalformedProgram) {
                malformed = true;
                break;
            }
            assertEq(uint256(reason), uint256(Reason.Allowed), "another reason");
        }
        assertTrue(malformed, "somebody is denied");
    }

    function _assertDeniedAsMalformed() private view {
        Reason reason = hook.check(ACCOUNT, _pay(TOKEN, _member(0), 1)).reason;
        assertEq(uint256(reason), uint256(Reason.MalformedProgram), "reason");
    }

    function _cut(bytes memory code, uint256 length) private pure returns (bytes memory cut) {
        cut = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            cut[i] = code[i];
        }
    }

    function _with(bytes memory code, uint256 position, uint8 value) private pure returns (bytes memory other) {
        other = bytes.concat(code);
        other[position] = bytes1(value);
    }
}
