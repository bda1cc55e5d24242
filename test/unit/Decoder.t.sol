// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Decoder} from "../../contracts/libraries/Decoder.sol";
import {dataOf} from "../../contracts/types/Data.sol";
import {Effect, Kind} from "../../contracts/types/Image.sol";
import {Test} from "../base/Test.sol";

contract DecoderTest is Test {
    address private constant ACCOUNT = address(0xACC);
    address private constant OTHER = address(0xB0B);

    function testFuzz_aTransferNamesItsRecipientAndAmount(address to, uint256 amount) public view {
        _assertEffect(abi.encodeWithSelector(0xa9059cbb, to, amount), Kind.TRANSFER, to, amount);
        _assertEffect(abi.encodeWithSelector(0x23b872dd, ACCOUNT, to, amount), Kind.TRANSFER, to, amount);
    }

    function testFuzz_anAllowanceNamesItsSpenderAndAmount(address spender, uint256 amount) public view {
        _assertEffect(abi.encodeWithSelector(0x095ea7b3, spender, amount), Kind.APPROVE, spender, amount);
        _assertEffect(abi.encodeWithSelector(0x39509351, spender, amount), Kind.APPROVE, spender, amount);
    }

    function testFuzz_neverTakesAnotherOwnersTransferForTheAccounts(address from, address to, uint256 amount)
        public
        view
    {
        if (from == ACCOUNT) from = OTHER;
        (bool canonical, Effect memory effect) = this.decode(abi.encodeWithSelector(0x23b872dd, from, to, amount));
        assertTrue(canonical, "canonical");
        assertEq(effect.kind, Kind.OPAQUE, "kind");
    }

    function testFuzz_whatIsUnknownIsOpaque(bytes4 selector, bytes calldata rest) public view {
        if (_isKnown(selector)) selector = 0x40c10f19;
        (bool canonical, Effect memory effect) = this.decode(bytes.concat(selector, rest));
        assertTrue(canonical, "canonical");
        assertEq(effect.kind, Kind.OPAQUE, "kind");
    }

    function test_neverDecodesAnotherLength() public view {
        for (uint256 words = 0; words < 5; ++words) {
            for (uint256 more = 0; more < 32; ++more) {
                bytes memory rest = new bytes(32 * words + more);
                if (rest.length != 64) {
                    _assertRefused(bytes.concat(bytes4(0xa9059cbb), rest));
                    _assertRefused(bytes.concat(bytes4(0x095ea7b3), rest));
                    _assertRefused(bytes.concat(bytes4(0x39509351), rest));
                }
                if (rest.length != 96) _assertRefused(bytes.concat(bytes4(0x23b872dd), rest));
            }
        }
    }

    function testFuzz_neverDecodesADirtyAddress(address to, uint96 dirt, uint256 amount) public view {
        if (dirt == 0) dirt = 1;
        uint256 word = uint256(dirt) << 160 | uint256(uint160(to));
        uint256 account = uint256(uint160(ACCOUNT));
        _assertRefused(abi.encodeWithSelector(0xa9059cbb, word, amount));
        _assertRefused(abi.encodeWithSelector(0x095ea7b3, word, amount));
        _assertRefused(abi.encodeWithSelector(0x39509351, word, amount));
        _assertRefused(abi.encodeWithSelector(0x23b872dd, account, word, amount));
        _assertRefused(abi.encodeWithSelector(0x23b872dd, word, account, amount));
    }

    /// @dev External, so that the call is calldata.
    function decode(bytes calldata data) external pure returns (bool canonical, Effect memory effect) {
        effect.selector = uint32(bytes4(data));
        effect.data = dataOf(data);
        canonical = Decoder.erc20(effect, ACCOUNT);
    }

    function _isKnown(bytes4 selector) private pure returns (bool) {
        return selector == 0xa9059cbb || selector == 0x23b872dd || selector == 0x095ea7b3 || selector == 0x39509351;
    }

    function _assertEffect(bytes memory data, uint256 kind, address recipient, uint256 amount) private view {
        (bool canonical, Effect memory effect) = this.decode(data);
        assertTrue(canonical, "canonical");
        assertEq(effect.kind, kind, "kind");
        assertEq(effect.recipient, recipient, "recipient");
        assertEq(effect.amount, amount, "amount");
    }

    function _assertRefused(bytes memory data) private view {
        (bool canonical,) = this.decode(data);
        assertFalse(canonical, "canonical");
    }
}
