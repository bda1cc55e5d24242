// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request, Verdict} from "../../contracts/types/Types.sol";
import {SafeTx} from "./AccountTest.sol";
import {ISafe} from "./ISafe.sol";
import {Draft, ProgramBuilder} from "./ProgramBuilder.sol";
import {Edition, Safes} from "./Safes.sol";
import {TreasuryTest} from "./TreasuryTest.sol";
import {VM} from "./Vm.sol";

interface ISafeHandler {
    function getMessageHash(bytes calldata message) external view returns (bytes32);
}

/// @notice A treasury that pays alice only with what one rule asks for, and bob just so. Signatures are real, and the
/// hashes that are signed are spelled out here once more.
abstract contract ObligationTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint256 internal constant AMOUNT = 10e6;
    uint64 internal constant DEADLINE = uint64(START + 1 hours);
    /// @dev Half the order of the curve is behind the order itself.
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant APPROVAL =
        keccak256("Approval(address account,bytes32 request,bytes32 program,uint32 epoch,uint64 deadline)");
    bytes32 private constant ATTESTATION = keccak256(
        "Attestation(address account,bytes32 request,bytes32 effects,bytes32 program,uint32 epoch,uint8 set,bytes statement,bytes32 proposal,uint64 deadline)"
    );

    /// @dev Three people of a group, ascending by address. None is an owner.
    uint256[3] internal people;
    address[] internal group;
    uint32 internal epoch;

    constructor() {
        for (uint256 i; i < 3; i++) {
            people[i] = uint256(keccak256(abi.encode("member", i)));
            for (uint256 j = i; j > 0 && VM.addr(people[j]) < VM.addr(people[j - 1]); j--) {
                (people[j], people[j - 1]) = (people[j - 1], people[j]);
            }
        }
        for (uint256 i; i < 3; i++) {
            group.push(VM.addr(people[i]));
        }
    }

    // The program

    /// @dev To be followed by what the rule asks for, and {_finish}.
    function _begin() internal view returns (Draft memory d) {
        d.expiry = EXPIRY;
        d.declare(address(usdc));
        d.guardians = d.list(group);
        d.rule(ProgramBuilder.ALLOW, 0, "");
    }

    function _finish(Draft memory d) internal {
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(bob));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL, address(forwarder), 0x6fadcf72);
        program = _deployCode(d.encode());
    }

    /// @dev Two of the group must approve.
    function _twoApprove(uint8 flags) internal returns (Draft memory d) {
        d = _begin();
        d.askOf(ProgramBuilder.APPROVALS, d.list(group), abi.encodePacked(uint8(2), flags));
        _finish(d);
    }

    /// @dev Two of the group must attest.
    function _twoAttest() internal returns (Draft memory d) {
        d = _begin();
        d.attesters(d.list(group), 2);
        d.ask(abi.encodePacked(ProgramBuilder.ATTESTATION, uint8(0)));
        _finish(d);
    }

    // What is signed

    function _approval(bytes32 request, uint64 deadline) internal view returns (bytes32) {
        return _digest(bytes.concat(abi.encode(APPROVAL, safe, request), abi.encode(program.codehash, epoch, deadline)));
    }

    function _attestation(bytes32 request, bytes32 effects, uint8 set, bytes32 proposal, uint64 deadline)
        internal
        view
        returns (bytes32)
    {
        return _statement(request, effects, set, "", proposal, deadline);
    }

    function _statement(
        bytes32 request,
        bytes32 effects,
        uint8 set,
        bytes memory statement,
        bytes32 proposal,
        uint64 deadline
    ) internal view returns (bytes32) {
        bytes memory about = abi.encode(ATTESTATION, safe, request, effects);
        bytes memory under = abi.encode(program.codehash, epoch, set);
        return _digest(bytes.concat(about, under, abi.encode(keccak256(statement), proposal, deadline)));
    }

    function _digest(bytes memory message) private view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN, keccak256("Portcullis"), keccak256("1"), block.chainid, hook));
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(message)));
    }

    /// @dev Of one transfer of the token.
    function _effects(address to, uint256 amount) internal view returns (bytes32) {
        return _fold(0, to, amount);
    }

    function _fold(bytes32 before, address to, uint256 amount) internal view returns (bytes32) {
        bytes memory head = abi.encode(before, uint256(2), usdc, uint256(uint32(usdc.transfer.selector)));
        return keccak256(bytes.concat(head, abi.encode(usdc, to, amount)));
    }

    // Material

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The other signature that the precompile takes for the same one.
    function _twin(bytes memory signature) internal pure returns (bytes memory) {
        uint256 s;
        uint8 v = uint8(signature[64]);
        bytes32 r;
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        return abi.encodePacked(r, ORDER - s, v == 27 ? 28 : 27);
    }

    function _approvalBy(uint256 key, bytes32 request, uint64 deadline) internal view returns (bytes memory) {
        return abi.encodePacked(uint8(0), deadline, _sign(key, _approval(request, deadline)));
    }

    /// @dev Approvals of the first two of the group.
    function _twoApprovals(bytes32 request) internal view returns (bytes memory) {
        return
            _item(1, bytes.concat(_approvalBy(people[0], request, DEADLINE), _approvalBy(people[1], request, DEADLINE)));
    }

    function _twoAttestations(bytes32 request, bytes32 effects) internal view returns (bytes memory) {
        bytes32 digest = _attestation(request, effects, 0, "proposal", DEADLINE);
        return _attested(0, DEADLINE, bytes.concat(_entry(people[0], digest), _entry(people[1], digest)));
    }

    function _attested(uint8 set, uint64 deadline, bytes memory entries) internal pure returns (bytes memory) {
        return _item(2, abi.encodePacked(set, deadline, bytes32("proposal"), uint16(0), entries));
    }

    function _entry(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), _sign(key, digest));
    }

    function _item(uint8 kind, bytes memory body) internal pure returns (bytes memory) {
        return abi.encodePacked(kind, uint24(body.length), body);
    }

    function _seal(bytes memory signatures, bytes memory payload) internal pure returns (bytes memory) {
        return abi.encodePacked(signatures, payload, payload.length, keccak256("PortcullisMaterial(bytes payload)"));
    }

    // Execution

    /// @dev A payment to alice at the present nonce, and its name.
    function _payment() internal view returns (SafeTx memory t, bytes32 request) {
        t = _safeTx(_pay(alice, AMOUNT));
        request = _hash(t);
    }

    /// @dev Two owners' signatures with the payload behind them.
    function _with(bytes32 request, bytes memory payload) internal view returns (bytes memory) {
        return _seal(_signatures(request), payload);
    }

    function _passes(SafeTx memory t, bytes memory signatures) internal {
        Verdict memory v = hook.check(address(safe), _asRequest(t, signatures));
        assertEq(uint256(v.reason), uint256(Reason.Allowed), "check");
        uint256 before = usdc.balanceOf(alice);
        (bool ok, bytes memory returned) = address(safe).call(_calldata(t, signatures));
        assertEq(returned, abi.encode(true), "execTransaction");
        assertTrue(ok, "execTransaction");
        assertEq(usdc.balanceOf(alice), before + AMOUNT, "alice is paid");
    }

    /// @dev Asserts that the execution reverts with what `check` says, and what that is.
    function _fails(SafeTx memory t, bytes memory signatures, Reason reason, uint256 have, uint256 need) internal {
        Verdict memory v = hook.check(address(safe), _asRequest(t, signatures));
        assertEq(uint256(v.reason), uint256(reason), "check");
        assertEq(v.have, have, "have");
        assertEq(v.need, need, "need");
        assertEq(v.rule, 0, "the rule that asked");
        assertEq(v.effect, 0, "the effect that asked");
        (bool ok, bytes memory returned) = address(safe).call(_calldata(t, signatures));
        assertFalse(ok, "executed");
        assertEq(returned, _denial(v), "revert");
    }

    function _asRequest(SafeTx memory t, bytes memory signatures) internal view returns (Request memory r) {
        r.initiator = address(this);
        (r.safeTxGas, r.baseGas, r.gasPrice) = (t.safeTxGas, t.baseGas, t.gasPrice);
        (r.gasToken, r.refundReceiver, r.nonce) = (t.gasToken, t.refundReceiver, t.nonce);
        r.signatures = signatures;
        r.actions = _list(Action(t.to, t.value, t.data, t.operation));
    }

    // Other Safes

    /// @dev A Safe of the same release whose one owner is the member with this key.
    function _safeOf(uint256 key, uint256 salt) internal returns (address) {
        return address(Safes.deploySafe(kit, _members(VM.addr(key)), 1, salt));
    }

    /// @dev What makes the Safe's handler say that the Safe has signed the message.
    function _signedFor(address other, uint256 key, bytes memory message) internal view returns (bytes memory) {
        return _sign(key, ISafeHandler(other).getMessageHash(message));
    }

    function _ascending(address a, address b, address c) internal pure returns (address[] memory sorted) {
        if (a > b) (a, b) = (b, a);
        if (b > c) (b, c) = (c, b);
        if (a > b) (a, b) = (b, a);
        sorted = new address[](3);
        (sorted[0], sorted[1], sorted[2]) = (a, b, c);
    }
}
