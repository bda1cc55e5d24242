// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SignatureHandler} from "../../contracts/SignatureHandler.sol";
import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {ISignatureHandler} from "../../contracts/interfaces/ISignatureHandler.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, SlotCall, Verdict} from "../../contracts/types/Types.sol";
import {ISafe} from "../base/ISafe.sol";
import {IERC1271, Message, MessageTest, Signing} from "../base/MessageTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {Exchange} from "../tokens/Exchange.sol";

interface ChainVm {
    function chainId(uint256 id) external;
}

ChainVm constant CHAIN_VM = ChainVm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @notice Which messages an account signs: those under a message rule of its program.
contract MessagesTest is MessageTest {
    using ProgramBuilder for Draft;
    using Signing for Message;

    uint256 private constant PRICE = 1 ether;

    function table_neverSignsWithoutAMessageRule(Edition edition) public with(edition, _noMessages) {
        Message memory m = _order(AMOUNT, PRICE);
        _refuses(m, _signed(m), Reason.NoMessageRule, NONE);
    }

    function table_neverSignsUnderADenyAllProgram(Edition edition) public {
        _prepare(edition);
        _install(_denyAll(), CHANGE_DELAY);
        Message memory m = _order(AMOUNT, PRICE);
        _refuses(m, _signed(m), Reason.NoMessageRule, NONE);
    }

    function table_neverSignsWithoutAProgram(Edition edition) public {
        _prepare(edition);
        Message memory m = _order(AMOUNT, PRICE);
        _refuses(m, _signed(m), Reason.NoProgram, NONE);
    }

    function table_neverSignsUnderAMalformedHeader(Edition edition) public {
        _prepare(edition);
        program = _deployCode(_anything().encode());
        _install(program, CHANGE_DELAY);
        Message memory m = _order(AMOUNT, PRICE);
        _validates(m, _signed(m));
        VM.etch(program, hex"0002");
        _refuses(m, _signed(m), Reason.MalformedProgram, NONE);
    }

    function table_neverSignsWhileFrozen(Edition edition) public with(edition, _orders) {
        Message memory m = _order(AMOUNT, PRICE);
        _validates(m, _signed(m), 1);
        VM.prank(group[0]);
        hook.freeze(address(safe));
        _refuses(m, _signed(m), Reason.Frozen, NONE);
    }

    function table_neverSignsAfterTheRemoval(Edition edition) public with(edition, _orders) {
        Message memory m = _order(AMOUNT, PRICE);
        (Action memory removal, SlotCall[] memory staged) = _removal();
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stageSlots, (staged))));
        VM.warp(block.timestamp + CHANGE_DELAY);
        _validates(m, _signed(m), 1);
        _execute(removal);
        _refuses(m, _signed(m), Reason.NoProgram, NONE);
    }

    function table_aPermitThatDrainsIsRefused(Edition edition) public with(edition, _orders) {
        Message memory m = _permit(stranger, FUNDS);
        bytes memory signature = _signed(m);
        _refuses(m, signature, Reason.MessageDenied, 0);
        VM.prank(stranger);
        VM.expectRevert(Exchange.NotSigned.selector);
        exchange.permit(address(safe), address(usdc), FUNDS, 0, signature);
        assertEq(usdc.balanceOf(stranger), 0, "stranger");
    }

    function table_anOrderUnderARuleIsFilled(Edition edition) public with(edition, _orders) {
        Message memory m = _order(AMOUNT, PRICE);
        bytes memory signature = _signed(m);
        VM.deal(stranger, PRICE);
        VM.prank(stranger);
        exchange.fill{value: PRICE}(address(safe), address(usdc), AMOUNT, PRICE, 0, signature);
        assertEq(usdc.balanceOf(stranger), AMOUNT, "the buyer has the tokens");
        assertEq(address(safe).balance, ETHER + PRICE, "the account has the price");
    }

    function table_theSameTypeOfAnotherDomainIsRefused(Edition edition) public with(edition, _orders) {
        Exchange other = new Exchange();
        Message memory m = _order(AMOUNT, PRICE);
        m.domain = other.domainSeparator();
        _refuses(m, _signed(m), Reason.NoMessageRule, NONE);
    }

    function table_anotherTypeOfTheSameDomainIsRefused(Edition edition) public with(edition, _orders) {
        Message memory m = _order(AMOUNT, PRICE);
        m.typeHash = keccak256("Cancel(uint256 nonce)");
        _refuses(m, _signed(m), Reason.NoMessageRule, NONE);
    }

    function table_whatIsShownMustBeWhatIsAsked(Edition edition) public with(edition, _anything) {
        Message memory order = _order(AMOUNT, PRICE);
        Message memory permit = _permit(stranger, FUNDS);
        bytes memory owners_ = _signatures(permit.hashFor(address(safe)));
        _refuses(permit, Signing.show(owners_, order.payload()), Reason.MessageUnknown, NONE);
        _validates(permit, Signing.show(owners_, permit.payload()));
    }

    function table_whatIsShownMustBeShownWhole(Edition edition) public with(edition, _anything) {
        Message memory m = _order(AMOUNT, PRICE);
        bytes memory owners_ = _signatures(m.hashFor(address(safe)));
        bytes memory shown = m.payload();
        bytes memory good = Signing.show(owners_, shown);
        bytes[10] memory bad = [
            bytes(""),
            new bytes(63),
            owners_,
            Signing.show(owners_, ""),
            Signing.show(owners_, new bytes(63)),
            Signing.show(owners_, bytes.concat(shown, hex"00")),
            Signing.show(owners_, bytes.concat(shown, bytes32(0))),
            _seal(owners_, shown),
            bytes.concat(good, hex"00"),
            abi.encodePacked(owners_, shown, type(uint256).max, keccak256("PortcullisMessage(bytes payload)"))
        ];
        for (uint256 i; i < bad.length; i++) {
            _refuses(m, bad[i], Reason.MessageUnknown, NONE);
        }
        _validates(m, good);
        // A payload that is not whole words is nothing that EIP-712 encodes, even if it hashes to the digest.
        Message memory odd = Message(m.domain, m.typeHash, hex"00");
        _refuses(odd, _signed(odd), Reason.MessageUnknown, NONE);
        Message memory bare = Message(m.domain, m.typeHash, "");
        _validates(bare, _signed(bare));
    }

    function table_anotherAccountsMessageIsRefused(Edition edition) public with(edition, _orders) {
        ISafe other = ISafe(_safeOf(keys[0], 1));
        Message memory m = _order(AMOUNT, PRICE);
        bytes memory theirs = Signing.show(_signatures(m.hashFor(address(other))), m.payload());
        Verdict memory v = _refuses(m, theirs, Reason.BadOwnerSignatures, 1);
        assertEq(v.have, 0, "the first signature");
    }

    function table_aReplayOnAnotherChainIsRefused(Edition edition) public with(edition, _anything) {
        Message memory m = _order(AMOUNT, PRICE);
        bytes memory signature = _signed(m);
        _validates(m, signature);
        CHAIN_VM.chainId(block.chainid + 1);
        // Even where the message itself names no chain.
        _refuses(m, signature, Reason.BadOwnerSignatures, 0);
    }

    function table_anEverywhereLimitWantsTrust(Edition edition) public {
        _prepare(edition);
        Draft memory d = _noMessages();
        d.limit("usdc-day", address(usdc), CAP, ProgramBuilder.DAY, false, 0);
        d.limit("weth-day", alice, CAP, ProgramBuilder.DAY, true, 0);
        d.message(0, exchange.PERMIT(), ProgramBuilder.TRUSTED);
        d.message(0, 0, ProgramBuilder.ALLOW);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        Message memory m = _order(AMOUNT, PRICE);
        _refuses(m, _signed(m), Reason.MessageUntrusted, 1);
        m = _permit(stranger, AMOUNT);
        _validates(m, _signed(m), 0);
    }

    function table_theFirstRuleThatFitsDecides(Edition edition) public {
        _prepare(edition);
        Draft memory d = _noMessages();
        bytes32 domain = exchange.domainSeparator();
        d.message(domain, exchange.PERMIT(), ProgramBuilder.ALLOW);
        d.message(domain, 0, 0);
        d.message(0, exchange.ORDER(), ProgramBuilder.ALLOW);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        Message memory m = _permit(stranger, AMOUNT);
        _validates(m, _signed(m), 0);
        m = _order(AMOUNT, PRICE);
        _refuses(m, _signed(m), Reason.MessageDenied, 1);
        m.domain = bytes32(uint256(1));
        _validates(m, _signed(m), 2);
        m.typeHash = bytes32(uint256(1));
        _refuses(m, _signed(m), Reason.NoMessageRule, NONE);
    }

    function table_theOlderFormObeysTheSameRules(Edition edition) public with(edition, _orders) {
        Message memory m = _order(AMOUNT, PRICE);
        bytes memory signature = _signedAsData(m);
        assertTrue(IERC1271(address(safe)).isValidSignature(m.data(), signature) == LEGACY_MAGIC, "valid");
        // Owners sign one form or the other.
        _refuses(m, signature, Reason.BadOwnerSignatures, 1);
        _refusesData(m.data(), _signed(m), Reason.BadOwnerSignatures, 1);
        _refusesData(abi.encode(m.digest()), _signed(m), Reason.MessageUnknown, NONE);

        m = _permit(stranger, FUNDS);
        _refusesData(m.data(), _signedAsData(m), Reason.MessageDenied, 0);
        m.typeHash = bytes32(uint256(1));
        _refusesData(m.data(), _signedAsData(m), Reason.NoMessageRule, NONE);
        _refusesData(m.data(), "", Reason.MessageUnknown, NONE);
        VM.prank(group[0]);
        hook.freeze(address(safe));
        _refusesData(m.data(), _signedAsData(m), Reason.Frozen, NONE);
    }

    function table_strangersGetNothingOutOfTheHandler(Edition edition) public with(edition, _anything) {
        Message memory m = _order(AMOUNT, PRICE);
        bytes memory signature = _signed(m);
        // Called directly, the caller is the account, and this one has no program.
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(ISignatureHandler.MessageDenied.selector, Reason.NoProgram, NONE));
        handler.isValidSignature(m.digest(), signature);
        assertTrue(address(handler) != address(hook), "the handler is never the hook");
        assertEq(handler.HOOK(), address(hook), "hook");
    }

    function test_aHandlerNeedsAHook() public {
        VM.expectRevert(abi.encodeWithSelector(ISignatureHandler.NoHook.selector, stranger));
        new SignatureHandler(stranger);
    }

    function _signedAsData(Message memory m) private view returns (bytes memory) {
        bytes32 hash = keccak256(Signing.preimage(address(safe), m.data()));
        return Signing.show(_signatures(hash), m.payload());
    }

    function _refusesData(bytes memory data, bytes memory signature, Reason reason, uint16 rule) private view {
        Verdict memory v = handler.check(address(safe), data, signature);
        assertEq(uint256(v.reason), uint256(reason), "reason");
        assertEq(v.rule, rule, "rule");
        _assertRefused(abi.encodeWithSignature("isValidSignature(bytes,bytes)", data, signature), reason, rule);
    }
}
