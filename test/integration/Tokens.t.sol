// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";
import {Deeds} from "../tokens/Deeds.sol";
import {Items} from "../tokens/Items.sol";

/// @notice ERC-721 and ERC-1155 tokens of the account, each under a daily limit.
contract TokensTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint192 private constant DEEDS_A_DAY = 2;
    uint192 private constant ITEMS_A_DAY = 100;
    uint8 private constant DEEDS = 0;
    uint8 private constant ITEMS = 1;

    Deeds private deeds;
    Items private items;

    /// @dev Alice may get tokens and approvals; the limits meet whatever leaves.
    modifier withTokens(Edition edition, bool everywhere) {
        _deploy(edition);
        deeds = new Deeds(address(safe), 5);
        items = new Items(address(safe), 5, 1000);
        Draft memory d;
        d.limit("deeds", address(deeds), DEEDS_A_DAY, ProgramBuilder.DAY, everywhere, 0);
        d.limit("items", address(items), ITEMS_A_DAY, ProgramBuilder.DAY, everywhere, 0);
        d.declare(address(deeds), ProgramBuilder.ERC721);
        d.declare(address(items), ProgramBuilder.ERC1155);
        _ruleFor(d, address(deeds), everywhere ? bytes("") : abi.encodePacked(DEEDS));
        _ruleFor(d, address(items), everywhere ? bytes("") : abi.encodePacked(ITEMS));
        // An opaque call that a rule names.
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.OPAQUE, address(items), 0x12345678);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        _;
    }

    function table_neverGivesAStrangerAToken(Edition edition) public withTokens(edition, false) {
        _denied(_moveDeed(stranger, 0), Reason.NoRule);
        _denied(_moveItems(stranger, 0, 1), Reason.NoRule);
        _denied(_moveBatch(stranger, _pair(0, 1), _pair(1, 1)), Reason.NoRule);
        _denied(_call(address(deeds), abi.encodeCall(deeds.approve, (stranger, 0))), Reason.NoRule);
        _denied(_call(address(deeds), abi.encodeCall(deeds.setApprovalForAll, (stranger, true))), Reason.NoRule);
        assertEq(deeds.ownerOf(0), address(safe), "INV-1");
    }

    function table_deedsAreCounted(Edition edition) public withTokens(edition, false) {
        _allowed(_moveDeed(alice, 3));
        assertEq(deeds.ownerOf(3), alice, "owner");
        // An approval counts when it is given, whenever it is used, and taking it back counts as nothing.
        _allowed(_call(address(deeds), abi.encodeCall(deeds.approve, (alice, 4))));
        Verdict memory v = _denied(_moveDeed(alice, 0), Reason.LimitExceeded);
        assertEq(v.detail, DEEDS, "limit");
        assertEq(v.need, 1, "need");
        VM.warp(START + 1 days);
        VM.prank(alice);
        deeds.transferFrom(address(safe), alice, 4);
        bytes memory note = abi.encodeWithSignature(
            "safeTransferFrom(address,address,uint256,bytes)", address(safe), alice, 0, hex"0102"
        );
        _allowed(_call(address(deeds), note));
        _allowed(_call(address(deeds), abi.encodeCall(deeds.transferFrom, (address(safe), alice, 1))));
        _denied(_moveDeed(alice, 2), Reason.LimitExceeded);
        assertEq(deeds.balanceOf(alice), 4, "INV-2");
    }

    function table_neverApprovesAnOperatorUnderALimit(Edition edition) public withTokens(edition, true) {
        Verdict memory v = _denied(
            _call(address(deeds), abi.encodeCall(deeds.setApprovalForAll, (alice, true))), Reason.LimitExceeded
        );
        assertEq(v.detail, DEEDS, "limit");
        assertEq(v.have, DEEDS_A_DAY, "remaining");
        assertEq(v.need, type(uint256).max, "without bound");
        v = _denied(_call(address(items), abi.encodeCall(items.setApprovalForAll, (alice, true))), Reason.LimitExceeded);
        assertEq(v.detail, ITEMS, "limit");
        // Taking it back costs nothing, however much was used.
        _allowed(_moveItems(alice, 0, ITEMS_A_DAY));
        _allowed(_call(address(items), abi.encodeCall(items.setApprovalForAll, (alice, false))));
        // What does not decode could be anything.
        v = _denied(_call(address(items), hex"12345678"), Reason.OpaqueUnderEverywhere);
        assertEq(v.detail, ITEMS, "limit");
    }

    function table_aBatchIsChargedIdById(Edition edition) public withTokens(edition, false) {
        Verdict memory v = _denied(_moveBatch(alice, _pair(0, 1), _pair(60, 41)), Reason.LimitExceeded);
        assertEq(v.effect, 1, "the second id");
        assertEq(v.have, 40, "remaining");
        assertEq(v.need, 41, "need");
        // The same id twice, and amounts that only wrap around to a small sum.
        _denied(_moveBatch(alice, _pair(0, 0), _pair(60, 41)), Reason.LimitExceeded);
        _denied(_moveBatch(alice, _pair(0, 1), _pair(1, type(uint256).max)), Reason.AmountOverflow);
        v = _allowed(_moveBatch(alice, _pair(0, 1), _pair(60, 40)));
        assertEq(v.effect, 2, "effects");
        assertEq(items.balanceOf(alice, 0), 60, "first id");
        assertEq(items.balanceOf(alice, 1), 40, "second id");
        _denied(_moveItems(alice, 2, 1), Reason.LimitExceeded);
        _allowed(_moveItems(alice, 2, 0));
    }

    function table_neverGuessesWhatABatchMeans(Edition edition) public withTokens(edition, false) {
        Action memory a = _moveBatch(alice, _pair(0, 1), _pair(1, 1));
        a.data = bytes.concat(a.data, hex"00");
        _denied(a, Reason.NonCanonicalCalldata);
        uint256[] memory none = new uint256[](0);
        _denied(_moveBatch(alice, none, none), Reason.NonCanonicalCalldata);
        _denied(_moveBatch(alice, _pair(0, 1), none), Reason.NonCanonicalCalldata);
    }

    function _ruleFor(Draft memory d, address token, bytes memory limits) private view {
        d.rule(ProgramBuilder.ALLOW, 0, limits);
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, token, 0);
        d.matching(ProgramBuilder.APPROVE | ProgramBuilder.ANY_SELECTOR, token, 0);
    }

    function _moveDeed(address to, uint256 id) private view returns (Action memory) {
        bytes memory data = abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", address(safe), to, id);
        return _call(address(deeds), data);
    }

    function _moveItems(address to, uint256 id, uint256 amount) private view returns (Action memory) {
        return _call(address(items), abi.encodeCall(items.safeTransferFrom, (address(safe), to, id, amount, "")));
    }

    function _moveBatch(address to, uint256[] memory ids, uint256[] memory amounts)
        private
        view
        returns (Action memory)
    {
        bytes memory data = abi.encodeCall(items.safeBatchTransferFrom, (address(safe), to, ids, amounts, "note"));
        return _call(address(items), data);
    }

    function _pair(uint256 a, uint256 b) private pure returns (uint256[] memory pair) {
        pair = new uint256[](2);
        (pair[0], pair[1]) = (a, b);
    }
}
