// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Edition} from "../base/Safes.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";
import {MeteredHandler, MeteredProperties, MeteredSight} from "./Metered.sol";

/// @notice Random histories under limits that meter. Every request is a transaction of its own, as it has to be.
abstract contract MeteredTest is Test {
    /// @dev After so many steps, every act passed and was refused.
    uint256 private constant LONG = 1000;

    MeteredHandler internal handler;

    function _modules() internal view virtual returns (bool);

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_everyPropertyHoldsAfterEveryStep() public view {
        MeteredProperties.check(handler.look());
    }

    function test_everythingThatCanHappenHappens() public {
        bytes4[10] memory acts = [
            handler.pay.selector,
            handler.pull.selector,
            handler.payAndPull.selector,
            handler.grantAndPull.selector,
            handler.pullAround.selector,
            handler.sendEther.selector,
            handler.modulePull.selector,
            handler.fail.selector,
            handler.passTime.selector,
            handler.comeBack.selector
        ];
        uint256 seed = 1;
        for (uint256 i; i < LONG; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            (bool ok,) = address(handler).call(abi.encodeWithSelector(acts[seed % 10], seed >> 16, seed >> 128));
            assertTrue(ok, "the handler goes on");
            MeteredProperties.check(handler.look());
        }
        for (uint8 k; k < 8; k++) {
            MeteredHandler.Act act = MeteredHandler.Act(k);
            if (act == MeteredHandler.Act.ModulePull && !_modules()) continue;
            assertTrue(handler.refused(act) != 0, string.concat("never refused: ", VM.toString(k)));
            bool passes = act != MeteredHandler.Act.Fail;
            assertTrue((handler.passed(act) != 0) == passes, string.concat("passed, or never: ", VM.toString(k)));
        }
    }
}

/// @notice A Safe whose modules no guard sees.
/// forge-config: default.isolate = true
contract MeteredInvariants is MeteredTest {
    function setUp() public {
        handler = new MeteredHandler(Edition.V130);
    }

    function _modules() internal pure override returns (bool) {
        return false;
    }
}

/// @notice A Safe with both guards, and a module.
/// forge-config: default.isolate = true
contract MeteredModuleInvariants is MeteredTest {
    function setUp() public {
        handler = new MeteredHandler(Edition.V150L2);
    }

    function _modules() internal pure override returns (bool) {
        return true;
    }
}

/// @notice Every property fails on a sight in which it does not hold and everything else does, and is listed.
contract MeteredPropertiesTest is Test {
    function check(MeteredSight memory s) external pure {
        MeteredProperties.check(s);
    }

    function test_aSoundSightPasses() public view {
        this.check(_sound());
    }

    function test_whatLeft() public {
        MeteredSight memory s = _sound();
        s.leftToday = 11;
        _breaks(s, "INV-2.9");
        s = _sound();
        s.leftInWindow = 11;
        _breaks(s, "INV-2.10");
        s = _sound();
        s.etherToday = 11;
        _breaks(s, "INV-2.11");
        s = _sound();
        s.notedToday = 9;
        _breaks(s, "INV-2.12");
    }

    function test_whatPasses() public {
        MeteredSight memory s = _sound();
        (s.may, s.must) = (false, false);
        _breaks(s, "INV-2.13");
        s = _sound();
        (s.passed, s.changed) = (false, false);
        _breaks(s, "INV-2.14");
        s = _sound();
        (s.passed, s.must) = (false, false);
        _breaks(s, "INV-3.3");
    }

    function _breaks(MeteredSight memory s, string memory id) private {
        string memory row = string.concat("| ", id, " |");
        assertTrue(VM.contains(VM.readFile("test/INVARIANTS.md"), row), string.concat("not listed: ", id));
        VM.expectRevert(abi.encodeWithSelector(MeteredProperties.Broken.selector, id));
        this.check(s);
    }

    /// @dev A payment that passed.
    function _sound() private pure returns (MeteredSight memory s) {
        (s.leftToday, s.dayCap, s.leftInWindow, s.windowCap, s.etherToday, s.etherCap) = (10, 10, 10, 10, 10, 10);
        (s.chargedToday, s.notedToday) = (10, 10);
        (s.passed, s.must, s.may, s.changed) = (true, true, true, true);
    }
}
