// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Route, StagedKind} from "../../contracts/types/Types.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";
import {Class, Kind} from "./Kinds.sol";
import {Properties, Sight} from "./Properties.sol";

/// @notice Every property fails on a sight in which it does not hold and everything else does, and is listed.
contract PropertiesTest is Test {
    function check(Sight memory s) external pure {
        Properties.check(s);
    }

    function test_aSoundSightPasses() public view {
        this.check(_sound());
    }

    function test_whatIsAllowed() public {
        Sight memory s;
        s = _sound();
        s.step.may = false;
        _breaks(s, "INV-1.1");
        s = _sound();
        s.step.kind = Kind.Replay;
        _breaks(s, "INV-1.2");
        s = _sound();
        s.step.frozen = true;
        _breaks(s, "INV-1.3");
        s = _sound();
        s.holdings.strangers = 1;
        _breaks(s, "INV-1.4");
        s = _sound();
        s.holdings.blocked = 1;
        _breaks(s, "INV-1.5");
        s = _sound();
        s.holdings.usdc = 1;
        _breaks(s, "INV-1.6");
        s = _sound();
        s.holdings.ether_ = 1;
        _breaks(s, "INV-1.7");
        s = _sound();
        s.holdings.allowance = 1;
        _breaks(s, "INV-1.8");
        s = _sound();
        s.holdings.other = 1;
        _breaks(s, "INV-1.9");
        s = _sound();
        s.frame.inPlace = false;
        _breaks(s, "INV-1.10");
        s = _sound();
        s.frame.handlerKept = false;
        _breaks(s, "INV-1.11");
        s = _sound();
        s.frame.ownersKept = false;
        _breaks(s, "INV-1.12");
        s = _sound();
        s.frame.codeKept = false;
        _breaks(s, "INV-1.13");
    }

    function test_limits() public {
        Sight memory s;
        s = _sound();
        s.usage.inWindow = 11;
        _breaks(s, "INV-2.1");
        s = _sound();
        s.usage.live = 1;
        _breaks(s, "INV-2.2");
        s = _sound();
        (s.usage.etherToday, s.usage.etherNoted) = (11, 11);
        _breaks(s, "INV-2.3");
        s = _sound();
        s.usage.etherNoted = 1;
        _breaks(s, "INV-2.4");
        s = _sound();
        s.usage.payeeMost = 11;
        _breaks(s, "INV-2.5");
        s = _sound();
        s.usage.payeesNoted = 1;
        _breaks(s, "INV-2.6");
        s = _sound();
        (s.usage.vendorToday, s.usage.vendorNoted) = (11, 11);
        _breaks(s, "INV-2.7");
        s = _sound();
        s.usage.vendorNoted = 1;
        _breaks(s, "INV-2.8");
    }

    function test_failures() public {
        Sight memory s;
        s = _sound();
        (s.step.ok, s.step.classes) = (false, Class.LIMIT);
        _breaks(s, "INV-3.1");
        s = _sound();
        (s.step.ok, s.step.strange) = (false, 1);
        _breaks(s, "INV-3.2");
    }

    function test_state() public {
        Sight memory s;
        s = _sound();
        s.step.classes = Class.CONTROL;
        _breaks(s, "INV-4.1");
        s = _sound();
        s.step.strange = 1;
        _breaks(s, "INV-4.2");
        s = _sound();
        s.state.program = address(1);
        _breaks(s, "INV-4.3");
        s = _sound();
        s.state.changeDelay = 1;
        _breaks(s, "INV-4.4");
        s = _sound();
        s.state.epoch = 1;
        _breaks(s, "INV-4.5");
        s = _sound();
        s.state.route = Route.Guard;
        _breaks(s, "INV-4.6");
        s = _sound();
        s.state.stagedKind = StagedKind.Slots;
        _breaks(s, "INV-4.7");
        s = _sound();
        s.state.stagedDigest = bytes32(uint256(1));
        _breaks(s, "INV-4.8");
        s = _sound();
        s.state.activations = 1;
        _breaks(s, "INV-4.9");
        s = _sound();
        s.state.frozen = true;
        _breaks(s, "INV-4.10");
        s = _sound();
        s.state.unfreezesAt = 1;
        _breaks(s, "INV-4.11");
        s = _sound();
        s.counts.wrongAnnouncements = 1;
        _breaks(s, "INV-4.12");
        s = _sound();
        s.counts.lostDenials = 1;
        _breaks(s, "INV-4.13");
    }

    function test_once() public {
        Sight memory s;
        s = _sound();
        s.counts.uses = 2;
        _breaks(s, "INV-5.1");
        s = _sound();
        s.counts.executions = 2;
        _breaks(s, "INV-5.2");
        s = _sound();
        s.step.kind = Kind.PayVendor;
        _breaks(s, "INV-5.3");
    }

    function test_theWayOut() public {
        Sight memory s;
        s = _sound();
        s.frame.controlPasses = false;
        _breaks(s, "INV-6.1");
        s = _sound();
        s.frame.removalDue = true;
        _breaks(s, "INV-6.2");
        s = _sound();
        (s.step.kind, s.step.ok) = (Kind.Activate, false);
        _breaks(s, "INV-6.3");
    }

    function test_whatIsTold() public {
        Sight memory s;
        s = _sound();
        s.step.agreed = false;
        _breaks(s, "INV-7.1");
        s = _sound();
        s.told.program = address(1);
        _breaks(s, "INV-7.2");
        s = _sound();
        s.told.epoch = 1;
        _breaks(s, "INV-7.3");
        s = _sound();
        s.told.stagedDigest = bytes32(uint256(1));
        _breaks(s, "INV-7.4");
        s = _sound();
        s.told.frozen = true;
        _breaks(s, "INV-7.5");
        s = _sound();
        s.counts.untoldAnnouncements = 1;
        _breaks(s, "INV-7.6");
    }

    function test_theUnknown() public {
        Sight memory s;
        s = _sound();
        (s.step.kind, s.step.registryFails) = (Kind.PayRegistered, true);
        _breaks(s, "INV-8.1");
    }

    function _breaks(Sight memory s, string memory id) private {
        string memory row = string.concat("| ", id, " |");
        assertTrue(VM.contains(VM.readFile("test/INVARIANTS.md"), row), string.concat("not listed: ", id));
        VM.expectRevert(abi.encodeWithSelector(Properties.Broken.selector, id));
        this.check(s);
    }

    /// @dev A payment that passed.
    function _sound() private pure returns (Sight memory s) {
        (s.step.kind, s.step.ok, s.step.may, s.step.agreed) = (Kind.Pay, true, true, true);
        (s.usage.cap, s.usage.etherCap, s.usage.payeeCap, s.usage.vendorCap) = (10, 10, 10, 10);
        (s.frame.installed, s.frame.inPlace, s.frame.controlPasses) = (true, true, true);
        (s.frame.handlerKept, s.frame.ownersKept, s.frame.codeKept) = (true, true, true);
    }
}
