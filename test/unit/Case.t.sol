// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Asked, Case, Obligation, SIZE_OF_ASKED, askedAt, caseAt, newCase} from "../../contracts/types/Obligation.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Verdict} from "../../contracts/types/Types.sol";
import {Test} from "../base/Test.sol";

contract CaseTest is Test {
    /// @dev abi.encode follows every pointer and takes every field, so any that is off shows.
    function test_aCaseOfWhatIsAskedIsWhatTheCompilerMakesOne() public view {
        Case memory compilers;
        assertEq(this.encoded(new bytes(SIZE_OF_ASKED), false), abi.encode(compilers), "all zero");
        compilers.asked = _asked();
        assertEq(this.encoded(abi.encode(_asked()), false), abi.encode(compilers), "and what is asked");
        _fill(compilers);
        assertEq(this.encoded(abi.encode(_asked()), true), abi.encode(compilers), "every field for itself");
    }

    function test_whatIsAskedLiesInMemoryAsItIsEncoded() public pure {
        bytes memory words = abi.encode(_asked());
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := add(words, 0x20)
        }
        Asked memory same = askedAt()(pointer);
        assertEq(words.length, SIZE_OF_ASKED, "its size");
        assertEq(abi.encode(same), words, "its words");
    }

    /// @dev Memory that is used before and after shows whether a case keeps to its own.
    function encoded(bytes calldata asked, bool filled) external pure returns (bytes memory) {
        bytes memory before = new bytes(96);
        assembly ("memory-safe") {
            // Not zero where the case will stand.
            mstore(mload(0x40), not(0))
            mstore(add(mload(0x40), 0x740), not(0))
        }
        Case memory c = caseAt()(newCase(asked));
        bytes memory behind = new bytes(96);
        if (filled) _fill(c);
        assertEq(keccak256(bytes.concat(before, behind)), keccak256(new bytes(192)), "nothing else was written to");
        return abi.encode(c);
    }

    function _asked() private pure returns (Asked memory a) {
        (a.to, a.value, a.dataHash, a.operation) = (address(1), 2, bytes32(uint256(3)), 4);
        (a.safeTxGas, a.baseGas, a.gasPrice) = (5, 6, 7);
        (a.gasToken, a.refundReceiver, a.nonce) = (address(8), address(9), 10);
        (a.account, a.program, a.initiator, a.epoch) = (address(11), address(12), address(13), 14);
        (a.owners, a.executing, a.effects, a.digest) = (true, true, 15, bytes32(uint256(16)));
        (a.module, a.content) = (address(17), bytes32(uint256(18)));
    }

    /// @dev The last and the first field of each struct.
    function _fill(Case memory c) private pure {
        (c.image.source, c.image.standard) = (address(1), 2);
        c.obligations = new Obligation[](1);
        c.obligations[0] = Obligation(3, 4, 5, 6, 7, 8);
        (c.binding.separator, c.binding.epoch) = (bytes32(uint256(9)), 10);
        c.preimage = "eleven";
        c.owners = new address[](2);
        c.approvers = new address[](1);
        c.verdict = Verdict(Reason.NoRule, 12, 13, 14, 15, 16);
        c.proposals = new bytes32[](3);
        (c.used, c.ops) = (bytes32(uint256(17)), 18);
    }
}
