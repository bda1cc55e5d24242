// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Forwarder} from "../base/Actors.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Limits that count requests, and limits for each recipient or initiator, on real Safes.
contract ScopesTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint192 private constant EACH = 100e6;
    uint192 private constant TIMES = 2;

    function table_aCountStopsTheRequestAfterTheLast(Edition edition) public {
        _under(edition, ProgramBuilder.COUNT, TIMES);
        _allowed(_pay(alice, 1));
        _allowed(_pay(alice, 1));
        Verdict memory v = _denied(_pay(alice, 1), Reason.LimitExceeded);
        assertEq(v.have, 0, "none is left");
        assertEq(v.need, 1, "one was asked");
        VM.warp(START + 12 hours);
        _allowed(_pay(alice, 1));
    }

    function table_aCountGrowsOnceInARequestHoweverManyEffectsItHas(Edition edition) public {
        _under(edition, ProgramBuilder.COUNT, TIMES);
        _allowed(_batch(_list(_pay(alice, 1), _pay(bob, 1), _pay(alice, 1))));
        _allowed(_batch(_list(_pay(alice, 1), _pay(bob, 1))));
        _denied(_pay(alice, 1), Reason.LimitExceeded);
    }

    function table_aCountAlsoCountsWhatMovesNothing(Edition edition) public {
        _under(edition, ProgramBuilder.COUNT, TIMES);
        _allowed(_pay(alice, 0));
        _allowed(_poke());
        _denied(_poke(), Reason.LimitExceeded);
    }

    function table_eachRecipientHasItsOwnLimit(Edition edition) public {
        _under(edition, ProgramBuilder.PER_RECIPIENT, EACH);
        _allowed(_pay(alice, EACH));
        Verdict memory v = _denied(_pay(alice, 1), Reason.LimitExceeded);
        assertEq(v.have, 0, "nothing is left for her");
        v = _denied(_batch(_list(_pay(bob, EACH - 1), _pay(bob, 2))), Reason.LimitExceeded);
        assertEq(v.effect, 1, "the second");
        assertEq(v.have, 1, "what this request left of it");
        _allowed(_batch(_list(_pay(bob, EACH - 1), _pay(bob, 1))));
        _denied(_pay(bob, 1), Reason.LimitExceeded);
    }

    function table_eachRecipientIsCountedByItself(Edition edition) public {
        _under(edition, ProgramBuilder.PER_RECIPIENT | ProgramBuilder.COUNT, TIMES);
        _allowed(_batch(_list(_pay(alice, 1), _pay(bob, 1))));
        _allowed(_pay(alice, 1));
        _denied(_pay(alice, 1), Reason.LimitExceeded);
        _allowed(_pay(bob, 1));
        _denied(_pay(bob, 1), Reason.LimitExceeded);
    }

    function table_eachInitiatorHasItsOwnLimit(Edition edition) public {
        _under(edition, ProgramBuilder.PER_INITIATOR, EACH);
        _allowed(_pay(alice, EACH));
        _denied(_pay(alice, 1), Reason.LimitExceeded);

        bytes memory data = _calldata(_pay(alice, EACH));
        VM.prank(stranger);
        (bool ok,) = address(safe).call(data);
        assertTrue(ok, "somebody else's limit is untouched");
        data = _calldata(_pay(alice, 1));
        VM.prank(stranger);
        (ok,) = address(safe).call(data);
        assertFalse(ok, "and is used up");
        assertEq(usdc.balanceOf(alice), 2 * uint256(EACH), "paid");
    }

    function table_aLimitPerRecipientOnAnEffectWithoutOneIsMalformed(Edition edition) public {
        _under(edition, ProgramBuilder.PER_RECIPIENT | ProgramBuilder.COUNT, TIMES);
        Verdict memory v = _denied(_poke(), Reason.MalformedProgram);
        assertEq(v.rule, NO_RULE, "no rule's doing");
    }

    function table_withinLetsTheNextRuleDecideWhatDoesNotFit(Edition edition) public {
        _deploy(edition);
        Draft memory d;
        d.expiry = EXPIRY;
        d.declare(address(usdc));
        d.limit("day", address(usdc), EACH, ProgramBuilder.DAY, false, 0);
        d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(uint8(0)));
        d.when(hex"1000");
        _anyTransfer(d);
        d.rule(ProgramBuilder.ALLOW, DELAY, "");
        _anyTransfer(d);
        _install(_deployCode(d.encode()), CHANGE_DELAY);

        _denied(_pay(alice, EACH + 1), Reason.NotAnnounced);
        _allowed(_pay(alice, EACH - 1));
        // The first fits, and with it the second does not.
        Verdict memory v = _denied(_batch(_list(_pay(alice, 1), _pay(alice, 1))), Reason.NotAnnounced);
        assertEq(v.effect, 1, "the second");
        v = _allowed(_pay(alice, 1));
        assertEq(v.rule, 0, "the last unit fits");
        _denied(_pay(alice, 1), Reason.NotAnnounced);
    }

    /// @dev Moves nothing.
    function _poke() private view returns (Action memory) {
        bytes memory nothing = abi.encodeCall(usdc.balanceOf, (alice));
        return _call(address(forwarder), abi.encodeCall(Forwarder.forward, (address(usdc), nothing)));
    }

    /// @dev One limit, which transfers and calls to the forwarder are charged to.
    function _under(Edition edition, uint8 flags, uint192 cap) private {
        _deploy(edition);
        Draft memory d;
        d.declare(address(usdc));
        address asset = flags & ProgramBuilder.COUNT != 0 ? address(0) : address(usdc);
        d.limit("limit", asset, cap, ProgramBuilder.DAY, flags, 0);
        d.rule(ProgramBuilder.ALLOW, 0, abi.encodePacked(uint8(0)));
        _anyTransfer(d);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, address(forwarder), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
    }
}
