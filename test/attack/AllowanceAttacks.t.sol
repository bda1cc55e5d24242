// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";
import {Deeds} from "../tokens/Deeds.sol";

/// @notice What is allowed today leaves another day, when no limit looks. Each works without Portcullis.
contract AllowanceAttacks is TreasuryTest {
    using ProgramBuilder for Draft;

    address private constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;

    /// @dev Many allowances, each of what a day may spend, and all drawn at once, days later.
    function table_allowancesAreSavedUpAndDrawnTogether(Edition edition) public on(edition) {
        _execute(_grant(bob, CAP));
        _execute(_grant(alice, CAP));
        _draw(bob, CAP);
        _draw(alice, CAP);
        assertEq(usdc.balanceOf(bob) + usdc.balanceOf(alice), 2 * CAP, "works without Portcullis");

        _install(_everywhereDay(), CHANGE_DELAY);
        _allowed(_grant(alice, CAP));
        // Charged when granted, so nothing else leaves this day, drawn or not.
        Verdict memory v = _denied(_pay(bob, 1), Reason.LimitExceeded);
        assertEq(v.have, 0, "remaining");
        _denied(_grant(alice, 1), Reason.LimitExceeded);
        VM.warp(START + 3 days);
        _draw(alice, CAP);
        assertEq(usdc.balanceOf(alice), 2 * CAP, "what was granted, and no more");
        // That day has a cap of its own.
        _denied(_grant(alice, CAP + 1), Reason.LimitExceeded);
        _allowed(_grant(alice, CAP));
        _denied(_grant(alice, 1), Reason.LimitExceeded);
    }

    function table_anAllowanceWithoutBoundIsGranted(Edition edition) public on(edition) {
        Action memory attack = _grant(alice, type(uint256).max);
        _execute(attack);
        _draw(alice, FUNDS);
        assertEq(usdc.balanceOf(alice), FUNDS, "works without Portcullis");
        VM.prank(alice);
        usdc.transfer(address(safe), FUNDS);
        _execute(_grant(alice, 0));

        _install(_everywhereDay(), CHANGE_DELAY);
        _denied(attack, Reason.LimitExceeded);
        assertEq(usdc.allowance(address(safe), alice), 0, "INV-2");
    }

    /// @dev Permit2 itself does not stand at its address here: what is granted through it is charged by what the
    /// calldata says, before it is called.
    function table_permit2GrantsWhatNoLimitOfTheTokenSees(Edition edition) public on(edition) {
        Action memory attack = _permit(alice, CAP);
        _execute(attack);
        _install(_everywhereDay(), CHANGE_DELAY);
        _denied(_permit(stranger, 1), Reason.NoRule);
        _denied(_permit(alice, type(uint160).max), Reason.LimitExceeded);
        Verdict memory v = _allowed(attack);
        assertEq(v.rule, 0, "the rule for allowances of the token");
        _denied(_permit(alice, 1), Reason.LimitExceeded);
        v = _denied(_pay(bob, 1), Reason.LimitExceeded);
        assertEq(v.have, 0, "INV-2");
    }

    /// @dev Of a token that the policy does not know, it is a call like any other, which needs a rule that names Permit2.
    function table_permit2IsCalledForAnotherToken(Edition edition) public on(edition) {
        _install(_everywhereDay(), CHANGE_DELAY);
        Action memory attack = _permit(alice, 1);
        attack.data =
            abi.encodeWithSignature("approve(address,address,uint160,uint48)", address(forwarder), alice, 1, 1);
        Verdict memory v = _denied(attack, Reason.NoRule);
        assertEq(v.have, 4, "kind");
        attack.data = abi.encodeWithSignature("permit(address)", address(usdc));
        _denied(attack, Reason.NoRule);
    }

    function table_anOperatorIsMadeAndTakesEverythingLater(Edition edition) public on(edition) {
        Deeds deeds = new Deeds(address(safe), 3);
        Action memory attack = _call(address(deeds), abi.encodeCall(deeds.setApprovalForAll, (alice, true)));
        _execute(attack);
        VM.prank(alice);
        deeds.transferFrom(address(safe), alice, 0);
        assertEq(deeds.ownerOf(0), alice, "works without Portcullis");
        _execute(_call(address(deeds), abi.encodeCall(deeds.setApprovalForAll, (alice, false))));

        // A rule lets alice have allowances, and the limit is as high as limits go.
        Draft memory d;
        d.limit("deeds", address(deeds), type(uint192).max, ProgramBuilder.DAY, true, 0);
        d.declare(address(deeds), ProgramBuilder.ERC721);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.where(ProgramBuilder.RECIPIENT, _members(alice));
        d.matching(ProgramBuilder.APPROVE | ProgramBuilder.ANY_SELECTOR, address(deeds), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        _denied(attack, Reason.LimitExceeded);
        assertFalse(deeds.isApprovedForAll(address(safe), alice), "INV-2");
        _allowed(_call(address(deeds), abi.encodeCall(deeds.approve, (alice, 1))));
    }

    function _grant(address spender, uint256 amount) private view returns (Action memory) {
        return _call(address(usdc), abi.encodeCall(usdc.approve, (spender, amount)));
    }

    function _permit(address spender, uint256 amount) private view returns (Action memory) {
        bytes memory data = abi.encodeWithSignature(
            "approve(address,address,uint160,uint48)", address(usdc), spender, amount, uint256(START + 30 days)
        );
        return _call(PERMIT2, data);
    }

    function _draw(address spender, uint256 amount) private {
        VM.prank(spender);
        usdc.transferFrom(address(safe), spender, amount);
    }
}
