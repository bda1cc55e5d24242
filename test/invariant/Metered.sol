// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../contracts/types/Types.sol";
import {Giver, Module, Puller, Runner} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {Draft, ProgramBuilder} from "../base/ProgramBuilder.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice What is seen of an account whose limits meter its balance. What left is net of what came in meanwhile.
struct MeteredSight {
    uint256 leftToday;
    uint256 dayCap;
    // What calldata declared and what left beyond it, and what the hook noted.
    uint256 chargedToday;
    uint256 notedToday;
    // In the 24 hours that end with the last step.
    uint256 leftInWindow;
    uint256 windowCap;
    uint256 etherToday;
    uint256 etherCap;
    // The last request: whether it passed, whether it had to, whether it could, and whether it changed a limit's word.
    bool passed;
    bool must;
    bool may;
    bool changed;
}

/// @notice What must hold of it after every step, `test/INVARIANTS.md`.
library MeteredProperties {
    error Broken(string id);

    function check(MeteredSight memory s) internal pure {
        _holds(s.leftToday <= s.dayCap, "INV-2.9");
        _holds(s.leftInWindow <= s.windowCap, "INV-2.10");
        _holds(s.etherToday <= s.etherCap, "INV-2.11");
        _holds(s.notedToday == s.chargedToday, "INV-2.12");
        _holds(s.may || !s.passed, "INV-2.13");
        _holds(s.passed || !s.must, "INV-2.14");
        _holds(s.passed || !s.changed, "INV-3.3");
    }

    function _holds(bool holds, string memory id) private pure {
        require(holds, Broken(id));
    }
}

