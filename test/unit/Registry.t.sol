// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Registry} from "../../contracts/Registry.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";

contract RegistryTest is Test {
    uint256 private constant START = 1_799_409_600;
    uint32 private constant DELAY = 2 days;
    address private constant PAYEE = address(0xA11CE);
    address private constant OTHER = address(0xB0B);
    address private constant STRANGER = address(0xBAD);

    Registry private registry;

    function setUp() public {
        VM.warp(START);
        registry = new Registry(address(this), DELAY);
    }

    function testFuzz_neverListsWhoWasNotAdded(address stranger, uint64 later) public {
        registry.add(_list(PAYEE));
        VM.warp(START + later);
        if (stranger == PAYEE) stranger = OTHER;
        assertFalse(registry.contains(stranger), "a stranger");
        assertEq(registry.activeFrom(stranger), 0, "active from");
    }

    function test_neverListsBeforeTheDelayHasPassed() public {
        registry.add(_list(PAYEE));
        assertEq(registry.activeFrom(PAYEE), START + DELAY, "active from");
        assertFalse(registry.contains(PAYEE), "at once");
        VM.warp(START + DELAY - 1);
        assertFalse(registry.contains(PAYEE), "a second early");
        VM.warp(START + DELAY);
        assertTrue(registry.contains(PAYEE), "after the delay");
    }

    function testFuzz_nobodyButTheCuratorChangesTheList(address caller) public {
        if (caller == address(this)) caller = STRANGER;
        registry.add(_list(PAYEE));
        VM.warp(START + DELAY);
        VM.startPrank(caller);
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NotCurator.selector, caller));
        registry.add(_list(caller));
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NotCurator.selector, caller));
        registry.remove(_list(PAYEE));
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NotCurator.selector, caller));
        registry.add(new address[](0));
        VM.stopPrank();
        assertTrue(registry.contains(PAYEE), "still listed");
        assertEq(registry.activeFrom(caller), 0, "not added");
    }

    /// @dev An addition cannot be prepared so that a later one takes effect sooner.
    function test_addingAgainRestartsTheDelay() public {
        registry.add(_list(PAYEE));
        VM.warp(START + DELAY - 1);
        registry.add(_list(PAYEE));
        VM.warp(START + DELAY);
        assertFalse(registry.contains(PAYEE), "the first addition is gone");
        VM.warp(START + 2 * DELAY - 1);
        assertTrue(registry.contains(PAYEE), "after the second");

        registry.add(_list(PAYEE));
        assertFalse(registry.contains(PAYEE), "also for a member that counts");
    }

    function test_neverShortensTheDelay_whenRemovedAndAddedAgain() public {
        registry.add(_list(PAYEE));
        VM.warp(START + DELAY);
        registry.remove(_list(PAYEE));
        assertFalse(registry.contains(PAYEE), "removed");
        registry.add(_list(PAYEE));
        assertFalse(registry.contains(PAYEE), "added again");
        VM.warp(START + 2 * DELAY - 1);
        assertFalse(registry.contains(PAYEE), "a second early");
        VM.warp(START + 2 * DELAY);
        assertTrue(registry.contains(PAYEE), "after a delay of its own");
    }

    function test_aRemovalIsImmediate_andEndsAnAdditionThatWaits() public {
        registry.add(_list(PAYEE, OTHER));
        registry.remove(_list(PAYEE));
        VM.warp(START + DELAY);
        assertFalse(registry.contains(PAYEE), "removed while it waited");
        assertTrue(registry.contains(OTHER), "the other stays");
        registry.remove(_list(OTHER));
        assertFalse(registry.contains(OTHER), "removed");
        assertEq(registry.activeFrom(OTHER), 0, "active from");
    }

    function test_removesTheOthers_whenOneIsNotThere() public {
        registry.add(_list(PAYEE));
        VM.warp(START + DELAY);
        registry.remove(_list(OTHER, PAYEE));
        assertFalse(registry.contains(PAYEE), "removed");
        registry.remove(_list(PAYEE, PAYEE));
        assertEq(registry.activeFrom(OTHER), 0, "not added by removing");
    }

    /// @dev The sum is taken in 256 bits, so no delay wraps into the past.
    function test_theLongestDelayIsNeverOver() public {
        registry = new Registry(address(this), type(uint32).max);
        VM.warp(type(uint40).max);
        registry.add(_list(PAYEE));
        assertEq(registry.activeFrom(PAYEE), uint256(type(uint40).max) + type(uint32).max, "active from");
        assertFalse(registry.contains(PAYEE), "not yet");
        VM.warp(type(uint256).max);
        VM.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        registry.add(_list(OTHER));
    }

    function test_withoutADelayAnAdditionCountsAtOnce() public {
        registry = new Registry(address(this), 0);
        registry.add(_list(PAYEE));
        assertTrue(registry.contains(PAYEE), "at once");
    }

    function test_isNeverMadeWithoutACurator() public {
        VM.expectRevert(abi.encodeWithSelector(IRegistry.NoCurator.selector));
        new Registry(address(0), DELAY);
    }

    function test_saysWhatChanges() public {
        assertEq(registry.curator(), address(this), "curator");
        assertEq(registry.delay(), DELAY, "delay");
        VM.expectEmit(address(registry));
        emit IRegistry.Added(PAYEE, START + DELAY);
        VM.expectEmit(address(registry));
        emit IRegistry.Added(OTHER, START + DELAY);
        registry.add(_list(PAYEE, OTHER));
        VM.expectEmit(address(registry));
        emit IRegistry.Removed(PAYEE);
        registry.remove(_list(PAYEE));
    }

    function _list(address a) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = a;
    }

    function _list(address a, address b) private pure returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (a, b);
    }
}
