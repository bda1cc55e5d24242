// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Message, MessageTest, Signing} from "../base/MessageTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

/// @notice A message table that is not well formed where it is read signs nothing.
contract MessageTableTest is MessageTest {
    using ProgramBuilder for Draft;
    using Signing for Message;

    /// @dev In the header.
    uint256 private constant OFFSET = 28;
    uint256 private constant COUNT = 31;
    uint256 private constant RECORD = 72;
    /// @dev In a record.
    uint256 private constant OUTCOME = 64;
    uint256 private constant SIGNATURES = 65;
    uint256 private constant SIGNERS = 69;

    function table_whatIsNotWellFormedSignsNothing(Edition edition) public {
        _prepare(edition);
        Draft memory d = _noMessages();
        d.message(exchange.domainSeparator(), exchange.PERMIT(), 0);
        d.message(exchange.domainSeparator(), exchange.ORDER(), ProgramBuilder.ALLOW);
        d.message(0, 0, ProgramBuilder.ALLOW, 3, d.list(owners), 1);
        bytes memory sound = d.encode();
        program = _deployCode(sound);
        _install(program, CHANGE_DELAY);
        uint256 first = sound.length - 3 * RECORD;
        uint256 second = first + RECORD;
        Message memory order = _order(AMOUNT, 1 ether);
        Message memory permit = _permit(stranger, AMOUNT);

        // A table without a count, a count without a table, and a table that ends behind the code.
        _spoils(_changed(sound, COUNT, 0), order);
        _spoils(_changed(_changed(_changed(sound, OFFSET, 0), OFFSET + 1, 0), OFFSET + 2, 0), order);
        _spoils(_changed(sound, OFFSET, 0xff), order);
        _spoils(_cut(sound, first + RECORD + RECORD - 1), order);
        // Bits that mean nothing, and zeros that are none.
        _spoils(_changed(sound, second + OUTCOME, 5), order);
        _spoils(_changed(sound, second + 70, 1), order);
        _spoils(_changed(sound, second + 71, 1), order);
        // A list without a number, and a number without a list.
        _spoils(_changed(sound, second + SIGNERS, 1), order);
        _spoils(_changed(sound, second + 68, 1), order);
        // What denies asks for nothing.
        _spoils(_changed(sound, first + SIGNATURES, 1), permit);
        _spoils(_changed(sound, first + OUTCOME, 2), permit);

        // What is not read spoils nothing: it stands behind the record that decides.
        VM.etch(program, _changed(sound, second + RECORD + OUTCOME, 0xff));
        _validates(order, _signed(order), 1);
        VM.etch(program, _cut(sound, sound.length - 1));
        _validates(order, _signed(order), 1);
        _refuses(permit, _signed(permit), Reason.MessageDenied, 0);
    }

    function _spoils(bytes memory code, Message memory m) private {
        VM.etch(program, code);
        _refuses(m, _signed(m), Reason.MalformedProgram, NONE);
    }

    function _changed(bytes memory code, uint256 at_, uint8 value) private pure returns (bytes memory changed) {
        changed = bytes.concat(code);
        changed[at_] = bytes1(value);
    }

    function _cut(bytes memory code, uint256 length) private pure returns (bytes memory shorter) {
        shorter = bytes.concat(code);
        assembly ("memory-safe") {
            mstore(shorter, length)
        }
    }
}
