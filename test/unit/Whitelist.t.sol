// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Program} from "../../contracts/libraries/Program.sol";
import {Whitelist} from "../../contracts/libraries/Whitelist.sol";
import {Image} from "../../contracts/types/Image.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";

contract WhitelistTest is Test {
    using Program for Image;
    using ProgramBuilder for Draft;

    address private constant PROGRAM = address(0xDA7A);

    function test_aListHasItsMembersAndNobodyElse() public {
        uint256[8] memory sizes = [uint256(1), 2, 24, 25, 64, 65, 129, 300];
        for (uint256 s = 0; s < sizes.length; ++s) {
            (Image memory image, uint256 list) = _open(sizes[s]);
            for (uint256 i = 0; i < sizes[s]; ++i) {
                assertTrue(Whitelist.contains(image, list, _member(i)), "a member");
                assertFalse(Whitelist.contains(image, list, _member(sizes[s] + i)), "a stranger");
            }
            assertFalse(Whitelist.contains(image, list, address(0)), "zero");
            assertFalse(image.failed(), "well formed");
        }
    }

    function testFuzz_neverHasAStranger(address stranger) public {
        (Image memory image, uint256 list) = _open(60);
        for (uint256 i = 0; i < 60; ++i) {
            if (_member(i) == stranger) return;
        }
        assertFalse(Whitelist.contains(image, list, stranger), "a stranger");
    }

    function test_aMalformedListHasNobody() public {
        (Image memory image, uint256 list) = _open(30);
        bytes memory code = PROGRAM.code;
        // bits, n, and the counts of every bucket
        _assertMalformed(code, list + 2, 16);
        _assertMalformed(code, list + 1, 0);
        for (uint256 bucket = 0; bucket < 4; ++bucket) {
            _assertMalformed(code, list + 3 + 2 * bucket, 0xff);
        }
    }

    function _assertMalformed(bytes memory code, uint256 position, uint8 value) private {
        bytes memory other = bytes.concat(code);
        other[position] = bytes1(value);
        VM.etch(PROGRAM, other);
        bool malformed = false;
        for (uint256 i = 0; i < 30; ++i) {
            Image memory image;
            image.open(PROGRAM);
            uint256 list = image.announcers();
            bool has = Whitelist.contains(image, list, _member(i));
            assertFalse(has && image.failed(), "never both");
            malformed = malformed || image.failed();
        }
        assertTrue(malformed, "found out");
        VM.etch(PROGRAM, code);
    }

    function _open(uint256 size) private returns (Image memory image, uint256 list) {
        address[] memory members = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            members[i] = _member(i);
        }
        Draft memory d;
        d.announcers = d.list(members);
        VM.etch(PROGRAM, d.encode());
        image.open(PROGRAM);
        list = image.announcers();
    }

    function _member(uint256 i) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("member", i)))));
    }
}