/// @notice Does random things to an account under metering limits, one request a step, and counts what left.
contract MeteredHandler is TreasuryTest {
    using ProgramBuilder for Draft;

    enum Act {
        Pay,
        Pull,
        PayAndPull,
        GrantAndPull,
        PullAround,
        SendEther,
        ModulePull,
        Fail
    }

    struct Charge {
        uint256 madeAt;
        uint256 left;
        uint256 charged;
    }

    uint8 private constant METERED = ProgramBuilder.EVERYWHERE | ProgramBuilder.METERS;
    uint192 private constant WINDOW_CAP = 250_000e6;
    uint32 private constant LANE = 3 hours;
    /// @dev For how long a payment can count at most.
    uint256 private constant LONGEST = 9 * uint256(LANE);

    Puller private _puller = new Puller();
    Runner private _runner = new Runner();
    Giver private _giver = new Giver();
    uint256 private _clock = START;
    uint256 private _etherSent;
    uint256 private _etherDay;
    Charge[] private _charges;
    MeteredSight private _last;

    mapping(Act act => uint256) public passed;
    mapping(Act act => uint256) public refused;

    constructor(Edition edition) {
        _deploy(edition);
        _execute(_call(address(usdc), abi.encodeCall(usdc.approve, (address(_puller), type(uint256).max))));
        if (guardsModules) {
            module = new Module();
            _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        }
        Draft memory d;
        d.limit("usdc-day", address(usdc), CAP, ProgramBuilder.DAY, METERED, 0);
        d.limit("usdc-roll", address(usdc), WINDOW_CAP, ProgramBuilder.ROLLING, METERED, LANE);
        d.limit("wei-day", address(0), uint192(MOST_ETHER), ProgramBuilder.DAY, METERED, 0);
        d.declare(address(usdc));
        d.rule(ProgramBuilder.ALLOW, 0, "");
        _anyTransfer(d);
        d.matching(ProgramBuilder.APPROVE | ProgramBuilder.ANY_SELECTOR, address(usdc), 0);
        d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, address(_puller), 0);
        d.matching(ProgramBuilder.DELEGATECALL | ProgramBuilder.ANY_SELECTOR, address(_runner), 0);
        if (guardsModules) {
            d.rule(ProgramBuilder.ALLOW | ProgramBuilder.FOR_MODULES, 0, "");
            d.where(ProgramBuilder.ORIGIN, _members(address(module)));
            d.matching(ProgramBuilder.CALL | ProgramBuilder.ANY_SELECTOR, address(_puller), 0);
        }
        program = _deployCode(d.encode());
        _install(program, CHANGE_DELAY);
    }

    function look() external view returns (MeteredSight memory s) {
        s = _last;
        (s.dayCap, s.windowCap, s.etherCap) = (CAP, WINDOW_CAP, MOST_ETHER);
        (s.leftToday, s.chargedToday) = _today();
        uint256 word = uint256(VM.load(address(hook), _daySlot()));
        s.notedToday = word >> 192 == _clock / 1 days ? uint192(word) : 0;
        (s.leftInWindow,) = _since(_clock - (1 days - 1));
        s.etherToday = _etherDay == _clock / 1 days ? _etherSent : 0;
    }

    function pay(uint256 seed) external {
        uint256 amount = _amount(seed);
        _owners(Act.Pay, _pay(alice, amount), amount, 0, amount);
    }

    /// @dev An allowance of before the policy lets it out.
    function pull(uint256 seed) external {
        uint256 amount = _amount(seed);
        _owners(Act.Pull, _pull(amount), 0, 0, amount);
    }

    function payAndPull(uint256 seed, uint256 other) external {
        (uint256 paid, uint256 pulled) = (_amount(seed) / 2, _amount(other) / 2);
        Action memory both = _batch(_list(_pay(alice, paid), _pull(pulled)));
        _owners(Act.PayAndPull, both, paid, 0, paid + pulled);
    }

    function grantAndPull(uint256 seed, uint256 other) external {
        (uint256 granted, uint256 pulled) = (_amount(seed) / 2, _amount(other) / 2);
        Action memory granting = _call(address(usdc), abi.encodeCall(usdc.approve, (bob, granted)));
        _owners(Act.GrantAndPull, _batch(_list(granting, _pull(pulled))), 0, granted, pulled);
    }

    /// @dev Some comes in between the two halves that are pulled.
    function pullAround(uint256 seed, uint256 other) external {
        (uint256 pulled, uint256 given) = (_amount(seed), _amount(other) / 3);
        if (given > usdc.balanceOf(address(_giver))) given = 0;
        bytes memory giving = abi.encodeCall(Giver.give, (address(usdc), address(safe), given));
        bytes memory data = abi.encodeCall(Puller.pullAround, (address(usdc), bob, pulled, address(_giver), giving));
        _owners(Act.PullAround, _call(address(_puller), data), 0, 0, pulled > given ? pulled - given : 0);
    }

    function sendEther(uint256 seed) external {
        VM.warp(_clock);
        uint256 day = _clock / 1 days;
        uint256 sent = _etherDay == day ? _etherSent : 0;
        uint256 amount = seed % 4 == 0 ? MOST_ETHER - sent + seed % 2 : seed % (MOST_ETHER / 3);
        bool fits = sent + amount <= MOST_ETHER;
        Action memory sending = _delegate(address(_runner), abi.encodeCall(Runner.run, (_list(_send(bob, amount)))));
        uint256 before = address(safe).balance;
        if (_try(Act.SendEther, address(safe), _calldata(sending), fits, fits)) {
            (_etherDay, _etherSent) = (day, sent + before - address(safe).balance);
        }
    }

    function modulePull(uint256 seed) external {
        if (!guardsModules) return;
        uint256 amount = _amount(seed);
        bytes memory pulling = abi.encodeCall(Puller.pull, (address(usdc), bob, amount));
        bytes memory data = abi.encodeCall(Module.execute, (safe, address(_puller), 0, pulling, 0));
        _request(Act.ModulePull, address(module), data, 0, 0, amount);
    }

    /// @dev More is pulled than there is.
    function fail(uint256 seed) external {
        Action memory failing = _batch(_list(_pay(alice, _amount(seed)), _pull(type(uint256).max)));
        VM.warp(_clock);
        _try(Act.Fail, address(safe), _calldata(failing), false, false);
    }

    function passTime(uint256 seed) external {
        _clock += seed % 8 hours;
        delete _last;
    }

    /// @dev What was paid comes back, and what was pulled can be given.
    function comeBack() external {
        uint256 paid = usdc.balanceOf(alice);
        VM.prank(alice);
        usdc.transfer(address(safe), paid);
        uint256 pulled = usdc.balanceOf(bob);
        VM.prank(bob);
        usdc.transfer(address(safe), pulled - pulled / 2);
        VM.prank(bob);
        usdc.transfer(address(_giver), pulled / 2);
        delete _last;
    }

    function _owners(Act act, Action memory a, uint256 declared, uint256 granted, uint256 net) private {
        _request(act, address(safe), _calldata(a), declared, granted, net);
    }

    /// @dev Retold in plain words: a request is charged what its calldata declares, and what leaves beyond transfers.
    function _request(Act act, address to, bytes memory data, uint256 declared, uint256 granted, uint256 net) private {
        VM.warp(_clock);
        uint256 charge = declared + granted + (net > declared ? net - declared : 0);
        bool may = _charged() + charge <= CAP;
        // A rolling window counts for up to a lane longer, and in whole units.
        (, uint256 longest) = _since(_clock - LONGEST);
        bool must = may && longest + charge + WINDOW_CAP / 100 <= WINDOW_CAP;
        uint256 before = usdc.balanceOf(address(safe));
        if (!_try(act, to, data, must, may)) return;
        uint256 left = usdc.balanceOf(address(safe));
        left = before > left ? before - left : 0;
        assertEq(left, net, "what was to leave left");
        _charges.push(Charge(_clock, left, charge));
    }

    function _try(Act act, address to, bytes memory data, bool must, bool may) private returns (bool ok) {
        bytes32 words = _words();
        (ok,) = to.call(data);
        (_last.passed, _last.must, _last.may, _last.changed) = (ok, must, may, _words() != words);
        if (ok) passed[act]++;
        else refused[act]++;
    }

    /// @dev Small, or about as much as is left of the day.
    function _amount(uint256 seed) private view returns (uint256) {
        uint256 charged = _charged();
        uint256 rest = charged < CAP ? CAP - charged : 0;
        if (seed % 8 == 0) return rest;
        if (seed % 8 == 1) return rest + 1;
        return 1 + (seed >> 3) % 30_000e6;
    }

    function _pull(uint256 amount) private view returns (Action memory) {
        return _call(address(_puller), abi.encodeCall(Puller.pull, (address(usdc), bob, amount)));
    }

    function _charged() private view returns (uint256 charged) {
        (, charged) = _today();
    }

    function _today() private view returns (uint256, uint256) {
        return _since(_clock / 1 days * 1 days);
    }

    function _since(uint256 time) private view returns (uint256 left, uint256 charged) {
        for (uint256 i = _charges.length; i > 0 && _charges[i - 1].madeAt >= time; i--) {
            (left, charged) = (left + _charges[i - 1].left, charged + _charges[i - 1].charged);
        }
    }

    // The hook's words, `docs/program.md` §5

    function _daySlot() private view returns (bytes32) {
        return keccak256(abi.encode(safe, bytes32("usdc-day"), usdc, uint256(ProgramBuilder.DAY), address(0)));
    }

    function _words() private view returns (bytes32) {
        uint256 rolling = ProgramBuilder.ROLLING | uint256(LANE) << 8;
        bytes32 roll = keccak256(abi.encode(safe, bytes32("usdc-roll"), usdc, rolling, address(0)));
        bytes32 ether_ =
            keccak256(abi.encode(safe, bytes32("wei-day"), address(0), uint256(ProgramBuilder.DAY), address(0)));
        return keccak256(
            abi.encode(VM.load(address(hook), _daySlot()), VM.load(address(hook), roll), VM.load(address(hook), ether_))
        );
    }
}
