// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafe} from "../interfaces/ISafe.sol";
import {Reason} from "../types/Reason.sol";
import {Route} from "../types/Types.sol";
import {ControlWord} from "../types/Words.sol";
import {Balances} from "./Balances.sol";
import {SafeAccount} from "./SafeAccount.sol";
import {State} from "./State.sol";

/// @notice Watches over the account while it executes, `docs/program.md` §10 and §11: what holds the hook in place, while
/// code of others runs as the account, is noted before and compared after; so are balances that limits meter. A contract
/// of its own, since few programs need either; delegatecalled.
library Watch {
    /// @notice The account's transient word that says that it is locked, and for whom: {trust}, and whether limits meter.
    /// It is never cleared, so it ends with the transaction: delegatecalled code can call everything that the account
    /// can, the end of its own execution too.
    uint256 internal constant LOCK = 0;
    uint256 private constant TRUSTS = 1 << 48;
    uint256 private constant METERS = 1 << 49;

    /// @dev What is noted in the words from 1 on.
    uint256 private constant SINGLETON = 1;
    uint256 private constant GUARD = 2;
    uint256 private constant MODULE_GUARD = 3;
    uint256 private constant HANDLER = 4;
    uint256 private constant OWNERS = 5;
    uint256 private constant THRESHOLD = 6;
    uint256 private constant NONCE = 7;

    /// @dev For each question to the account.
    uint256 private constant GAS = 300_000;
    /// @dev As in {Lookup}.
    uint256 private constant OVERHEAD = 5000;

    /// @notice The word of the effect that is the first delegatecall of a request, and of the rule that allows it.
    function trust(uint256 effect, uint256 rule) internal pure returns (uint256) {
        return TRUSTS | effect << 16 | rule;
    }

    function asker(uint256 trusted) internal pure returns (uint256 effect, uint256 rule) {
        return (uint32(trusted >> 16), uint16(trusted));
    }

    /// @notice Why a request with a delegatecall is denied although a rule allows that, if it is.
    /// @param callsItself Whether the request also calls the account, which may change what is watched.
    function allow(address account, ControlWord control, bool callsItself)
        external
        view
        returns (Reason reason, uint256 detail)
    {
        if (control.route() == Route.Manager) return (Reason.DelegatecallUnwatched, 0);
        if (callsItself) return (Reason.DelegatecallMixed, 0);
        for (uint256 what = SINGLETON; what <= NONCE; ++what) {
            (bool known,) = _read(account, what);
            if (!known) return (Reason.AccountUnreadable, what);
        }
    }

    /// @notice See {Balances.read}.
    function meter(address account, ControlWord control, uint256 effects, bytes memory tally)
        external
        view
        returns (Reason reason, uint256 detail, uint256 have, bytes memory notes)
    {
        return Balances.read(account, control, effects, tally);
    }

    /// @notice Locks the account, and notes what {settle} compares.
    /// @param trusted {trust}, 0 for none.
    /// @param notes What {meter} returned, nothing for none.
    function note(address account, uint256 trusted, bytes memory notes) external {
        State.note(account, LOCK, notes.length == 0 ? trusted : trusted | METERS);
        Balances.note(account, notes);
        for (uint256 what = SINGLETON; trusted != 0 && what <= NONCE; ++what) {
            (, uint256 word) = _read(account, what);
            State.note(account, what, word);
        }
    }

    /// @notice Reverts unless everything is as noted, and what left the account fits the limits that meter.
    function settle(address account) external {
        uint256 lock = State.noted(account, LOCK);
        if (lock & TRUSTS != 0) _compare(account);
        if (lock & METERS != 0) Balances.settle(account);
    }

    /// @dev Reverts unless everything is as noted, and the nonce not below. The singleton comes first, and the account's
    /// own proxy answers for it: what another one says of the rest would be worth nothing.
    function _compare(address account) private view {
        for (uint256 what = SINGLETON; what <= NONCE; ++what) {
            uint256 before = State.noted(account, what);
            (bool known, uint256 word) = _read(account, what);
            if (known && (word == before || what == NONCE && word > before)) continue;
            (uint256 effect, uint256 rule) = asker(State.noted(account, LOCK));
            revert IPolicyHook.Denied(Reason.AccountChanged, uint32(effect), uint16(rule), uint8(what), word, before);
        }
    }

    /// @dev The last word that the account answers; of its owners the hash of all.
    /// @return known Whether it answers in whole words, at least one.
    function _read(address account, uint256 what) private view returns (bool known, uint256 word) {
        bytes memory question = _question(what);
        require(gasleft() > GAS + GAS / 63 + OVERHEAD, IPolicyHook.NotEnoughGas());
        assembly ("memory-safe") {
            known := staticcall(GAS, account, add(question, 32), mload(question), 0, 0)
            let size := returndatasize()
            known := and(known, gt(iszero(and(size, 31)), iszero(size)))
            if known {
                let answer := mload(0x40)
                returndatacopy(answer, 0, size)
                word := mload(add(answer, sub(size, 32)))
                if eq(what, OWNERS) { word := keccak256(answer, size) }
            }
        }
    }

    function _question(uint256 what) private pure returns (bytes memory) {
        // Safe's proxies answer this themselves.
        if (what == SINGLETON) return abi.encodeWithSignature("masterCopy()");
        if (what == GUARD) return abi.encodeCall(ISafe.getStorageAt, (SafeAccount.GUARD, 1));
        if (what == MODULE_GUARD) return abi.encodeCall(ISafe.getStorageAt, (SafeAccount.MODULE_GUARD, 1));
        if (what == HANDLER) return abi.encodeCall(ISafe.getStorageAt, (SafeAccount.HANDLER, 1));
        if (what == OWNERS) return abi.encodeCall(ISafe.getOwners, ());
        if (what == THRESHOLD) return abi.encodeCall(ISafe.getThreshold, ());
        return abi.encodeCall(ISafe.nonce, ());
    }
}
