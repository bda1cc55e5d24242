// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {Module, NoOpGuard, SlotWriter} from "../base/Actors.sol";
import {GUARD_SLOT, HANDLER_SLOT, MODULE_GUARD_SLOT} from "../base/ISafe.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackTest} from "./AttackTest.sol";
import {NaiveBatches, NaivePayees} from "./naive/NaivePayees.sol";

/// @notice Code that runs as the account and rewrites it.
contract DelegatecallAttacks is AttackTest {
    /// @dev `modules` and `owners` are mappings in these slots, the threshold is a word.
    uint256 private constant MODULES = 1;
    uint256 private constant OWNERS_MAPPING = 2;
    uint256 private constant THRESHOLD = 4;

    /// @dev Slot 0 of a Safe's proxy is the code it runs.
    function table_theSingletonIsSwapped(Edition edition)
        public
        attack(edition, "singleton-swapped", "delegatecalled code puts another singleton under the proxy")
    {
        _protect(_treasury());
        _write(0, uint160(address(new SlotWriter())));
    }

    function table_theGuardSlotIsCleared(Edition edition)
        public
        attack(edition, "guard-slot-cleared", "delegatecalled code clears the slot of the guard")
    {
        _under(address(new NoOpGuard()), _treasury());
        _write(GUARD_SLOT, 0);
    }

    function table_theModuleGuardSlotIsCleared(Edition newer)
        public
        attack(newer, "module-guard-slot-cleared", "delegatecalled code clears the slot of the module guard")
    {
        _under(address(new NoOpGuard()), _treasury());
        _write(MODULE_GUARD_SLOT, 0);
    }

    function table_theHandlerSlotIsWritten(Edition edition)
        public
        attack(edition, "handler-slot-written", "delegatecalled code makes the token the fallback handler")
    {
        _protect(_treasury());
        _write(HANDLER_SLOT, uint160(address(usdc)));
    }

    function table_theThresholdSlotIsWritten(Edition edition)
        public
        attack(edition, "threshold-slot-written", "delegatecalled code writes a threshold of one")
    {
        _protect(_treasury());
        _write(bytes32(THRESHOLD), 1);
    }

    /// @dev An owner that no list shows, for it is in the mapping and not in the linked list.
    function table_anOwnerIsHidden(Edition edition)
        public
        attack(edition, "owner-hidden", "delegatecalled code writes an owner that getOwners does not show")
    {
        _protect(_treasury());
        _write(keccak256(abi.encode(stranger, OWNERS_MAPPING)), 1);
    }

    /// @dev A module that no list shows, likewise. It drains the account when nobody looks.
    function table_aModuleIsHidden(Edition edition)
        public
        attack(
            edition, "module-hidden", "delegatecalled code writes a module that no list shows, which then pays itself"
        )
    {
        Module hidden = new Module();
        _protect(_treasury());
        uint256 before = usdc.balanceOf(stranger);
        _attempt(_writing(keccak256(abi.encode(address(hidden), MODULES)), 1));
        _because(Reason.DelegatecallDenied);
        try hidden.execute(safe, address(usdc), 0, abi.encodeCall(usdc.transfer, (stranger, LOOT)), 0) {} catch {}
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev A contract that answers to `multiSend(bytes)` and pays the attacker.
    function table_aLookalikeOfMultiSend(Edition edition)
        public
        attack(edition, "multisend-lookalike", "a harmless batch through a contract that only looks like MultiSend")
    {
        Lookalike lookalike = new Lookalike(address(usdc), stranger);
        _under(address(new NaiveBatches(address(usdc), alice, 1)), _treasury());
        uint256 before = usdc.balanceOf(stranger);
        _attempt(_batchThrough(address(lookalike), _list(_pay(alice, LOOT))));
        _because(Reason.DelegatecallDenied);
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev To a reader of target, value and data it is a payment to somebody who may be paid.
    function table_aDelegatecallPassesForAPayment(Edition edition)
        public
        attack(edition, "delegatecall-as-payment", "a payment to a payee, as a delegatecall of the payee's code")
    {
        alice = address(new Lookalike(address(usdc), stranger));
        _under(address(new NaivePayees(address(usdc), alice)), _treasury());
        uint256 before = usdc.balanceOf(stranger);
        _attempt(Action(alice, 1, "", 1));
        _because(Reason.DelegatecallValue);
        _attempt(Action(alice, 0, "", 1));
        _because(Reason.DelegatecallDenied);
        _observe(before, usdc.balanceOf(stranger));
    }

    /// @dev Safe's own library marks a message as signed; whoever shows it to Permit2 or to an exchange is paid.
    function table_aMessageIsSignedByTheSafesOwnLibrary(Edition edition)
        public
        attack(edition, "message-signed-by-library", "a delegatecall of SignMessageLib signs an order for the account")
    {
        uint256 release = Safes.release(edition);
        // In 1.3.0 the file is not called as the contract is.
        address library_ = Safes.create(
            release == 0
                ? "node_modules/@gnosis.pm/safe-contracts/build/artifacts/contracts/examples/libraries/SignMessage.sol/SignMessageLib.json"
                : Safes.artifact(release, "libraries/", "SignMessageLib")
        );
        bytes32 order = keccak256("sell everything to the thief");
        _protect(_treasury());
        uint256 before = _isSigned(order);
        _attempt(_delegate(library_, abi.encodeWithSignature("signMessage(bytes)", abi.encode(order))));
        _because(Reason.DelegatecallDenied);
        _observe(before, _isSigned(order));
    }

    function _isSigned(bytes32 hash) private view returns (uint256) {
        (bool ok, bytes memory answer) =
            address(safe).staticcall(abi.encodeWithSignature("isValidSignature(bytes32,bytes)", hash, ""));
        return ok && bytes4(answer) == 0x1626ba7e ? 1 : 0;
    }

    function _writing(bytes32 slot, uint256 word) private returns (Action memory) {
        return _delegate(address(new SlotWriter()), abi.encodeCall(SlotWriter.write, (slot, bytes32(word))));
    }

    /// @dev Also tries it as a leg of a batch, and as a leg of a batch that may delegatecall.
    function _write(bytes32 slot, uint256 word) private {
        Action memory writing = _writing(slot, word);
        bytes32 before = VM.load(address(safe), slot);
        _attempt(writing);
        _because(Reason.DelegatecallDenied);
        if (protected) {
            _attempt(_batchThrough(kit.multiSend, _list(writing)));
            _because(Reason.DelegatecallDenied);
            _attempt(_batch(_list(writing)));
            _because(Reason.BadOperation);
        }
        _observe(uint256(before), uint256(VM.load(address(safe), slot)));
    }
}

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @notice Delegatecalled with anything at all, pays the thief.
contract Lookalike {
    address private immutable _TOKEN;
    address private immutable _THIEF;

    constructor(address token, address thief) {
        (_TOKEN, _THIEF) = (token, thief);
    }

    fallback() external payable {
        IToken(_TOKEN).transfer(_THIEF, 1e6);
    }
}
