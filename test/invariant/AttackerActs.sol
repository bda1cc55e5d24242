// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {ITransactionGuard} from "../../contracts/interfaces/ITransactionGuard.sol";
import {IModuleGuard} from "../../contracts/interfaces/IModuleGuard.sol";
import {ISafeProtocolHooks, SafeRootAccess, SafeTransaction} from "../../contracts/interfaces/ISafeProtocol.sol";
import {Action, SlotCall} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Forwarder, Refuser} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {VM} from "../base/Vm.sol";
import {Acts} from "./Acts.sol";
import {Kind} from "./Kinds.sol";

/// @notice What must never succeed: whatever owners, modules and strangers try that no program allows.
abstract contract AttackerActs is Acts {
    Refuser private _refuser = new Refuser();

    /// @dev Allowed, and then one of its calls fails.
    function failing(uint256 amount) external asked(Kind.Failing) {
        bytes memory refused = abi.encodeCall(Forwarder.forward, (address(_refuser), hex"12345678"));
        _ask(_batch(_list(_pay(alice, 1 + amount % MOST), _call(address(forwarder), refused))), false);
    }

    function ownersTry(uint256 seed) external asked(Kind.OwnersTry) {
        uint256 pick = seed % 20;
        if (pick < 3) {
            SafeTx memory t = _safeTx(_pay(alice, 1));
            if (pick == 0) t.safeTxGas = 1;
            if (pick == 1) (t.gasPrice, t.refundReceiver) = (1, stranger);
            if (pick == 2) (t.gasPrice, t.gasToken, t.baseGas) = (1, address(usdc), 1e9);
            _ask(t, _signatures(_hash(t)), false);
        } else {
            _ask(pick < 10 ? _outflow(pick) : _takeover(pick), false);
        }
    }

    /// @dev Money to whom no rule names, or more of it.
    function _outflow(uint256 pick) private view returns (Action memory) {
        if (pick == 3) return _pay(stranger, 1);
        if (pick == 4) return _pay(blocked, 1);
        if (pick == 5) return _send(stranger, 1);
        if (pick == 6) return _call(address(usdc), abi.encodeCall(usdc.approve, (stranger, 1)));
        if (pick == 7) return _call(address(usdc), abi.encodeCall(usdc.transferFrom, (address(safe), stranger, 1)));
        if (pick == 8) return _batch(_list(_pay(alice, 1), _pay(stranger, 1)));
        bytes memory longer = abi.encodePacked(abi.encodeCall(usdc.transfer, (alice, 1)), uint8(0));
        return _call(address(usdc), longer);
    }

    /// @dev The account's slots, modules, owners and code.
    function _takeover(uint256 pick) private view returns (Action memory) {
        address self = address(safe);
        if (pick == 10) return _delegate(address(usdc), abi.encodeCall(usdc.transfer, (stranger, 1)));
        if (pick == 11) return _call(self, abi.encodeCall(ISafe.setGuard, (stranger)));
        if (pick == 12) return _call(self, abi.encodeCall(ISafe.setFallbackHandler, (address(hook))));
        if (pick == 13) return _call(self, abi.encodeCall(ISafe.enableModule, (stranger)));
        if (pick == 14) return _call(self, abi.encodeCall(ISafe.addOwnerWithThreshold, (stranger, 1)));
        if (pick == 15) return _call(self, abi.encodeCall(ISafe.changeThreshold, (1)));
        if (pick == 16) return _batch(_list(_batch(_list(_batch(_list(_pay(alice, 1)))))));
        if (pick == 17) return Action(address(hook), 1, abi.encodeCall(IPolicyHook.cancelStaged, ()), 0);
        if (pick == 18) return _call(address(hook), abi.encodeCall(IPolicyHook.freeze, (self)));
        address any = terms[2].program;
        bytes memory install =
            abi.encodeCall(IPolicyHook.install, (any, any.codehash, uint32(0), address(0), new address[](0)));
        return _call(address(hook), install);
    }

    function replay(uint256 seed) external step(Kind.Replay) {
        if (executed.length != 0) _act(address(safe), executed[seed % executed.length], false);
    }

    /// @dev Every function of the hook, about the account and the other one.
    function strangerActs(uint256 seed) external step(Kind.StrangerActs) {
        address account = (seed >> 8) % 2 == 0 ? address(safe) : address(other);
        bytes memory data = seed % 10 < 6 ? _trusting(seed % 10) : _about(account, seed % 10);
        VM.prank(stranger);
        _act(address(hook), data, false);
    }

    /// @dev What trusts its caller for the account.
    function _trusting(uint256 pick) private view returns (bytes memory) {
        address to = terms[0].program;
        if (pick == 0) return abi.encodeCall(IPolicyHook.stage, (to, to.codehash, 0));
        if (pick == 1) return abi.encodeCall(IPolicyHook.activate, (to));
        if (pick == 2) return abi.encodeCall(IPolicyHook.stageSlots, (new SlotCall[](0)));
        if (pick == 3) return abi.encodeCall(IPolicyHook.cancelStaged, ());
        if (pick == 4) return abi.encodeCall(IPolicyHook.startUnfreeze, ());
        return abi.encodeCall(IPolicyHook.unfreeze, ());
    }

    function _about(address account, uint256 pick) private view returns (bytes memory) {
        Action[] memory actions = _list(_pay(vendor, 1000e6));
        if (pick == 6) return abi.encodeCall(IPolicyHook.announce, (account, address(0), actions));
        if (pick == 7) {
            bytes32 id = notices.length == 0 ? bytes32(0) : notices[notices.length - 1].id;
            return abi.encodeCall(IPolicyHook.cancel, (account, id));
        }
        if (pick == 8) return abi.encodeCall(IPolicyHook.freeze, (account));
        SafeTx memory t = _safeTx(_pay(carol, AMOUNT));
        return abi.encodeCall(IPolicyHook.deny, (account, _hash(t), terms[0].group));
    }

    /// @dev The entries, for an account that the caller is not.
    function strangerEnters(uint256 seed) external step(Kind.StrangerEnters) {
        bytes memory pay_ = abi.encodeCall(usdc.transfer, (alice, 1));
        bytes memory data;
        if (seed % 4 == 0) {
            data = abi.encodeWithSelector(
                ITransactionGuard.checkTransaction.selector, usdc, 0, pay_, 0, 0, 0, 0, 0, 0, "", stranger
            );
        } else if (seed % 4 == 1) {
            data = abi.encodeWithSelector(IModuleGuard.checkModuleTransaction.selector, usdc, 0, pay_, 0, stranger);
        } else if (seed % 4 == 2) {
            SafeTransaction memory t;
            data = abi.encodeCall(ISafeProtocolHooks.preCheck, (address(safe), t, 1, abi.encode(stranger)));
        } else {
            SafeRootAccess memory r;
            data = abi.encodeCall(ISafeProtocolHooks.preCheckRootAccess, (address(safe), r, 1, abi.encode(stranger)));
        }
        VM.prank(stranger);
        _act(address(hook), data, false);
    }

    /// @dev A Safe hands what it does not know to its handler, as itself.
    function fallbackSpeaks(uint256 seed) external step(Kind.FallbackSpeaks) {
        bytes memory data = seed % 8 < 6 ? _trusting(seed % 8) : _about(address(safe), seed % 8);
        VM.prank(stranger);
        _act(address(safe), data, false);
    }
}
