// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action} from "../../contracts/types/Types.sol";
import {ITransactionGuard} from "../../contracts/interfaces/ITransactionGuard.sol";
import {Module, NoOpGuard, SlotWriter} from "../base/Actors.sol";
import {GUARD_SLOT, HANDLER_SLOT, ISafe, MODULE_GUARD_SLOT} from "../base/ISafe.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Edition} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackTest} from "./AttackTest.sol";

/// @notice Code that a rule lets run as the account, and that turns on it.
contract TrustedCodeAttacks is AttackTest {
    bytes32 private constant THRESHOLD = bytes32(uint256(4));
    bytes32 private constant NONCE = bytes32(uint256(5));

    SlotWriter private writer = new SlotWriter();

    function table_trustedCodeSwapsTheSingleton(Edition edition)
        public
        attack(edition, "trusted-singleton-swapped", "allowed delegatecall puts a singleton that lies under the proxy")
    {
        _begin();
        _write(0, uint160(address(new Impersonator(address(kit.singleton)))));
    }

    function table_trustedCodeClearsTheGuard(Edition edition)
        public
        attack(edition, "trusted-guard-cleared", "allowed delegatecall clears the slot of the guard")
    {
        _under(address(new NoOpGuard()), _trusting(address(writer)));
        _write(GUARD_SLOT, 0);
    }

    function table_trustedCodeClearsTheModuleGuard(Edition newer)
        public
        attack(newer, "trusted-module-guard-cleared", "allowed delegatecall clears the slot of the module guard")
    {
        _under(address(new NoOpGuard()), _trusting(address(writer)));
        _write(MODULE_GUARD_SLOT, 0);
    }

    function table_trustedCodeWritesTheHandler(Edition edition)
        public
        attack(edition, "trusted-handler-written", "allowed delegatecall makes the hook the fallback handler")
    {
        _begin();
        _write(HANDLER_SLOT, uint160(address(hook)));
    }

    function table_trustedCodeLowersTheThreshold(Edition edition)
        public
        attack(edition, "trusted-threshold-lowered", "allowed delegatecall writes a threshold of one")
    {
        _begin();
        _write(THRESHOLD, 1);
    }

    function table_trustedCodeLowersTheNonce(Edition edition)
        public
        attack(edition, "trusted-nonce-lowered", "allowed delegatecall sets the nonce back, and signatures count again")
    {
        _execute(_send(stranger, 0));
        _begin();
        _write(NONCE, 0);
    }

    function table_trustedCodeAddsAnOwner(Edition edition)
        public
        attack(edition, "trusted-owner-added", "allowed delegatecall puts an owner in front of the list")
    {
        _begin();
        uint256 before = _isOwner();
        bytes32 first = keccak256(abi.encode(address(1), 2));
        bytes32[] memory slots = new bytes32[](3);
        bytes32[] memory words = new bytes32[](3);
        (slots[0], words[0]) = (first, bytes32(uint256(uint160(stranger))));
        (slots[1], words[1]) = (keccak256(abi.encode(stranger, 2)), VM.load(address(safe), first));
        (slots[2], words[2]) = (bytes32(uint256(3)), bytes32(uint256(4)));
        _turn(abi.encodeCall(SlotWriter.writeAll, (slots, words)));
        _observe(before, _isOwner());
    }

    /// @dev The code runs as the account, and so can end its own execution for the hook, before it does its deed.
    function table_trustedCodeEndsTheCheckItself(Edition edition)
        public
        attack(edition, "trusted-check-ended-early", "allowed delegatecall calls checkAfterExecution, then writes")
    {
        _begin();
        bytes memory end = abi.encodeCall(ITransactionGuard.checkAfterExecution, (bytes32(0), true));
        bytes32 before = VM.load(address(safe), THRESHOLD);
        _turn(abi.encodeCall(SlotWriter.callAndWrite, (THRESHOLD, bytes32(uint256(1)), address(hook), end)));
        _observe(uint256(before), uint256(VM.load(address(safe), THRESHOLD)));
    }

    /// @dev Were it let through, what the inner request found would be what the outer one must leave.
    function table_trustedCodeHasItselfNotedAnew(Edition edition)
        public
        attack(
            edition, "trusted-noted-anew", "allowed delegatecall writes, then executes another that is noted afterwards"
        )
    {
        _begin();
        bytes memory harmless = abi.encodeCall(SlotWriter.write, (keccak256("somebody's own"), bytes32(uint256(1))));
        bytes memory inner = _calldata(_nonceOf(_delegate(address(writer), harmless), safe.nonce() + 1));
        bytes32 before = VM.load(address(safe), HANDLER_SLOT);
        bytes32 word = bytes32(uint256(uint160(address(hook))));
        _turn(abi.encodeCall(SlotWriter.writeAndCall, (HANDLER_SLOT, word, address(safe), inner)));
        _observe(uint256(before), uint256(VM.load(address(safe), HANDLER_SLOT)));
    }

    /// @dev A payment that the owners signed for later.
    function table_trustedCodeExecutesWhileTheAccountIsLocked(Edition edition)
        public
        attack(edition, "trusted-nested-execution", "allowed delegatecall executes another signed request meanwhile")
    {
        _begin();
        bytes memory inner = _calldata(_nonceOf(_pay(alice, LOOT), safe.nonce() + 1));
        uint256 before = usdc.balanceOf(alice);
        bytes memory nested =
            abi.encodeCall(SlotWriter.writeAndCall, (keccak256("own"), bytes32(uint256(1)), address(safe), inner));
        _attempt(_calldata(_delegate(address(writer), nested)));
        _observe(before, usdc.balanceOf(alice));
    }

    function table_aModulesTrustedCodeLowersTheThreshold(Edition newer)
        public
        attack(newer, "trusted-threshold-by-module", "a module's allowed delegatecall writes a threshold of one")
    {
        module = new Module();
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(module)))));
        _protect(_trusting(address(writer), _members(address(module))));
        uint256 before = safe.getThreshold();
        bytes memory data = abi.encodeCall(SlotWriter.write, (THRESHOLD, bytes32(uint256(1))));
        try module.execute(safe, address(writer), 0, data, 1) {}
        catch (bytes memory why) {
            _noteReason(why);
        }
        _because(Reason.AccountChanged);
        _observe(before, safe.getThreshold());
    }

    function _begin() private {
        _protect(_trusting(address(writer)));
    }

    function _nonceOf(Action memory a, uint256 nonce) private view returns (SafeTx memory t) {
        (t.to, t.value, t.data, t.operation, t.nonce) = (a.to, a.value, a.data, a.operation, nonce);
    }

    function _isOwner() private view returns (uint256) {
        return safe.isOwner(stranger) ? 1 : 0;
    }

    function _write(bytes32 slot, uint256 word) private {
        bytes32 before = VM.load(address(safe), slot);
        _turn(abi.encodeCall(SlotWriter.write, (slot, bytes32(word))));
        _observe(uint256(before), uint256(VM.load(address(safe), slot)));
    }

    /// @dev What comes before allows it; what comes after does not.
    function _turn(bytes memory data) private {
        Action memory a = _delegate(address(writer), data);
        if (protected) assertEq(uint256(_check(a).reason), uint256(Reason.Allowed), "allowed before");
        _attempt(_calldata(a));
        _because(Reason.AccountChanged);
    }
}

/// @notice A singleton that says of everything what the one before would.
contract Impersonator {
    address private immutable _SINGLETON;

    constructor(address singleton) {
        _SINGLETON = singleton;
    }

    receive() external payable {}

    fallback(bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory returned) = _SINGLETON.delegatecall(data);
        require(ok);
        return returned;
    }
}
