// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";
import {Token} from "../tokens/Token.sol";

contract LimitsTest is TreasuryTest {
    using ProgramBuilder for Draft;

    function table_paymentsThatRaceWithinADayStopAtTheCap(Edition edition) public installed(edition) {
        for (uint256 i; i < 3; i++) {
            _allowed(_pay(i % 2 == 0 ? alice : bob, 40_000e6));
        }
        Verdict memory v = _denied(_pay(alice, 40_000e6), Reason.LimitExceeded);
        assertEq(v.rule, PAYROLL, "rule");
        assertEq(v.detail, DAILY, "limit");
        assertEq(v.have, 30_000e6, "what was left");
        assertEq(v.need, 40_000e6, "what was asked");

        _allowed(_pay(alice, 30_000e6));
        v = _denied(_pay(alice, 1), Reason.LimitExceeded);
        assertEq(v.have, 0, "nothing is left");
        assertEq(usdc.balanceOf(alice) + usdc.balanceOf(bob), CAP, "exactly the cap");
    }

    function table_aCalendarDayEndsAtMidnight(Edition edition) public installed(edition) {
        _allowed(_pay(alice, MOST));
        _allowed(_pay(alice, MOST));
        _allowed(_pay(alice, MOST));
        VM.warp(START + 12 hours - 1);
        _denied(_pay(alice, 1), Reason.LimitExceeded);
        VM.warp(START + 12 hours);
        _allowed(_pay(alice, MOST));
    }

    function table_aBatchIsChargedAsAWhole(Edition edition) public installed(edition) {
        Action[] memory four = new Action[](4);
        for (uint256 i; i < 4; i++) {
            four[i] = _pay(alice, 40_000e6);
        }
        Verdict memory v = _denied(_batch(four), Reason.LimitExceeded);
        assertEq(v.effect, 3, "the fourth");
        assertEq(v.have, 30_000e6, "what was left");

        four[3] = _pay(alice, 30_000e6);
        _allowed(_batch(four));
        _denied(_pay(alice, 1), Reason.LimitExceeded);
    }

    function table_aFailedExecutionChargesNothing(Edition edition) public installed(edition) {
        // Allowed by every rule, and then refused by the token: the account does not own that much.
        VM.prank(address(safe));
        usdc.transfer(stranger, FUNDS);
        Action memory pay = _pay(alice, MOST);
        assertEq(uint256(_check(pay).reason), uint256(Reason.Allowed), "the hook allows it");

        bytes memory data = _calldata(pay);
        VM.record();
        (bool ok,) = address(safe).call(data);
        assertFalse(ok, "it fails");
        (, bytes32[] memory written) = VM.accesses(address(hook));
        assertTrue(written.length > 0, "it was charged before it failed");
        for (uint256 i; i < written.length; i++) {
            assertEq(VM.load(address(hook), written[i]), bytes32(0), "the charge is undone");
        }

        VM.prank(stranger);
        usdc.transfer(address(safe), FUNDS);
        _allowed(_pay(alice, MOST));
        _allowed(_pay(alice, MOST));
        _allowed(_pay(alice, MOST));
    }

    function table_aBatchThatFailsHalfwayChargesNothing(Edition edition) public installed(edition) {
        Action memory over = _send(alice, MOST_ETHER);
        VM.deal(address(safe), 0);
        (bool ok,) = address(safe).call(_calldata(_batch(_list(_pay(alice, MOST), over))));
        assertFalse(ok, "it fails");
        assertEq(usdc.balanceOf(alice), 0, "nothing is paid");
        Verdict memory v = _denied(_batch(_payments(4, 40_000e6)), Reason.LimitExceeded);
        assertEq(v.have, 30_000e6, "three still fit");
    }

    function table_everyAccountHasLimitsOfItsOwn(Edition edition) public installed(edition) {
        _allowed(_batch(_payments(3, MOST)));
        _denied(_pay(alice, 1), Reason.LimitExceeded);

        VM.prank(address(safe));
        usdc.transfer(stranger, MOST);
        safe = Safes.deploySafe(kit, owners, 2, 1);
        VM.prank(stranger);
        usdc.transfer(address(safe), MOST);
        _install(program, CHANGE_DELAY);
        _allowed(_pay(alice, MOST));
    }

    function table_aWeekEndsOnMonday(Edition edition) public on(edition) {
        _install(_limited(ProgramBuilder.WEEK, CAP), CHANGE_DELAY);
        _allowed(_pay(alice, CAP));
        uint256 monday = START - 12 hours + 3 days;
        VM.warp(monday - 1);
        _denied(_pay(alice, 1), Reason.LimitExceeded);
        VM.warp(monday);
        _allowed(_pay(alice, CAP));
    }

    function table_aMonthEndsWithItsLastDay(Edition edition) public on(edition) {
        _install(_limited(ProgramBuilder.MONTH, CAP), CHANGE_DELAY);
        _allowed(_pay(alice, CAP));
        uint256 february = START - 12 hours + 24 days;
        VM.warp(february - 1);
        _denied(_pay(alice, 1), Reason.LimitExceeded);
        VM.warp(february);
        _allowed(_pay(alice, CAP));
    }

    function table_aLimitPerTransactionCountsOneRequest(Edition edition) public on(edition) {
        _install(_limited(ProgramBuilder.PER_TRANSACTION, CAP), CHANGE_DELAY);
        Verdict memory v = _denied(_batch(_list(_pay(alice, CAP), _pay(alice, 1))), Reason.LimitExceeded);
        assertEq(v.effect, 1, "the second");
        assertEq(v.have, 0, "nothing is left in this one");
        _allowed(_pay(alice, CAP));
        _allowed(_batch(_list(_pay(alice, CAP - 1), _pay(alice, 1))));
    }

    // Rolling: in no interval of the window's length is more than the cap authorised.

    function table_rolling_neverFreesBeforeTheWindowHasPassed(Edition edition) public on(edition) {
        _install(_limited(ProgramBuilder.ROLLING, CAP), CHANGE_DELAY);
        _allowed(_pay(alice, CAP));
        VM.warp(START + 1 days - 1);
        Verdict memory v = _denied(_pay(alice, 1), Reason.LimitExceeded);
        assertEq(v.have, 0, "nothing is left");
        // A lane of an eighth of the window, after which everything is free again.
        VM.warp(START + 1 days + 3 hours);
        _allowed(_pay(alice, CAP));
    }

    function table_rolling_neverDoublesAcrossMidnight(Edition edition) public on(edition) {
        _install(_limited(ProgramBuilder.ROLLING, CAP), CHANGE_DELAY);
        VM.warp(START + 12 hours - 1);
        _allowed(_pay(alice, CAP));
        VM.warp(START + 12 hours);
        _denied(_pay(alice, CAP), Reason.LimitExceeded);
        _denied(_pay(alice, 1), Reason.LimitExceeded);
    }

    function table_rolling_freesWhatIsOldAndKeepsWhatIsNot(Edition edition) public on(edition) {
        _install(_limited(ProgramBuilder.ROLLING, CAP), CHANGE_DELAY);
        _allowed(_pay(alice, 100_000e6));
        VM.warp(START + 12 hours);
        _allowed(_pay(alice, 50_000e6));
        VM.warp(START + 27 hours);
        Verdict memory v = _denied(_pay(alice, 100_001e6), Reason.LimitExceeded);
        assertEq(v.have, 100_000e6, "the first payment is free again");
        _allowed(_pay(alice, 100_000e6));
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_rolling_neverAuthorisesMoreThanTheCapInAnyWindow(uint256 seed) public on(Edition.V150) {
        _install(_limited(ProgramBuilder.ROLLING, CAP), CHANGE_DELAY);
        uint256[24] memory at;
        uint256[24] memory paid;
        uint256 now_ = START;
        for (uint256 i; i < 24; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            now_ += seed % 9 hours;
            uint256 amount = 1 + (seed >> 64) % CAP;
            VM.warp(now_);
            if (_check(_pay(alice, amount)).reason == Reason.Allowed) {
                _execute(_pay(alice, amount));
                (at[i], paid[i]) = (now_, amount);
            } else {
                at[i] = now_;
            }
            uint256 inWindow;
            for (uint256 j; j <= i; j++) {
                if (now_ - at[j] <= 1 days) inWindow += paid[j];
            }
            assertLe(inWindow, CAP, "INV-2");
        }
    }

    function table_everywhere_chargesWhicheverRuleAllows(Edition edition) public on(edition) {
        _install(_everywhereDay(), CHANGE_DELAY);
        _allowed(_pay(alice, CAP));
        // Another rule, which names no limit, and another way out.
        Verdict memory v = _denied(_pay(bob, 1), Reason.LimitExceeded);
        assertEq(v.have, 0, "nothing is left");
        _denied(_call(address(usdc), abi.encodeCall(usdc.approve, (alice, 1))), Reason.LimitExceeded);
        _denied(_call(address(usdc), hex"12345678"), Reason.OpaqueUnderEverywhere);
    }

    function table_everywhere_chargesAnAllowanceWhenItIsGranted(Edition edition) public on(edition) {
        _install(_everywhereDay(), CHANGE_DELAY);
        _allowed(_call(address(usdc), abi.encodeCall(usdc.approve, (alice, CAP))));
        _denied(_pay(bob, 1), Reason.LimitExceeded);
        _denied(_call(address(usdc), abi.encodeCall(usdc.approve, (alice, type(uint256).max))), Reason.LimitExceeded);
    }

    /// @dev One rule, whose key tells no token, so what it charges depends on more than the rule.
    function table_everywhere_neverChargesATokenToTheLimitOfAnother(Edition edition) public on(edition) {
        Token dai = new Token("Dai", "DAI", 18, address(safe), FUNDS);
        Draft memory d;
        d.limit("dai-day", address(dai), 50, ProgramBuilder.DAY, true, 0);
        d.limit("usdc-day", address(usdc), 100, ProgramBuilder.DAY, true, 0);
        d.declare(address(dai));
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.TRANSFER | ProgramBuilder.ANY_SUBJECT | ProgramBuilder.ANY_SELECTOR, address(0), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);

        Action memory dai50 = _call(address(dai), abi.encodeCall(dai.transfer, (alice, 50)));
        Action memory dai51 = _call(address(dai), abi.encodeCall(dai.transfer, (alice, 51)));
        Verdict memory v = _denied(_batch(_list(_pay(alice, 60), dai51)), Reason.LimitExceeded);
        assertTrue(v.effect == 1 && v.detail == 0 && v.have == 50, "the first limit, at the second transaction");
        v = _denied(_batch(_list(_pay(alice, 60), dai50, _pay(alice, 41))), Reason.LimitExceeded);
        assertTrue(v.effect == 2 && v.detail == 1 && v.have == 40, "the second limit, at the third transaction");

        _allowed(_batch(_list(_pay(alice, 60), dai50, _pay(alice, 40))));
        _denied(_pay(alice, 1), Reason.LimitExceeded);
        _denied(_call(address(dai), abi.encodeCall(dai.transfer, (alice, 1))), Reason.LimitExceeded);
    }

    function table_everywhere_neverWrapsAround(Edition edition) public on(edition) {
        _install(_everywhereDay(), CHANGE_DELAY);
        Action memory most = _call(address(usdc), abi.encodeCall(usdc.approve, (alice, type(uint256).max)));
        _denied(_batch(_list(_pay(bob, 1), most)), Reason.AmountOverflow);
    }

    function _payments(uint256 count, uint256 amount) private view returns (Action[] memory list) {
        list = new Action[](count);
        for (uint256 i; i < count; i++) {
            list[i] = _pay(alice, amount);
        }
    }
}
