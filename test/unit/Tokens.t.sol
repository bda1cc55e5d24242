// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Decoder} from "../../contracts/libraries/Decoder.sol";
import {dataOf} from "../../contracts/types/Data.sol";
import {Effect, Kind} from "../../contracts/types/Image.sol";
import {Test} from "../base/Test.sol";

/// @notice ERC-721, ERC-1155 and Permit2 calls: what they do, and every other encoding of them refused.
contract TokensTest is Test {
    address private constant ACCOUNT = address(0xACC);
    address private constant OTHER = address(0xB0B);
    address private constant PAYEE = address(0xA11CE);
    address private constant TOKEN = address(0x70CE);
    address private constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    uint256 private constant ERC721 = 2;
    uint256 private constant ERC1155 = 3;
    uint256 private constant ID = 77;

    bytes4 private constant TRANSFER_FROM = bytes4(keccak256("transferFrom(address,address,uint256)"));
    bytes4 private constant SAFE_721 = bytes4(keccak256("safeTransferFrom(address,address,uint256)"));
    bytes4 private constant SAFE_721_DATA = bytes4(keccak256("safeTransferFrom(address,address,uint256,bytes)"));
    bytes4 private constant APPROVE = bytes4(keccak256("approve(address,uint256)"));
    bytes4 private constant APPROVE_ALL = bytes4(keccak256("setApprovalForAll(address,bool)"));
    bytes4 private constant SAFE_1155 = bytes4(keccak256("safeTransferFrom(address,address,uint256,uint256,bytes)"));
    bytes4 private constant BATCH =
        bytes4(keccak256("safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)"));
    bytes4 private constant PERMIT2_APPROVE = bytes4(keccak256("approve(address,address,uint160,uint48)"));

    struct Seen {
        bool canonical;
        uint256 count;
        Effect effect;
        uint256[] amounts;
    }

    // ERC-721

    function test_aTokenThatMovesCountsAsOne() public view {
        _assertMoves(ERC721, abi.encodeWithSelector(TRANSFER_FROM, ACCOUNT, PAYEE, ID), 1);
        _assertMoves(ERC721, abi.encodeWithSelector(SAFE_721, ACCOUNT, PAYEE, ID), 1);
        for (uint256 length = 0; length < 70; ++length) {
            bytes memory note = _ones(length);
            _assertMoves(ERC721, abi.encodeWithSelector(SAFE_721_DATA, ACCOUNT, PAYEE, ID, note), 1);
        }
    }

    function test_anApprovalOfATokenCountsAsOne_andOfNobodyAsNone() public view {
        _assertGrants(ERC721, abi.encodeWithSelector(APPROVE, PAYEE, ID), PAYEE, 1);
        _assertGrants(ERC721, abi.encodeWithSelector(APPROVE, address(0), ID), address(0), 0);
    }

    function test_anOperatorMayTakeEverything() public view {
        for (uint256 standard = ERC721; standard <= ERC1155; ++standard) {
            _assertGrants(standard, abi.encodeWithSelector(APPROVE_ALL, PAYEE, true), PAYEE, type(uint256).max);
            _assertGrants(standard, abi.encodeWithSelector(APPROVE_ALL, PAYEE, false), PAYEE, 0);
            _assertRefused(standard, abi.encodeWithSelector(APPROVE_ALL, PAYEE, 2));
            _assertRefused(standard, abi.encodeWithSelector(APPROVE_ALL, PAYEE, type(uint256).max));
            _assertExactLength(standard, abi.encodeWithSelector(APPROVE_ALL, PAYEE, true));
            _assertCleanAddress(standard, abi.encodeWithSelector(APPROVE_ALL, PAYEE, true), 4);
        }
    }

    function test_staticCallsHaveTheirExactLength() public view {
        _assertExactLength(ERC721, abi.encodeWithSelector(TRANSFER_FROM, ACCOUNT, PAYEE, ID));
        _assertExactLength(ERC721, abi.encodeWithSelector(SAFE_721, ACCOUNT, PAYEE, ID));
        _assertExactLength(ERC721, abi.encodeWithSelector(APPROVE, PAYEE, ID));
        _assertExactLength(ERC721, abi.encodeWithSelector(SAFE_721_DATA, ACCOUNT, PAYEE, ID, _ones(33)));
        _assertExactLength(ERC1155, abi.encodeWithSelector(SAFE_1155, ACCOUNT, PAYEE, ID, 5, _ones(32)));
        _assertExactLength(ERC1155, abi.encodeWithSelector(BATCH, ACCOUNT, PAYEE, _numbers(3), _numbers(3), _ones(5)));
    }

    function test_addressesAreClean() public view {
        bytes[5] memory calls = [
            abi.encodeWithSelector(TRANSFER_FROM, ACCOUNT, PAYEE, ID),
            abi.encodeWithSelector(SAFE_721, ACCOUNT, PAYEE, ID),
            abi.encodeWithSelector(SAFE_721_DATA, ACCOUNT, PAYEE, ID, ""),
            abi.encodeWithSelector(SAFE_1155, ACCOUNT, PAYEE, ID, 5, ""),
            abi.encodeWithSelector(BATCH, ACCOUNT, PAYEE, _numbers(2), _numbers(2), "")
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 standard = i < 3 ? ERC721 : ERC1155;
            _assertCleanAddress(standard, calls[i], 4);
            _assertCleanAddress(standard, calls[i], 36);
        }
        _assertCleanAddress(ERC721, abi.encodeWithSelector(APPROVE, PAYEE, ID), 4);
    }

    function test_whatMovesFromElsewhereIsOpaque() public view {
        _assertOpaque(ERC721, abi.encodeWithSelector(TRANSFER_FROM, OTHER, PAYEE, ID));
        _assertOpaque(ERC721, abi.encodeWithSelector(SAFE_721, OTHER, PAYEE, ID));
        _assertOpaque(ERC721, abi.encodeWithSelector(SAFE_721_DATA, OTHER, PAYEE, ID, ""));
        _assertOpaque(ERC1155, abi.encodeWithSelector(SAFE_1155, OTHER, PAYEE, ID, 5, ""));
        _assertOpaque(ERC1155, abi.encodeWithSelector(BATCH, OTHER, PAYEE, _numbers(3), _numbers(3), ""));
        // Even then it must be in exact encoding.
        _assertRefused(ERC1155, abi.encodePacked(BATCH, abi.encode(OTHER, PAYEE)));
        _assertRefused(ERC721, bytes.concat(abi.encodeWithSelector(SAFE_721, OTHER, PAYEE, ID), hex"00"));
    }

    /// @dev A selector means something only to the standard that it belongs to.
    function test_anotherStandardsCallsAreOpaque() public view {
        bytes4[3] memory only1155 = [SAFE_1155, BATCH, bytes4(0xa9059cbb)];
        bytes4[5] memory only721 = [TRANSFER_FROM, SAFE_721, SAFE_721_DATA, APPROVE, bytes4(0xa9059cbb)];
        for (uint256 i = 0; i < only1155.length; ++i) {
            _assertOpaque(ERC721, abi.encodePacked(only1155[i], abi.encode(ACCOUNT, PAYEE, ID)));
        }
        for (uint256 i = 0; i < only721.length; ++i) {
            _assertOpaque(ERC1155, abi.encodePacked(only721[i], abi.encode(ACCOUNT, PAYEE, ID)));
        }
        _assertOpaque(ERC721, abi.encodePacked(PERMIT2_APPROVE, abi.encode(TOKEN, PAYEE, 1, 1)));
        _assertOpaque(ERC721, hex"00000000");
        _assertOpaque(ERC1155, hex"00000000");
    }

    // ERC-1155

    function testFuzz_anAmountOfOneIdMoves(uint256 id, uint256 amount, bytes calldata note) public view {
        _assertMoves(ERC1155, abi.encodeWithSelector(SAFE_1155, ACCOUNT, PAYEE, id, amount, note), amount);
    }

    function testFuzz_everyIdOfABatchIsAnEffectOfItsOwn(uint256[] memory amounts, bytes calldata note) public view {
        if (amounts.length == 0) amounts = _numbers(1);
        uint256[] memory ids = _numbers(amounts.length);
        Seen memory seen = this.decode(ERC1155, abi.encodeWithSelector(BATCH, ACCOUNT, PAYEE, ids, amounts, note));
        assertTrue(seen.canonical, "canonical");
        assertEq(seen.count, amounts.length, "count");
        assertEq(seen.effect.kind, Kind.TRANSFER, "kind");
        assertEq(seen.effect.recipient, PAYEE, "recipient");
        assertEq(seen.effect.amount, amounts[0], "the first");
        assertEq(seen.amounts.length, amounts.length < 2 ? 0 : amounts.length, "the others");
        for (uint256 i = 0; i < seen.amounts.length; ++i) {
            assertEq(seen.amounts[i], amounts[i], "in order");
        }
    }

    function test_aBatchHasAnAmountForEachIdAndAtLeastOne() public view {
        _assertRefused(ERC1155, abi.encodeWithSelector(BATCH, ACCOUNT, PAYEE, _numbers(0), _numbers(0), ""));
        _assertRefused(ERC1155, abi.encodeWithSelector(BATCH, ACCOUNT, PAYEE, _numbers(2), _numbers(1), ""));
        _assertRefused(ERC1155, abi.encodeWithSelector(BATCH, ACCOUNT, PAYEE, _numbers(1), _numbers(2), ""));
        _assertRefused(ERC1155, abi.encodeWithSelector(BATCH, ACCOUNT, PAYEE, _numbers(0), _numbers(1), ""));
    }

    /// @dev Amounts that the token would read elsewhere than the hook: arrays that share their words, stand in another
    /// order, overlap or leave a gap.
    function test_tailsStandInOrderDirectlyBehindEachOther() public view {
        bytes memory one = abi.encode(uint256(1), uint256(5));
        bytes memory two = abi.encode(uint256(1), uint256(6));
        _assertMoves(ERC1155, _batch(160, 224, 288, bytes.concat(one, two, _word(0))), 6);
        _assertRefused(ERC1155, _batch(224, 160, 288, bytes.concat(two, one, _word(0))));
        _assertRefused(ERC1155, _batch(160, 160, 224, bytes.concat(one, _word(0))));
        _assertRefused(ERC1155, _batch(160, 160, 288, bytes.concat(one, two, _word(0))));
        _assertRefused(ERC1155, _batch(160, 256, 320, bytes.concat(one, _word(0), two, _word(0))));
        _assertRefused(ERC1155, _batch(192, 256, 320, bytes.concat(_word(0), one, two, _word(0))));
        _assertRefused(ERC1155, _batch(160, 224, 160, bytes.concat(one, two)));
        _assertRefused(ERC1155, _batch(160, 224, 320, bytes.concat(one, two, _word(0), _word(0))));
        _assertRefused(ERC1155, _batch(type(uint256).max, 224, 288, bytes.concat(one, two, _word(0))));
        _assertRefused(ERC1155, _batch(160, type(uint128).max, 288, bytes.concat(one, two, _word(0))));
    }

    function test_lengthsAreThoseOfWhatIsThere() public view {
        uint256[5] memory lengths = [2, 3, type(uint64).max, 1 << 251, type(uint256).max];
        for (uint256 i = 0; i < lengths.length; ++i) {
            bytes memory lie = abi.encode(lengths[i], uint256(5));
            bytes memory one = abi.encode(uint256(1), uint256(5));
            _assertRefused(ERC1155, _batch(160, 224, 288, bytes.concat(lie, lie, _word(0))));
            _assertRefused(ERC1155, _batch(160, 224, 288, bytes.concat(one, lie, _word(0))));
            _assertRefused(ERC1155, _batch(160, 224, 288, bytes.concat(one, one, _word(lengths[i]))));
            bytes memory head = abi.encode(ACCOUNT, PAYEE, ID, uint256(128));
            _assertRefused(ERC721, abi.encodePacked(SAFE_721_DATA, head, lengths[i]));
        }
    }

    function test_paddingIsZero() public view {
        bytes memory call721 = abi.encodeWithSelector(SAFE_721_DATA, ACCOUNT, PAYEE, ID, _ones(33));
        bytes memory call1155 = abi.encodeWithSelector(BATCH, ACCOUNT, PAYEE, _numbers(1), _numbers(1), _ones(31));
        for (uint256 i = 0; i < 31; ++i) {
            bytes memory dirty = bytes.concat(call721);
            dirty[dirty.length - 1 - i] = 0x01;
            _assertRefused(ERC721, dirty);
        }
        call1155[call1155.length - 1] = 0x01;
        _assertRefused(ERC1155, call1155);
    }

    // Permit2

    function testFuzz_permit2GrantsAnAllowanceOfTheToken(address spender, uint160 amount, uint48 expiration)
        public
        view
    {
        bytes memory data = abi.encodeWithSelector(PERMIT2_APPROVE, TOKEN, spender, amount, expiration);
        (bool named, address token, bool canonical, Effect memory effect) = this.permit2(PERMIT2, data);
        assertTrue(named && canonical, "canonical");
        assertEq(token, TOKEN, "token");
        assertEq(effect.kind, Kind.APPROVE, "kind");
        assertEq(effect.subject, TOKEN, "subject");
        assertEq(effect.asset, TOKEN, "asset");
        assertEq(effect.target, PERMIT2, "target");
        assertEq(effect.recipient, spender, "recipient");
        assertEq(effect.amount, amount, "amount");
        assertTrue(effect.hasAsset && effect.hasRecipient && effect.hasAmount, "has them");
    }

    function test_permit2IsInExactEncoding() public view {
        bytes memory data = abi.encodeWithSelector(PERMIT2_APPROVE, TOKEN, PAYEE, 5, 6);
        for (uint256 length = 36; length < 200; ++length) {
            (bool named,, bool canonical,) = this.permit2(PERMIT2, _resized(data, length));
            assertTrue(named, "names a token");
            assertTrue(canonical == (length == 132), "exact");
        }
        _assertPermit2Refused(abi.encodeWithSelector(PERMIT2_APPROVE, TOKEN, _dirty(PAYEE), 5, 6));
        _assertPermit2Refused(abi.encodeWithSelector(PERMIT2_APPROVE, TOKEN, PAYEE, 1 << 160, 6));
        _assertPermit2Refused(abi.encodeWithSelector(PERMIT2_APPROVE, TOKEN, PAYEE, 5, 1 << 48));
        _assertPermit2Refused(abi.encodeWithSelector(PERMIT2_APPROVE, TOKEN, PAYEE, 5, type(uint256).max));
    }

    function test_anyOtherCallToPermit2NamesNoToken() public view {
        bytes memory data = abi.encodeWithSelector(PERMIT2_APPROVE, TOKEN, PAYEE, 5, 6);
        _assertNamesNone(OTHER, data);
        for (uint256 length = 4; length < 36; ++length) {
            _assertNamesNone(PERMIT2, _resized(data, length));
        }
        _assertNamesNone(PERMIT2, abi.encodeWithSelector(PERMIT2_APPROVE, _dirty(TOKEN), PAYEE, 5, 6));
        _assertNamesNone(PERMIT2, abi.encodeWithSelector(APPROVE, TOKEN, PAYEE, 5, 6));
    }

    /// @dev External, so that the call is calldata.
    function decode(uint256 standard, bytes calldata data) external pure returns (Seen memory seen) {
        seen.effect.selector = uint32(bytes4(data));
        seen.effect.data = dataOf(data);
        (seen.canonical, seen.count) = Decoder.decode(seen.effect, standard, ACCOUNT);
        if (!seen.canonical || seen.count < 2) return seen;
        seen.amounts = new uint256[](seen.count);
        for (uint256 i = 0; i < seen.count; ++i) {
            seen.amounts[i] = Decoder.amountAt(seen.effect, i);
        }
    }

    function permit2(address target, bytes calldata data)
        external
        pure
        returns (bool named, address token, bool canonical, Effect memory effect)
    {
        effect.target = target;
        effect.subject = target;
        effect.selector = uint32(bytes4(data));
        effect.data = dataOf(data);
        (named, token) = Decoder.permit2Token(effect);
        if (named) canonical = Decoder.permit2(effect, token);
    }

    function _assertMoves(uint256 standard, bytes memory data, uint256 amount) private view {
        _assertEffect(standard, data, Kind.TRANSFER, PAYEE, amount);
    }

    function _assertGrants(uint256 standard, bytes memory data, address to, uint256 amount) private view {
        _assertEffect(standard, data, Kind.APPROVE, to, amount);
    }

    function _assertEffect(uint256 standard, bytes memory data, uint256 kind, address recipient, uint256 amount)
        private
        view
    {
        Seen memory seen = this.decode(standard, data);
        assertTrue(seen.canonical, "canonical");
        assertEq(seen.count, 1, "count");
        assertEq(seen.effect.kind, kind, "kind");
        assertTrue(seen.effect.hasRecipient && seen.effect.hasAmount, "has them");
        assertEq(seen.effect.recipient, recipient, "recipient");
        assertEq(seen.effect.amount, amount, "amount");
    }

    function _assertOpaque(uint256 standard, bytes memory data) private view {
        Seen memory seen = this.decode(standard, data);
        assertTrue(seen.canonical, "canonical");
        assertEq(seen.count, 1, "count");
        assertEq(seen.effect.kind, Kind.OPAQUE, "kind");
        assertFalse(seen.effect.hasRecipient || seen.effect.hasAmount, "has neither");
    }

    function _assertRefused(uint256 standard, bytes memory data) private view {
        assertFalse(this.decode(standard, data).canonical, "canonical");
    }

    function _assertPermit2Refused(bytes memory data) private view {
        (bool named,, bool canonical,) = this.permit2(PERMIT2, data);
        assertTrue(named, "names a token");
        assertFalse(canonical, "canonical");
    }

    function _assertNamesNone(address target, bytes memory data) private view {
        (bool named,,,) = this.permit2(target, data);
        assertFalse(named, "names a token");
    }

    function _assertExactLength(uint256 standard, bytes memory data) private view {
        assertTrue(this.decode(standard, data).canonical, "whole");
        for (uint256 length = 4; length < data.length + 70; ++length) {
            if (length != data.length) _assertRefused(standard, _resized(data, length));
        }
    }

    function _assertCleanAddress(uint256 standard, bytes memory data, uint256 offset) private view {
        for (uint256 i = 0; i < 12; ++i) {
            bytes memory dirty = bytes.concat(data);
            dirty[offset + i] = 0x80;
            _assertRefused(standard, dirty);
        }
    }

    function _batch(uint256 ids, uint256 amounts, uint256 note, bytes memory tails)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(BATCH, abi.encode(ACCOUNT, PAYEE, ids, amounts, note), tails);
    }

    function _resized(bytes memory data, uint256 length) private pure returns (bytes memory other) {
        other = new bytes(length);
        for (uint256 i = 0; i < length && i < data.length; ++i) {
            other[i] = data[i];
        }
    }

    function _numbers(uint256 n) private pure returns (uint256[] memory numbers) {
        numbers = new uint256[](n);
        for (uint256 i = 0; i < n; ++i) {
            numbers[i] = i + 1;
        }
    }

    function _ones(uint256 length) private pure returns (bytes memory ones) {
        ones = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            ones[i] = 0xff;
        }
    }

    function _word(uint256 value) private pure returns (bytes memory) {
        return abi.encode(value);
    }

    function _dirty(address a) private pure returns (uint256) {
        return uint256(uint160(a)) | 1 << 200;
    }
}
