// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SignatureHandler} from "../../contracts/SignatureHandler.sol";
import {ISignatureHandler} from "../../contracts/interfaces/ISignatureHandler.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Verdict} from "../../contracts/types/Types.sol";
import {Exchange} from "../tokens/Exchange.sol";
import {ISafe} from "./ISafe.sol";
import {ObligationTest} from "./ObligationTest.sol";
import {Draft, ProgramBuilder} from "./ProgramBuilder.sol";
import {Edition} from "./Safes.sol";

interface IERC1271 {
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4);
    function isValidSignature(bytes calldata data, bytes calldata signature) external view returns (bytes4);
}

/// @notice Something to be signed, in the parts that rules look at.
struct Message {
    bytes32 domain;
    bytes32 typeHash;
    bytes encoded;
}

/// @notice What is signed and how, spelled out here once more.
library Signing {
    bytes32 private constant SAFE_DOMAIN = 0x47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218;

    /// @notice What the digest is the digest of.
    function data(Message memory m) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"1901", m.domain, keccak256(abi.encodePacked(m.typeHash, m.encoded)));
    }

    function digest(Message memory m) internal pure returns (bytes32) {
        return keccak256(data(m));
    }

    function payload(Message memory m) internal pure returns (bytes memory) {
        return abi.encodePacked(m.domain, m.typeHash, m.encoded);
    }

    /// @notice What the owners sign of a message that is `raw` bytes to the Safe.
    function preimage(address account, bytes memory raw) internal view returns (bytes memory) {
        bytes32 domain = keccak256(abi.encode(SAFE_DOMAIN, block.chainid, account));
        bytes32 hash = keccak256(abi.encode(keccak256("SafeMessage(bytes message)"), keccak256(raw)));
        return abi.encodePacked(hex"1901", domain, hash);
    }

    function hashFor(Message memory m, address account) internal view returns (bytes32) {
        return keccak256(preimage(account, abi.encode(digest(m))));
    }

    /// @notice Shows the payload behind the owner signatures.
    function show(bytes memory signatures, bytes memory payload_) internal pure returns (bytes memory) {
        return abi.encodePacked(signatures, payload_, payload_.length, keccak256("PortcullisMessage(bytes payload)"));
    }
}

/// @notice An account whose fallback handler is the signature handler, and an exchange that believes it.
abstract contract MessageTest is ObligationTest {
    using ProgramBuilder for Draft;
    using Signing for Message;

    bytes4 internal constant MAGIC = 0x1626ba7e;
    bytes4 internal constant LEGACY_MAGIC = 0x20c13b0b;
    uint16 internal constant NONE = 0xffff;

    SignatureHandler internal handler;
    Exchange internal exchange;

    /// @dev The Safe, its handler and the exchange, and a program that is not yet installed.
    modifier with(Edition edition, function() internal view returns (Draft memory) draft) {
        _prepare(edition);
        program = _deployCode(draft().encode());
        _install(program, CHANGE_DELAY);
        _;
    }

    function _prepare(Edition edition) internal {
        _deploy(edition);
        handler = new SignatureHandler(address(hook));
        exchange = new Exchange();
        _execute(_call(address(usdc), abi.encodeCall(usdc.approve, (address(exchange), FUNDS))));
        _execute(_call(address(safe), abi.encodeCall(ISafe.setFallbackHandler, (address(handler)))));
    }

    // Programs

    function _noMessages() internal view returns (Draft memory d) {
        d.declare(address(usdc));
        d.guardians = d.list(group);
    }

    /// @dev Permits are denied whatever follows; orders pass, and whatever else the domain signs does not.
    function _orders() internal view returns (Draft memory d) {
        d = _noMessages();
        d.message(0, exchange.PERMIT(), 0);
        d.message(exchange.domainSeparator(), exchange.ORDER(), ProgramBuilder.ALLOW);
    }

    function _anything() internal view returns (Draft memory d) {
        d = _noMessages();
        d.message(0, 0, ProgramBuilder.ALLOW);
    }

    // Messages

    function _order(uint256 amount, uint256 price) internal view returns (Message memory) {
        return Message(exchange.domainSeparator(), exchange.ORDER(), abi.encode(safe, usdc, amount, price, uint256(0)));
    }

    function _permit(address spender, uint256 amount) internal view returns (Message memory) {
        return
            Message(exchange.domainSeparator(), exchange.PERMIT(), abi.encode(safe, spender, usdc, amount, uint256(0)));
    }

    /// @dev Signed by the first two owners, as the threshold wants.
    function _signed(Message memory m) internal view returns (bytes memory) {
        return Signing.show(_signatures(m.hashFor(address(safe))), m.payload());
    }

    // Asking

    function _validates(Message memory m, bytes memory signature) internal view {
        _validates(m, signature, 0);
    }

    function _validates(Message memory m, bytes memory signature, uint16 rule) internal view {
        Verdict memory v = handler.check(address(safe), m.digest(), signature);
        assertEq(uint256(v.reason), uint256(Reason.Allowed), "check");
        assertEq(v.rule, rule, "the rule that allows");
        bytes4 answer = IERC1271(address(safe)).isValidSignature(m.digest(), signature);
        assertTrue(answer == MAGIC, "valid");
    }

    /// @dev Asserts that the account does not sign, for this reason, and what it reverts with.
    function _refuses(Message memory m, bytes memory signature, Reason reason, uint16 rule)
        internal
        view
        returns (Verdict memory)
    {
        return _refusesDigest(m.digest(), signature, reason, rule);
    }

    function _refusesDigest(bytes32 digest, bytes memory signature, Reason reason, uint16 rule)
        internal
        view
        returns (Verdict memory v)
    {
        v = handler.check(address(safe), digest, signature);
        assertEq(uint256(v.reason), uint256(reason), "reason");
        assertEq(v.rule, rule, "rule");
        assertEq(v.effect, 0, "effect");
        _assertRefused(abi.encodeWithSignature("isValidSignature(bytes32,bytes)", digest, signature), reason, rule);
    }

    function _assertRefused(bytes memory question, Reason reason, uint16 rule) internal view {
        (bool ok, bytes memory answer) = address(safe).staticcall(question);
        assertFalse(ok, "valid");
        assertEq(answer, abi.encodeWithSelector(ISignatureHandler.MessageDenied.selector, reason, rule), "revert");
    }
}
