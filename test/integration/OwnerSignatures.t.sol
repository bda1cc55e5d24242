// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Request, Verdict} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Meddler} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

interface IApproveHash {
    function approveHash(bytes32 hash) external;
}

/// @notice Rules that ask for more owners than the Safe's threshold of two, or for certain ones.
contract OwnerSignaturesTest is ObligationTest {
    using ProgramBuilder for Draft;

    bytes32 private constant DOMAIN = 0x47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218;
    bytes32 private constant SAFE_TX = 0xbb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8;

    modifier threeOf(Edition edition) {
        _deploy(edition);
        _asking(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(3)));
        _install(program, CHANGE_DELAY);
        _;
    }

    function table_neverPaysWithTheThresholdAlone(Edition edition) public threeOf(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        _fails(t, _signatures(request), Reason.TooFewSignatures, 2, 3);
        _fails(t, _seal(_signatures(request), ""), Reason.TooFewSignatures, 2, 3);
        // What is in the envelope is no owner signature.
        bytes memory third = _sign(keys[2], request);
        _fails(t, _seal(_signatures(request), third), Reason.TooFewSignatures, 2, 3);
        _fails(t, bytes.concat(_signatures(request), new bytes(64)), Reason.TooFewSignatures, 2, 3);
        _passes(t, bytes.concat(_signatures(request), third));
    }

    function table_neverCountsABadThirdSignature(Edition edition) public threeOf(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory two = _signatures(request);
        bytes[9] memory bad = [
            _sign(keys[0], request),
            _sign(keys[1], request),
            _sign(people[0], request),
            _sign(keys[2], keccak256("another")),
            new bytes(65),
            abi.encodePacked(uint256(uint160(owners[2])), uint256(0), uint8(1)),
            abi.encodePacked(uint256(1), uint256(0), uint8(1)),
            abi.encodePacked(uint256(uint160(owners[2])), uint256(195), uint8(0)),
            abi.encodePacked(uint256(uint160(owners[2])), uint256(0), uint8(0))
        ];
        for (uint256 i; i < bad.length; i++) {
            _fails(t, bytes.concat(two, bad[i]), Reason.BadOwnerSignatures, 2, 0);
        }
        _passes(t, bytes.concat(two, _sign(keys[2], request)));
    }

    function table_takesEthSignAndTheTwin_asTheSafeDoes(Edition edition) public threeOf(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes32 prefixed = keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", request));
        bytes memory third = _sign(keys[2], prefixed);
        _fails(t, bytes.concat(_signatures(request), third), Reason.BadOwnerSignatures, 2, 0);
        third[64] = bytes1(uint8(third[64]) + 4);
        bytes memory second = _twin(_sign(keys[1], request));
        _passes(t, bytes.concat(_sign(keys[0], request), second, third));
    }

    function table_takesAnApprovedHash(Edition edition) public threeOf(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory third = abi.encodePacked(uint256(uint160(owners[2])), uint256(0), uint8(1));
        _fails(t, bytes.concat(_signatures(request), third), Reason.BadOwnerSignatures, 2, 0);
        VM.prank(owners[2]);
        IApproveHash(address(safe)).approveHash(request);
        _passes(t, bytes.concat(_signatures(request), third));
    }

    function table_takesTheOwnerWhoExecutes(Edition edition) public threeOf(edition) {
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory third = abi.encodePacked(uint256(uint160(owners[2])), uint256(0), uint8(1));
        bytes memory signatures = bytes.concat(_signatures(request), third);
        _fails(t, signatures, Reason.BadOwnerSignatures, 2, 0);
        Request memory r = _asRequest(t, signatures);
        r.initiator = owners[2];
        assertEq(uint256(hook.check(address(safe), r).reason), uint256(Reason.Allowed), "check");
        VM.prank(owners[2]);
        (bool ok,) = address(safe).call(_calldata(t, signatures));
        assertTrue(ok, "execTransaction");
        assertEq(usdc.balanceOf(alice), AMOUNT, "alice");
    }

    function table_takesASafeAsAnOwner(Edition edition) public on(edition) {
        _asking(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(3)));
        // The Safe looks at the first two, and this is about the third.
        uint256 salt = 1;
        address nested = _safeOf(people[0], salt);
        while (nested < owners[1]) nested = _safeOf(people[0], ++salt);
        _execute(_call(address(safe), abi.encodeCall(ISafe.addOwnerWithThreshold, (nested, 2))));
        _install(program, CHANGE_DELAY);
        (SafeTx memory t, bytes32 request) = _payment();
        // From 1.5.0 on, contracts are asked about the hash.
        bytes memory message = guardsModules ? abi.encode(request) : _preimage(t);
        bytes memory good = _signedFor(nested, people[0], message);
        bytes memory wrong = _signedFor(nested, people[1], message);
        _fails(t, _third(nested, request, 195, good.length, wrong), Reason.BadOwnerSignatures, 2, 0);
        _fails(t, _third(nested, request, 194, good.length, good), Reason.BadOwnerSignatures, 2, 0);
        _fails(t, _third(nested, request, 130, good.length, good), Reason.BadOwnerSignatures, 2, 0);
        _fails(t, _third(nested, request, 195, good.length + 1, good), Reason.BadOwnerSignatures, 2, 0);
        _fails(t, _third(nested, request, type(uint256).max, 65, good), Reason.BadOwnerSignatures, 2, 0);
        _fails(t, _third(nested, request, 195, type(uint256).max, good), Reason.BadOwnerSignatures, 2, 0);
        _passes(t, _third(nested, request, 195, good.length, good));
    }

    /// @dev An owner of the first two is asked by the Safe and by the hook, one of the group by the hook alone.
    function table_whoIsAskedForASignatureDoesNothingMeanwhile(Edition edition) public on(edition) {
        Meddler meddler = new Meddler(address(hook));
        _asking(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(3)));
        while (address(meddler) < owners[1]) meddler = new Meddler(address(hook));
        _execute(_call(address(safe), abi.encodeCall(ISafe.addOwnerWithThreshold, (address(meddler), 2))));
        _install(program, CHANGE_DELAY);
        (SafeTx memory t, bytes32 request) = _payment();
        meddler.prepare(abi.encodeCall(IPolicyHook.approve, (address(safe), request, program.codehash, DEADLINE)));
        _passes(t, _third(address(meddler), request, 195, 0, ""));

        group = _ascending(address(meddler), group[0], group[1]);
        _twoApprove(0);
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stage, (program, program.codehash, 0))));
        VM.warp(block.timestamp + CHANGE_DELAY);
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.activate, (program))));
        (t, request) = _payment();
        meddler.prepare(abi.encodeCall(IPolicyHook.approve, (address(safe), request, program.codehash, DEADLINE)));
        uint64 later = uint64(block.timestamp);
        bytes memory entry = abi.encodePacked(uint8(1), later, meddler, uint16(0));
        _fails(t, _with(request, _item(1, entry)), Reason.TooFewApprovals, 1, 2);
        _fails(t, _signatures(request), Reason.TooFewApprovals, 0, 2);
    }

    function table_namedOwnersMustSign(Edition edition) public on(edition) {
        Draft memory d = _begin();
        d.askOf(ProgramBuilder.NAMED_SIGNERS, d.list(_members(owners[1], owners[2])), abi.encodePacked(uint8(1)));
        _finish(d);
        _install(program, CHANGE_DELAY);
        (SafeTx memory t, bytes32 request) = _payment();
        _passes(t, _signatures(request));

        d = _begin();
        d.ask(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(3)));
        d.askOf(ProgramBuilder.NAMED_SIGNERS, d.list(_members(owners[2])), abi.encodePacked(uint8(2)));
        _finish(d);
        bytes memory stage = abi.encodeWithSignature("stage(address,bytes32,uint32)", program, program.codehash, 0);
        _execute(_call(address(hook), stage));
        VM.warp(block.timestamp + CHANGE_DELAY);
        _execute(_call(address(hook), abi.encodeWithSignature("activate(address)", program)));
        (t, request) = _payment();
        bytes memory three = bytes.concat(_signatures(request), _sign(keys[2], request));
        _fails(t, three, Reason.TooFewNamedSigners, 1, 2);
    }

    function table_neverCountsANamedOwnerWhoDidNotSign(Edition edition) public on(edition) {
        Draft memory d = _begin();
        d.askOf(ProgramBuilder.NAMED_SIGNERS, d.list(_members(owners[2])), abi.encodePacked(uint8(1)));
        _finish(d);
        _install(program, CHANGE_DELAY);
        (SafeTx memory t, bytes32 request) = _payment();
        _fails(t, _signatures(request), Reason.TooFewNamedSigners, 0, 1);
        // Beyond the threshold nobody looks, unless a rule asks for more.
        _fails(t, bytes.concat(_signatures(request), _sign(keys[2], request)), Reason.TooFewNamedSigners, 0, 1);
        _passes(t, bytes.concat(_sign(keys[0], request), _sign(keys[2], request)));
    }

    function test_aModuleNeverMeetsThem() public on(Edition.V150) {
        Draft memory d;
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW | ProgramBuilder.FOR_MODULES, 0, "");
        d.ask(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(1)));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        Verdict memory v = _checkModule(stranger, _pay(alice, 1));
        assertEq(uint256(v.reason), uint256(Reason.TooFewSignatures), "check");
        assertEq(v.have, 0, "have");
        assertEq(v.need, 2, "the threshold, which is higher");
    }

    function _asking(bytes memory obligation) private {
        Draft memory d = _begin();
        d.ask(obligation);
        _finish(d);
    }

    function _preimage(SafeTx memory t) private view returns (bytes memory) {
        bytes32 domain = keccak256(abi.encode(DOMAIN, block.chainid, safe));
        bytes memory first = abi.encode(SAFE_TX, t.to, t.value, keccak256(t.data), t.operation);
        bytes memory rest = abi.encode(t.safeTxGas, t.baseGas, t.gasPrice, t.gasToken, t.refundReceiver, t.nonce);
        return abi.encodePacked(hex"1901", domain, keccak256(bytes.concat(first, rest)));
    }

    /// @dev Signed by the first two owners and, by a contract signature, the nested Safe.
    function _third(address nested, bytes32 request, uint256 offset, uint256 length, bytes memory signature)
        private
        view
        returns (bytes memory)
    {
        bytes memory part = abi.encodePacked(uint256(uint160(nested)), offset, uint8(0));
        return abi.encodePacked(_signatures(request), part, length, signature);
    }
}
