// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {Charge, NO_RULE} from "../types/Evaluation.sol";
import {Image} from "../types/Image.sol";
import {Reason} from "../types/Reason.sol";
import {Route} from "../types/Types.sol";
import {ControlWord} from "../types/Words.sol";
import {Lookup} from "./Lookup.sol";
import {Program} from "./Program.sol";
import {State} from "./State.sol";
import {Window} from "./Window.sol";

/// @notice Limits that meter the account's balance, `docs/program.md` §11: what leaves beyond what calldata declared is
/// charged after the execution. A part of {Watch}.
library Balances {
    using Program for Image;

    /// @dev The transient word with the program and the number of effects. Behind it three for each limit that meters,
    /// by index: the balance before, what was declared to leave, and the allowances that were granted.
    uint256 private constant HEAD = 8;
    uint256 private constant EFFECTS_SHIFT = 160;

    /// @dev For each question to a token.
    uint256 private constant GAS = 100_000;

    /// @notice Why a request is denied under the program's limits that meter, if it is: `detail` is the limit.
    /// @param effects How many effects the request has.
    /// @param tally For each limit of the program two words: what was declared to leave, and what was granted.
    /// @return reason {Reason.Allowed} if it is not.
    /// @return detail The limit.
    /// @return have As the reason has it.
    /// @return notes The words for {note}.
    function read(address account, ControlWord control, uint256 effects, bytes memory tally)
        internal
        view
        returns (Reason reason, uint256 detail, uint256 have, bytes memory notes)
    {
        Image memory image;
        image.open(control.program());
        notes = abi.encode(effects << EFFECTS_SHIFT | uint160(control.program()));
        for (uint256 i = 0; i < image.limitCount; ++i) {
            if (!_meters(image, i)) continue;
            (reason, have) = _look(account, control, image, i);
            if (reason == Reason.MalformedProgram) return (reason, 0, 0, notes);
            if (reason != Reason.Allowed) return (reason, i, reason == Reason.BalanceUnreadable ? have : 0, notes);
            notes = bytes.concat(notes, abi.encode(have, _word(tally, 2 * i), _word(tally, 2 * i + 1)));
        }
        have = 0;
    }

    /// @notice Notes the words.
    function note(address account, bytes memory notes) internal {
        for (uint256 i = 0; i < notes.length / 32; ++i) {
            State.note(account, HEAD + i, _word(notes, i));
        }
    }

    /// @notice Charges what left the account beyond what was declared, under the program that was noted; reverts where a
    /// limit has no room for it, and where what left cannot be told.
    function settle(address account) internal {
        uint256 head = State.noted(account, HEAD);
        Image memory image;
        image.open(address(uint160(head)));
        uint256 first = HEAD + 1;
        for (uint256 i = 0; i < image.limitCount; ++i) {
            if (!_meters(image, i)) continue;
            uint256 excess = _excess(account, image, i, first);
            if (excess != 0) _charge(account, image, i, first, excess);
            first += 3;
        }
    }

    /// @dev Why the balance of the limit's asset cannot be metered, and then the asset; or else the balance.
    function _look(address account, ControlWord control, Image memory image, uint256 index)
        private
        view
        returns (Reason, uint256)
    {
        (bool sound, Charge memory c) = _load(account, image, index);
        if (!sound) return (Reason.MalformedProgram, 0);
        if (control.route() == Route.Manager) return (Reason.BalanceUnwatched, 0);
        if (!Window.isTimely(c)) return (Reason.AmountOverflow, 0);
        (,, address asset) = image.limit(index);
        (bool known, uint256 balance) = _balance(account, asset);
        return known ? (Reason.Allowed, balance) : (Reason.BalanceUnreadable, uint160(asset));
    }

    /// @dev What left the account beyond what was declared. An allowance that was granted is not what left: an older one
    /// may have let that out.
    /// @param first The first of the words that were noted for the limit.
    function _excess(address account, Image memory image, uint256 index, uint256 first) private view returns (uint256) {
        (,, address asset) = image.limit(index);
        (bool known, uint256 balance) = _balance(account, asset);
        if (!known) _deny(Reason.BalanceUnreadable, account, index, uint160(asset), 0);
        uint256 before = State.noted(account, first);
        uint256 left = balance < before ? before - balance : 0;
        uint256 declared = State.noted(account, first + 1);
        return left > declared ? left - declared : 0;
    }

    /// @dev Charges the limit on top of what the request charged before its execution.
    function _charge(address account, Image memory image, uint256 index, uint256 first, uint256 excess) private {
        uint256 pending = State.noted(account, first + 1) + State.noted(account, first + 2);
        // Sound before, it is sound now.
        (, Charge memory c) = _load(account, image, index);
        Window.resume(c, pending);
        bool sums = excess <= type(uint256).max - pending;
        if (!sums || !Window.fits(c, pending + excess)) {
            _deny(Reason.BalanceExceeded, account, index, Window.remaining(c), excess);
        }
        c.pending = pending + excess;
        Window.commit(c);
        (uint256 id,,) = image.limit(index);
        emit IPolicyHook.Metered(account, bytes32(id), excess, c.slot, State.read(c.slot));
    }

    /// @return sound Whether the limit is well formed.
    /// @return c A charge of nothing to it.
    function _load(address account, Image memory image, uint256 index)
        private
        view
        returns (bool sound, Charge memory c)
    {
        (uint256 id, uint256 terms, address asset) = image.limit(index);
        sound = Window.isSound(terms) && Window.load(c, account, id, terms, asset, address(0));
    }

    function _meters(Image memory image, uint256 index) private pure returns (bool) {
        (, uint256 terms,) = image.limit(index);
        return Window.meters(terms);
    }

    /// @return known Whether that is told, in exactly one word.
    function _balance(address account, address asset) private view returns (bool known, uint256 balance) {
        if (asset == address(0)) return (true, account.balance);
        return Lookup.ask(asset, GAS, abi.encodeWithSignature("balanceOf(address)", account), 1, 0);
    }

    function _deny(Reason reason, address account, uint256 index, uint256 have, uint256 need) private view {
        uint32 effects = uint32(State.noted(account, HEAD) >> EFFECTS_SHIFT);
        revert IPolicyHook.Denied(reason, effects, NO_RULE, uint8(index), have, need);
    }

    /// @param index Of a word that is there.
    function _word(bytes memory words, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(words, 32), shl(5, index)))
        }
    }
}
