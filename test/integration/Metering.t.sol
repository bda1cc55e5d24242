// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {ITransactionGuard} from "../../contracts/interfaces/ITransactionGuard.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Verdict} from "../../contracts/types/Types.sol";
import {Module, Puller, Runner, Together} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {Misbehaving} from "../base/Misbehaving.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";
import {SurchargeToken} from "../tokens/Odd.sol";

/// @notice Limits that meter what left the account. Every request here is a transaction of its own.
/// forge-config: default.isolate = true
contract MeteringTest is TreasuryTest {
    using ProgramBuilder for Draft;

    uint8 private constant METERED = ProgramBuilder.EVERYWHERE | ProgramBuilder.METERS;

    Puller private puller = new Puller();
    Runner private runner = new Runner();
    Together private together = new Together();

    function table_whatWasDeclaredIsChargedOnce(Edition edition) public {
        _setUp(edition);
        _allowed(_pay(alice, CAP - 1));
        _denied(_pay(alice, 2), Reason.LimitExceeded);
        _allowed(_pay(alice, 1));
    }

    function table_whatAnOlderAllowanceLetsOutIsCharged(Edition edition) public {
        _setUp(edition);
        _execute(_pull(bob, 100_000e6));
        _isLeft(50_000e6);
        _exceeds(_pull(bob, 50_000e6 + 1), 1, 0, 50_000e6, 50_000e6 + 1);
        _execute(_pull(bob, 50_000e6));
        _isLeft(0);
        assertEq(usdc.balanceOf(bob), CAP, "pulled");
    }

    function table_whatWasDeclaredIsNotChargedAgain(Edition edition) public {
        _setUp(edition);
        // 60,000 are declared, and 100,000 leave.
        _execute(_batch(_list(_pay(alice, 60_000e6), _pull(bob, 40_000e6))));
        _isLeft(50_000e6);
        _exceeds(_batch(_list(_pay(alice, 30_000e6), _pull(bob, 20_001e6))), 2, 0, 20_000e6, 20_001e6);
    }

    /// @dev The spender of the one can be another than that of the other.
    function table_anAllowanceIsNotWhatLeft(Edition edition) public {
        _setUp(edition);
        Action memory granting = _call(address(usdc), abi.encodeCall(usdc.approve, (bob, 60_000e6)));
        _exceeds(_batch(_list(granting, _pull(bob, 90_001e6))), 2, 0, 90_000e6, 90_001e6);
        _execute(_batch(_list(granting, _pull(bob, 60_000e6))));
        _isLeft(30_000e6);
    }

    function table_theWordIsAnnounced(Edition edition) public {
        _setUp(edition);
        bytes32 id = "usdc-day";
        uint256 slot =
            uint256(keccak256(abi.encode(address(safe), id, address(usdc), uint256(ProgramBuilder.DAY), address(0))));
        uint256 word = START / 1 days << 192 | 7e6;
        bytes memory data = _calldata(_batch(_list(_pay(alice, 2e6), _pull(bob, 5e6))));
        VM.expectEmit(address(hook));
        emit IPolicyHook.Metered(address(safe), id, 5e6, slot, word);
        (bool ok,) = address(safe).call(data);
        assertTrue(ok, "executed");
        assertEq(VM.load(address(hook), bytes32(slot)), bytes32(word), "stored");
    }

    function table_aTokenThatTakesMoreIsCharged(Edition edition) public on(edition) {
        usdc = new SurchargeToken(address(safe), FUNDS);
        _begin(ProgramBuilder.DAY);
        _exceeds(_pay(alice, CAP / 2 + 1), 1, 0, CAP / 2 - 1, CAP / 2 + 1);
        _execute(_pay(alice, CAP / 2));
        _isLeft(0);
    }

    /// @dev Known, and said in `SECURITY.md`: it is the difference that is metered.
    function table_whatComesInCountsAgainstWhatLeaves(Edition edition) public {
        _setUp(edition);
        VM.prank(address(safe));
        usdc.transfer(address(puller), CAP);
        VM.prank(address(puller));
        usdc.approve(address(puller), CAP);
        bytes memory giving = abi.encodeCall(usdc.transferFrom, (address(puller), address(safe), CAP));
        bytes memory data = abi.encodeCall(Puller.pullAround, (address(usdc), bob, 2 * CAP, address(usdc), giving));
        _execute(_call(address(puller), data));
        assertEq(usdc.balanceOf(bob), 2 * CAP, "pulled");
        _isLeft(0);
    }

    function table_rollingWindowsRoundOnceInARequest(Edition edition) public on(edition) {
        // Units of 10^5.
        _begin(ProgramBuilder.ROLLING);
        _execute(_batch(_list(_pay(alice, 1), _pull(bob, 1))));
        _isLeft(CAP - 1e5);
        _execute(_batch(_list(_pay(alice, 1), _pull(bob, 1e5))));
        _isLeft(CAP - 3e5);
    }

    function table_aTransactionsLimitCountsWhatWasDeclared(Edition edition) public on(edition) {
        _begin(ProgramBuilder.PER_TRANSACTION);
        for (uint256 i; i < 2; i++) {
            _execute(_batch(_list(_pay(alice, CAP - 5), _pull(bob, 5))));
        }
        _exceeds(_batch(_list(_pay(alice, CAP - 5), _pull(bob, 6))), 2, 0, 5, 6);
        _exceeds(_pull(bob, CAP + 1), 1, 0, CAP, CAP + 1);
    }

    function table_etherIsMeteredToo(Edition edition) public {
        _setUp(edition);
        Action memory sending = _delegate(address(runner), abi.encodeCall(Runner.run, (_list(_send(bob, 1 ether)))));
        _execute(sending);
        Verdict memory v = _exceeds(sending, 1, 1, 0, 1 ether);
        assertEq(v.detail, 1, "limit");
        _denied(_send(alice, 1), Reason.LimitExceeded);
        assertEq(bob.balance, 1 ether, "sent");
    }

    function table_aSecondRequestWaitsForAnotherTransaction(Edition edition) public {
        _setUp(edition);
        bytes[] memory datas = new bytes[](2);
        datas[0] = _calldata(_pay(alice, 1));
        VM.store(address(safe), bytes32(uint256(5)), bytes32(uint256(safe.nonce() + 1)));
        datas[1] = _calldata(_pay(alice, 2));
        VM.store(address(safe), bytes32(uint256(5)), bytes32(uint256(safe.nonce() - 1)));
        (bool[] memory ok, bytes[] memory returned) = together.call(address(safe), datas);
        assertTrue(ok[0] && !ok[1], "the first alone");
        assertEq(returned[1], _denial(Verdict(Reason.AccountLocked, 0, NO_RULE, 0, 0, 0)), "locked");
        _execute(_pay(alice, 2));
    }

    function test_aModulesRequestIsMeteredAndWaitsToo() public {
        _deploy(Edition.V150);
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        _begin(ProgramBuilder.DAY);
        bytes memory pulling = _pull(bob, 10).data;
        module.execute(safe, address(puller), 0, pulling, 0);
        _isLeft(CAP - 10);
        VM.expectRevert(_denial(Verdict(Reason.BalanceExceeded, 1, NO_RULE, 0, CAP - 10, CAP - 9)));
        module.execute(safe, address(puller), 0, _pull(bob, CAP - 9).data, 0);
        // Inside a request of the owners it waits.
        bytes memory inner = abi.encodeCall(Module.execute, (safe, address(puller), 0, pulling, 0));
        bytes memory around = abi.encodeCall(Puller.pullAround, (address(usdc), bob, 2, address(module), inner));
        _execute(_call(address(puller), around));
        assertEq(usdc.balanceOf(bob), 12, "the outer one's alone");
    }

    function table_theProgramBeforeGovernsTheRequest(Edition edition) public {
        _setUp(edition);
        address looser = _treasuryWithCap(type(uint192).max);
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stage, (looser, looser.codehash, CHANGE_DELAY))));
        VM.warp(START + CHANGE_DELAY);
        Action memory activating = _call(address(hook), abi.encodeCall(IPolicyHook.activate, (looser)));
        _exceeds(_batch(_list(activating, _pull(bob, CAP + 1))), 2, 0, CAP, CAP + 1);
        _execute(_batch(_list(activating, _pull(bob, CAP))));
        assertEq(hook.accountState(address(safe)).program, looser, "activated");
    }

    /// @dev Code that runs as the account can end the check early. It then pays twice, if anything.
    function table_endingTheCheckEarlyClearsNothing(Edition edition) public {
        _setUp(edition);
        Action memory end = _call(address(hook), abi.encodeCall(ITransactionGuard.checkAfterExecution, (0, true)));
        Action memory running = _delegate(address(runner), abi.encodeCall(Runner.run, (_list(end, _pay(bob, CAP + 1)))));
        _exceeds(running, 1, 0, CAP, CAP + 1);
        running = _delegate(address(runner), abi.encodeCall(Runner.run, (_list(end, _pay(bob, 10), end))));
        _execute(running);
        _isLeft(CAP - 20);
    }

    function table_aBalanceThatIsNotToldDenies(Edition edition) public {
        _setUp(edition);
        bytes[5] memory odd = [
            Misbehaving.returning(1, 31),
            Misbehaving.returning(1, 64),
            Misbehaving.reverting(1),
            Misbehaving.invalid(),
            Misbehaving.writing()
        ];
        bytes memory code = address(usdc).code;
        for (uint256 i; i < 5; i++) {
            VM.etch(address(usdc), odd[i]);
            Verdict memory v = _denied(_call(address(puller), _pull(bob, 1).data), Reason.BalanceUnreadable);
            assertEq(v.have, uint160(address(usdc)), "asset");
        }
        VM.etch(address(usdc), code);
        _execute(_pull(bob, 1));
        // Control needs no balance.
        VM.etch(address(usdc), odd[2]);
        _execute(_call(address(hook), abi.encodeCall(IPolicyHook.stage, (program, program.codehash, CHANGE_DELAY))));
    }

    function table_aBalanceThatIsNotToldAfterwardsReverts(Edition edition) public on(edition) {
        Fickle fickle = new Fickle();
        Draft memory d;
        d.limit("odd", address(fickle), CAP, ProgramBuilder.DAY, METERED, 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, address(fickle), 0);
        _install(_deployCode(d.encode()), CHANGE_DELAY);
        Action memory a = _call(address(fickle), abi.encodeCall(Fickle.turn, ()));
        assertEq(uint256(_check(a).reason), uint256(Reason.Allowed), "check");
        _reverts(a, Verdict(Reason.BalanceUnreadable, 1, NO_RULE, 0, uint160(address(fickle)), 0));
    }

    function table_limitsThatMeterInAnotherWayAreMalformed(Edition edition) public on(edition) {
        _install(_denyAll(), CHANGE_DELAY);
        for (uint8 flags = 12; flags < 64; flags++) {
            if (flags == METERED) continue;
            _malformed(flags, ProgramBuilder.DAY);
        }
        _malformed(METERED, 5);
        // No lane seconds.
        _malformed(METERED, ProgramBuilder.ROLLING);
    }

    function table_severalLimitsMeterEachTheirOwn(Edition edition) public {
        _setUp(edition);
        Action memory sending = _send(bob, 3);
        Action[] memory run = _list(sending, _pay(bob, 4));
        _execute(_delegate(address(runner), abi.encodeCall(Runner.run, (run))));
        _isLeft(CAP - 4);
        Verdict memory v = _denied(_send(alice, 1 ether - 2), Reason.LimitExceeded);
        assertEq(v.have, 1 ether - 3, "ether left");
    }

    function _setUp(Edition edition) private {
        _deploy(edition);
        _begin(ProgramBuilder.DAY);
    }

    /// @dev Limits on the token and on ether; the puller was allowed everything before.
    function _begin(uint8 window) private {
        _execute(_call(address(usdc), abi.encodeCall(usdc.approve, (address(puller), type(uint256).max))));
        Draft memory d;
        d.limit("usdc-day", address(usdc), CAP, window, METERED, window == ProgramBuilder.ROLLING ? 3 hours : 0);
        d.limit("wei-day", address(0), 1 ether, ProgramBuilder.DAY, METERED, 0);
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        _anyTransfer(d);
        d.matching(ProgramBuilder.APPROVE | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, address(puller), 0);
        d.matching(ProgramBuilder.NATIVE | ProgramBuilder.ANY_SELECTOR, alice, 0);
        d.matching(ProgramBuilder.DELEGATECALL | ProgramBuilder.ANY_SELECTOR, address(runner), 0);
        if (address(module) != address(0)) {
            d.rule(ProgramBuilder.ALLOW | ProgramBuilder.FOR_MODULES, 0, "");
            d.where(ProgramBuilder.ORIGIN, _members(address(module)));
            d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, address(puller), 0);
        }
        program = _deployCode(d.encode());
        _install(program, CHANGE_DELAY);
    }

    function _pull(address to, uint256 amount) private view returns (Action memory) {
        return _call(address(puller), abi.encodeCall(Puller.pull, (address(usdc), to, amount)));
    }

    /// @dev What the limit on the token would still let out.
    function _isLeft(uint256 amount) private view {
        Verdict memory v = _check(_pay(alice, FUNDS));
        assertEq(uint256(v.reason), uint256(Reason.LimitExceeded), "more than there is");
        assertEq(v.have, amount, "left");
    }

    /// @dev Everything passes before, and the execution is undone after.
    function _exceeds(Action memory a, uint32 effects, uint8 limit, uint256 have, uint256 need)
        private
        returns (Verdict memory v)
    {
        assertEq(uint256(_check(a).reason), uint256(Reason.Allowed), "check");
        v = Verdict(Reason.BalanceExceeded, effects, NO_RULE, limit, have, need);
        _reverts(a, v);
    }

    function _reverts(Action memory a, Verdict memory v) private {
        (bool ok, bytes memory returned) = address(safe).call(_calldata(a));
        assertFalse(ok, "executed");
        assertEq(returned, _denial(v), "denied");
    }

    function _malformed(uint8 flags, uint8 window) private {
        Draft memory d;
        d.limit("odd", address(usdc), CAP, window, flags, 0);
        d.rule(ProgramBuilder.ALLOW, 0, "");
        d.matching(ProgramBuilder.NATIVE | ProgramBuilder.ANY_SELECTOR, alice, 0);
        bytes32 word = VM.load(address(hook), bytes32(uint256(uint160(address(safe))) << 96));
        uint256 control = uint256(word) >> 160 << 160 | uint160(_deployCode(d.encode()));
        VM.store(address(hook), bytes32(uint256(uint160(address(safe))) << 96), bytes32(control));
        // What does not meter is not read, since it does not charge ether.
        if (flags & ProgramBuilder.METERS == 0) _allowed(_send(alice, 1));
        else _denied(_send(alice, 1), Reason.MalformedProgram);
    }
}

/// @notice Tells everybody's balance until it is called.
contract Fickle {
    bool private turned;

    function turn() external {
        turned = true;
    }

    function balanceOf(address) external view returns (uint256) {
        require(!turned);
        return 1;
    }
}
