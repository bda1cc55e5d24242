// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Request, Verdict} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

/// @notice Programs that ask for everything, cut short and damaged byte by byte, on a real Safe.
contract DamagedTest is ObligationTest {
    using ProgramBuilder for Draft;

    address private constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    uint8 private constant WITHIN = 0x10;

    function test_aProgramCutShortDecidesAsTheWholeOneOrDenies() public {
        bytes memory whole = _installed();
        Request[] memory requests = _requests();
        Verdict[] memory intact = _verdicts(whole, requests);
        for (uint256 length; length < whole.length; length++) {
            Verdict[] memory cut = _verdicts(_cut(whole, length), requests);
            for (uint256 i; i < requests.length; i++) {
                bool same = cut[i].reason == intact[i].reason && cut[i].rule == intact[i].rule;
                assertTrue(same || cut[i].reason != Reason.Allowed, "never allowed by half a program");
            }
        }
    }

    function test_aDamagedProgramIsAnsweredWithAVerdict() public {
        bytes memory whole = _installed();
        Request[] memory requests = _requests();
        uint256 malformed;
        for (uint256 at; at < whole.length; at++) {
            for (uint256 damage = 0x01; damage < 0x100; damage += 0xfe) {
                whole[at] ^= bytes1(uint8(damage));
                Verdict[] memory verdicts = _verdicts(whole, requests);
                whole[at] ^= bytes1(uint8(damage));
                for (uint256 i; i < verdicts.length; i++) {
                    if (verdicts[i].reason == Reason.MalformedProgram) malformed++;
                }
            }
        }
        assertTrue(malformed > whole.length / 4, "damage is seen");
    }

    /// @dev All rules must pass, so that each is read for each payment to alice.
    function _installed() private returns (bytes memory) {
        _deploy(Edition.V150);
        program = _deployCode(_asking());
        _install(program, CHANGE_DELAY);
        return program.code;
    }

    /// @dev Rules with all that rules can have: limits, lists of every size, conditions with operands, obligations.
    function _asking() private view returns (bytes memory) {
        Draft memory d;
        d.semantics = ProgramBuilder.ALL_MUST_PASS;
        d.expiry = EXPIRY;
        d.limit("usdc", address(usdc), CAP, ProgramBuilder.ROLLING, ProgramBuilder.EVERYWHERE, 3 hours);
        d.limit("usdc-day", address(usdc), CAP, ProgramBuilder.DAY, ProgramBuilder.PER_RECIPIENT, 0);
        d.declare(address(usdc));
        uint24 members = d.list(group);
        d.attesters(members, 2);
        d.rule(ProgramBuilder.ALLOW, 0, hex"0001");
        d.askOf(ProgramBuilder.APPROVALS, members, hex"0100");
        d.ask(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(2)));
        d.askOf(ProgramBuilder.NAMED_SIGNERS, d.list(owners), hex"01");
        d.ask(abi.encodePacked(ProgramBuilder.ATTESTATION, uint8(0)));
        d.ask(abi.encodePacked(ProgramBuilder.NOTIFY, bytes32("treasurers")));
        d.where(ProgramBuilder.RECIPIENT, _many(alice));
        d.when(abi.encodePacked(WITHIN, uint8(0)));
        d.begin(ProgramBuilder.NOT);
        d.atLeast(MOST);
        d.end();
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        // Asked for in the same words, and for more of them.
        d.rule(ProgramBuilder.ALLOW, 0, hex"01");
        d.askOf(ProgramBuilder.APPROVALS, members, hex"0203");
        d.ask(abi.encodePacked(ProgramBuilder.SIGNATURES, uint8(1)));
        d.where(ProgramBuilder.RECIPIENT, _members(alice, bob));
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(vendor));
        d.matching(ProgramBuilder.APPROVE | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        return d.encode();
    }

    /// @dev So many that the list is searched by its index.
    function _many(address one) private pure returns (address[] memory many) {
        many = new address[](20);
        for (uint160 i; i < 20; i++) {
            many[i] = address(0x1000 + 0x10000 * i);
        }
        many[19] = one;
    }

    function _requests() private view returns (Request[] memory requests) {
        requests = new Request[](5);
        (SafeTx memory t, bytes32 request) = _payment();
        bytes memory material = bytes.concat(_twoApprovals(request), _twoAttestations(request, _effects(alice, AMOUNT)));
        requests[0] = _asRequest(t, _with(request, material));
        requests[1] = _request(_pay(alice, AMOUNT));
        requests[2] = _request(_pay(bob, AMOUNT));
        bytes memory approval = abi.encodeWithSignature("approve(address,uint256)", vendor, AMOUNT);
        requests[3] = _request(_call(address(usdc), approval));
        approval = abi.encodeWithSignature("approve(address,address,uint160,uint48)", usdc, vendor, AMOUNT, DEADLINE);
        requests[4] = _request(_call(PERMIT2, approval));
    }

    function _verdicts(bytes memory code, Request[] memory requests) private returns (Verdict[] memory verdicts) {
        VM.etch(program, code);
        verdicts = new Verdict[](requests.length);
        for (uint256 i; i < requests.length; i++) {
            // That it does not revert is half of what is shown.
            verdicts[i] = hook.check(address(safe), requests[i]);
        }
    }

    function _cut(bytes memory whole, uint256 length) private pure returns (bytes memory cut) {
        cut = new bytes(length);
        for (uint256 i; i < length; i++) {
            cut[i] = whole[i];
        }
    }
}
