// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISignatureHandler} from "../../contracts/interfaces/ISignatureHandler.sol";
import {Module} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {MessageTest} from "../base/MessageTest.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {Items} from "../tokens/Items.sol";
import {Deeds} from "../tokens/Deeds.sol";

/// @notice Does what a Safe's transaction may do, for simulations.
contract Answering {
    error Refused(uint256 why);

    uint256 private written;

    function answer(uint256 x) external returns (uint256, bytes memory) {
        written = x;
        return (x + 1, abi.encode(address(this)));
    }

    function refuse(uint256 why) external pure {
        revert Refused(why);
    }

    function nothing() external pure {}
}

/// @notice The handler answers like the release's own, except where it is asked for a signature.
contract HandlerCompatibilityTest is MessageTest {
    /// @dev The same account, asked through either handler: once as the release made it, and once with ours.
    modifier prepared(Edition edition) {
        _prepare(edition);
        _;
    }

    function table_tokensArrive(Edition edition) public prepared(edition) {
        Deeds deeds = new Deeds(alice, 8);
        Items items = new Items(alice, 3, 10);
        uint256[] memory ids = new uint256[](1);
        uint256[] memory amounts = new uint256[](1);
        (ids[0], amounts[0]) = (2, 10);
        VM.startPrank(alice);
        deeds.safeTransferFrom(alice, address(safe), 7);
        items.safeTransferFrom(alice, address(safe), 1, 10, "x");
        items.safeBatchTransferFrom(alice, address(safe), ids, amounts, "");
        VM.stopPrank();
        assertEq(deeds.ownerOf(7), address(safe), "deed");
        assertEq(items.balanceOf(address(safe), 1) + items.balanceOf(address(safe), 2), 20, "items");
    }

    function table_theHandlerItselfTakesNoTokens(Edition edition) public prepared(edition) {
        Deeds deeds = new Deeds(address(this), 8);
        (bool ok,) =
            address(deeds).call(abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", this, handler, 7));
        assertFalse(ok, "the handler took a token");
        assertEq(deeds.ownerOf(7), address(this), "deed");
        // A Safe that another handler serves.
        bytes memory received =
            abi.encodeWithSignature("onERC721Received(address,address,uint256,bytes)", this, this, 7, "");
        address other = _safeOf(people[0], 9);
        VM.prank(other);
        (bool taken, bytes memory why) = address(handler).call(received);
        assertFalse(taken, "the handler took a token for another");
        assertEq(why, abi.encodeWithSelector(ISignatureHandler.NotTheHandler.selector, other), "why");
    }

    function table_answersLikeTheReleasesOwn(Edition edition) public prepared(edition) {
        Module added = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(added)))));
        bytes memory some = "any message, of more than one word, to see that lengths are kept";
        _same(abi.encodeWithSignature("onERC721Received(address,address,uint256,bytes)", this, this, 7, some));
        _same(
            abi.encodeWithSignature("onERC1155Received(address,address,uint256,uint256,bytes)", this, this, 7, 1, some)
        );
        uint256[] memory two = new uint256[](2);
        _same(
            abi.encodeWithSignature(
                "onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)", this, this, two, two, some
            )
        );
        _same(
            abi.encodeWithSignature(
                "tokensReceived(address,address,address,uint256,bytes,bytes)", this, this, safe, 7, some, some
            )
        );
        bytes4[6] memory ids = [bytes4(0x01ffc9a7), 0x150b7a02, 0x4e2312e0, 0xffffffff, 0x1626ba7e, 0];
        for (uint256 i; i < ids.length; i++) {
            _same(abi.encodeWithSignature("supportsInterface(bytes4)", ids[i]));
        }
        _same(abi.encodeWithSignature("getModules()"));
        bytes[3] memory messages = [bytes(""), some, abi.encode(keccak256(some))];
        for (uint256 i; i < messages.length; i++) {
            _same(abi.encodeWithSignature("getMessageHash(bytes)", messages[i]));
            _same(abi.encodeWithSignature("getMessageHashForSafe(address,bytes)", safe, messages[i]));
            _same(
                abi.encodeWithSignature("getMessageHashForSafe(address,bytes)", _safeOf(people[0], 5 + i), messages[i])
            );
            // Since 1.4.1.
            if (Safes.release(edition) != 0) {
                _same(abi.encodeWithSignature("encodeMessageDataForSafe(address,bytes)", safe, messages[i]));
            }
        }
    }

    function table_simulatesLikeTheReleasesOwn(Edition edition) public prepared(edition) {
        Answering target = new Answering();
        bytes32 before = VM.load(address(safe), 0);
        bytes memory answered = _same(_simulation(address(target), abi.encodeCall(Answering.answer, (41))));
        bytes memory inner = abi.decode(answered, (bytes));
        (uint256 x, bytes memory self) = abi.decode(inner, (uint256, bytes));
        assertEq(x, 42, "answer");
        assertEq(self, abi.encode(address(safe)), "as the account");
        assertEq(VM.load(address(safe), 0), before, "nothing stays");
        _same(_simulation(address(target), abi.encodeCall(Answering.nothing, ())));
        _same(_simulation(stranger, ""));

        bytes memory question = _simulation(address(target), abi.encodeCall(Answering.refuse, (7)));
        (bool ok, bytes memory why) = address(safe).call(question);
        assertFalse(ok, "refused");
        assertEq(why, abi.encodeWithSelector(Answering.Refused.selector, 7), "why");
        (, bytes memory theirs) = _asked(kit.handler, question);
        // 1.5.0's own hands over as many bytes more as a word has.
        for (uint256 i; i < why.length; i++) {
            assertTrue(theirs[i] == why[i], "the same reason");
        }
        VM.prank(address(target));
        VM.expectRevert(ISignatureHandler.NotSimulated.selector);
        handler.simulate(stranger, "");
    }

    /// @dev A Safe of 1.5.0 leaves this to its handler; older ones answer themselves.
    function table_encodesTransactionsLikeTheReleasesOwn(Edition edition) public prepared(edition) {
        bytes memory rest = abi.encode(uint256(3), uint256(4), uint256(5), alice, bob, uint256(6));
        for (uint256 operation; operation < 3; operation++) {
            bytes memory question = abi.encodePacked(
                bytes4(
                    keccak256(
                        "encodeTransactionData(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,uint256)"
                    )
                ),
                abi.encode(alice, uint256(1), uint256(320), operation),
                rest,
                abi.encode(uint256(3), bytes32(hex"010203"))
            );
            (bool ok, bytes memory ours) = _asked(address(handler), question);
            (bool theirOk, bytes memory theirs) = _asked(kit.handler, question);
            assertTrue(ok == theirOk, "both, or neither");
            if (ok) assertEq(ours, theirs, "the same");
            assertTrue(ok == (operation < 2), "operation");
        }
    }

    function table_anUnknownCallIsAnsweredLikeByTheReleasesOwn(Edition edition) public prepared(edition) {
        bytes memory question = abi.encodeWithSignature("whatever()");
        (bool ok, bytes memory ours) = _asked(address(handler), question);
        (bool theirOk, bytes memory theirs) = _asked(kit.handler, question);
        assertFalse(ok || theirOk, "answered");
        assertEq(ours, theirs, "the same");
    }

    function _simulation(address target, bytes memory data) private pure returns (bytes memory) {
        return abi.encodeWithSignature("simulate(address,bytes)", target, data);
    }

    /// @dev Asserts that the account answers the same with the release's own handler.
    function _same(bytes memory question) private returns (bytes memory ours) {
        bool ok;
        (ok, ours) = _asked(address(handler), question);
        assertTrue(ok, "answered");
        (bool theirOk, bytes memory theirs) = _asked(kit.handler, question);
        assertTrue(theirOk, "answered by the release's own");
        assertEq(ours, theirs, "the same");
    }

    function _asked(address by, bytes memory question) private returns (bool ok, bytes memory answer) {
        bytes32 slot = 0x6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5;
        VM.store(address(safe), slot, bytes32(uint256(uint160(by))));
        (ok, answer) = address(safe).call(question);
        VM.store(address(safe), slot, bytes32(uint256(uint160(address(handler)))));
    }
}
