// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {Module, NoOpGuard, SlotWriter} from "../base/Actors.sol";
import {GUARD_SLOT, ISafe} from "../base/ISafe.sol";
import {Edition} from "../base/Safes.sol";
import {TreasuryTest} from "../base/TreasuryTest.sol";
import {VM} from "../base/Vm.sol";

/// @notice Code that runs as the account and rewrites it. Each works on the same Safe without Portcullis.
contract DelegatecallAttacks is TreasuryTest {
    /// @dev `modules[address]` is a mapping in the Safe's slot 1.
    bytes32 private constant MODULES = bytes32(uint256(1));

    /// @dev Slot 0 of a Safe's proxy is the code it runs.
    function table_theSingletonIsSwapped(Edition edition) public on(edition) {
        SlotWriter writer = new SlotWriter();
        bytes32 evil = bytes32(uint256(uint160(address(writer))));
        Action memory attack = _delegate(address(writer), abi.encodeCall(SlotWriter.write, (bytes32(0), evil)));
        bytes32 singleton = VM.load(address(safe), 0);
        _execute(attack);
        assertEq(VM.load(address(safe), 0), evil, "works without Portcullis");
        VM.store(address(safe), 0, singleton);

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.DelegatecallDenied);
        _denied(_batchThrough(kit.multiSend, _list(attack)), Reason.DelegatecallDenied);
        assertEq(VM.load(address(safe), 0), singleton, "INV-1");
    }

    function table_theGuardSlotIsCleared(Edition edition) public on(edition) {
        _execute(_call(address(safe), abi.encodeCall(ISafe.setGuard, (address(new NoOpGuard())))));
        Action memory attack =
            _delegate(address(new SlotWriter()), abi.encodeCall(SlotWriter.write, (GUARD_SLOT, bytes32(0))));
        _execute(attack);
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(0), "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.DelegatecallDenied);
        assertEq(VM.load(address(safe), GUARD_SLOT), bytes32(uint256(uint160(address(hook)))), "INV-1");
    }

    /// @dev A module that no list shows, for it is in the mapping and not in the linked list.
    function table_aModuleIsHidden(Edition edition) public on(edition) {
        Module hidden = new Module();
        bytes32 slot = keccak256(abi.encode(address(hidden), MODULES));
        Action memory attack =
            _delegate(address(new SlotWriter()), abi.encodeCall(SlotWriter.write, (slot, bytes32(uint256(1)))));
        _execute(attack);
        hidden.execute(safe, address(usdc), 0, abi.encodeCall(usdc.transfer, (stranger, 1e6)), 0);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");
        VM.store(address(safe), slot, bytes32(0));

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.DelegatecallDenied);
        assertFalse(safe.isModuleEnabled(address(hidden)), "INV-1");
    }

    /// @dev A contract that answers to `multiSend(bytes)` and pays the attacker.
    function table_aLookalikeOfMultiSend(Edition edition) public on(edition) {
        Lookalike lookalike = new Lookalike(address(usdc), stranger);
        Action memory attack = _batchThrough(address(lookalike), _list(_pay(alice, 1e6)));
        _execute(attack);
        assertEq(usdc.balanceOf(stranger), 1e6, "works without Portcullis");

        _install(_treasury(), CHANGE_DELAY);
        _denied(attack, Reason.DelegatecallDenied);
        assertEq(usdc.balanceOf(stranger), 1e6, "INV-1");
    }
}

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);
}

contract Lookalike {
    address private immutable _TOKEN;
    address private immutable _THIEF;

    constructor(address token, address thief) {
        (_TOKEN, _THIEF) = (token, thief);
    }

    function multiSend(bytes calldata) external payable {
        IToken(_TOKEN).transfer(_THIEF, 1e6);
    }
}
