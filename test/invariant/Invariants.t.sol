// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Route} from "../../contracts/types/Types.sol";
import {Edition} from "../base/Safes.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";
import {Handler} from "./Handler.sol";
import {Kind} from "./Kinds.sol";
import {Properties} from "./Properties.sol";

/// @dev Forge's, by name.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}

/// @notice Random histories of one account. After every step, every property of `test/INVARIANTS.md` must hold.
abstract contract InvariantTest is Test {
    /// @dev After so many steps, everything that can succeed has.
    uint256 private constant LONG = 4000;

    Handler internal handler;
    bytes4[] internal selectors;

    function _setUp(Edition edition, Route route, bool modules) internal {
        handler = new Handler(edition, route);
        bytes4[26] memory all = [
            handler.pay.selector,
            handler.payBatch.selector,
            handler.payNested.selector,
            handler.sendEther.selector,
            handler.allow.selector,
            handler.payVendor.selector,
            handler.paySigned.selector,
            handler.payRegistered.selector,
            handler.otherPays.selector,
            handler.payApproved.selector,
            handler.payApprovedOnChain.selector,
            handler.approve.selector,
            handler.deny.selector,
            handler.payAttested.selector,
            handler.stage.selector,
            handler.stageRemoval.selector,
            handler.cancelStaged.selector,
            handler.activate.selector,
            handler.remove.selector,
            handler.install.selector,
            handler.startUnfreeze.selector,
            handler.unfreeze.selector,
            handler.freeze.selector,
            handler.announce.selector,
            handler.announceSelf.selector,
            handler.passTime.selector
        ];
        bytes4[12] memory rest = [
            handler.cancel.selector,
            handler.cancelSelf.selector,
            handler.draw.selector,
            handler.changeRegistry.selector,
            handler.failing.selector,
            handler.ownersTry.selector,
            handler.replay.selector,
            handler.reuseMaterial.selector,
            handler.strangerActs.selector,
            handler.strangerEnters.selector,
            handler.fallbackSpeaks.selector,
            handler.passTime.selector
        ];
        for (uint256 i; i < all.length; i++) {
            selectors.push(all[i]);
        }
        for (uint256 i; i < rest.length; i++) {
            selectors.push(rest[i]);
        }
        if (modules) selectors.push(handler.modulePay.selector);
        if (modules) selectors.push(handler.moduleTries.selector);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), selectors);
    }

    function invariant_everyPropertyHoldsAfterEveryStep() public {
        Properties.check(handler.look());
    }

    /// @dev A long enough history has had everything in it.
    function afterInvariant() public view {
        uint256 steps;
        for (uint256 k = uint256(Kind.Pay); k <= uint256(Kind.FallbackSpeaks); k++) {
            steps += handler.tried(Kind(k));
        }
        if (steps >= LONG) _assertEverythingHappened();
    }

    function test_everythingThatCanHappenHappens() public {
        uint256 seed = 1;
        for (uint256 i; i < LONG; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            bytes4 selector = selectors[seed % selectors.length];
            (bool ok,) = address(handler).call(abi.encodeWithSelector(selector, seed >> 16, seed >> 128));
            assertTrue(ok, "the handler goes on");
            if (i % 16 == 0) Properties.check(handler.look());
        }
        _assertEverythingHappened();
    }

    /// @dev What can succeed did, and what must not was tried.
    function _assertEverythingHappened() private view {
        for (uint256 k = uint256(Kind.Pay); k <= uint256(Kind.FallbackSpeaks); k++) {
            if (!_applies(Kind(k))) continue;
            assertTrue(handler.tried(Kind(k)) != 0, string.concat("never tried: ", VM.toString(k)));
            bool passed = handler.passed(Kind(k)) != 0;
            assertTrue(passed == Kind(k) < Kind.Failing, string.concat("passed, or never: ", VM.toString(k)));
        }
    }

    function _applies(Kind kind) internal view virtual returns (bool) {
        kind;
        return true;
    }
}

/// @notice A Safe whose modules no guard sees, and which has none.
contract GuardInvariants is InvariantTest {
    function setUp() public {
        _setUp(Edition.V130, Route.Guard, false);
    }

    function _applies(Kind kind) internal pure override returns (bool) {
        return kind != Kind.ModulePay && kind != Kind.ModuleTries;
    }
}

/// @notice A Safe with both guards, and a module.
contract GuardsInvariants is InvariantTest {
    function setUp() public {
        _setUp(Edition.V150L2, Route.Guards, true);
    }
}

/// @notice The Safe Protocol's manager, and a plugin.
contract ManagerInvariants is InvariantTest {
    function setUp() public {
        _setUp(Edition.V141, Route.Manager, true);
    }
}

/// @notice The same two routes on Safes that tell everything in events.
contract GuardL2Invariants is InvariantTest {
    function setUp() public {
        _setUp(Edition.V141L2, Route.Guard, false);
    }

    function _applies(Kind kind) internal pure override returns (bool) {
        return kind != Kind.ModulePay && kind != Kind.ModuleTries;
    }
}

contract ManagerL2Invariants is InvariantTest {
    function setUp() public {
        _setUp(Edition.V130L2, Route.Manager, true);
    }
}
