// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ActionView, Data} from "../types/Data.sol";
import {Evaluation} from "../types/Evaluation.sol";
import {Effect, Rule} from "../types/Image.sol";
import {Asked, SIZE_OF_ASKED, askedAt} from "../types/Obligation.sol";
import {Reason} from "../types/Reason.sol";
import {Verdict} from "../types/Types.sol";
import {ExactCalldata} from "./ExactCalldata.sol";
import {Obligations} from "./Obligations.sol";
import {Timelock} from "./Timelock.sol";

/// @notice What stands in the hook of {Obligations}: gathers what is asked for, and the request as it is looked at then.
library Asking {
    /// @dev The argument of checkTransaction; gasPrice, gasToken, refundReceiver and signatures follow.
    uint256 private constant GUARD_BASE_GAS = 5;

    /// @notice Joins what the rule asks for, at the present effect. Spoils the image if it is malformed.
    function join(Evaluation memory e, Rule memory rule) internal view returns (bool) {
        bytes memory obligations = new bytes(rule.obligationsLength);
        uint256 start = rule.obligations;
        assembly ("memory-safe") {
            mcopy(add(obligations, 32), start, mload(obligations))
        }
        e.joined = Obligations.join(e.image.source, e.joined, obligations, rule.index(), e.effects);
        return e.joined.length != 0 || e.image.spoil();
    }

    /// @notice Takes the effect into the hash of all. One without a kind is a control or self-service leaf.
    function fold(Evaluation memory e, Effect memory effect) internal pure {
        e.digest = keccak256(
            abi.encode(
                e.digest, effect.kind, effect.target, effect.selector, effect.asset, effect.recipient, effect.amount
            )
        );
    }

    /// @notice Denies unless the request meets what was joined; notes what to commit.
    function demand(Evaluation memory e, ActionView[] memory actions) internal view {
        if (e.joined.length == 0) return;
        // A struct of words lies in memory as it is encoded.
        bytes memory encoded = new bytes(SIZE_OF_ASKED);
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := add(encoded, 0x20)
        }
        Asked memory asked = askedAt()(pointer);
        asked.account = e.account;
        asked.program = e.image.source;
        asked.initiator = e.initiator;
        asked.epoch = e.control.epoch();
        asked.effects = e.effects;
        asked.digest = e.digest;
        (bool named, bytes calldata words, uint256 baseGasAt) = _words(e);
        if (e.origin != address(0)) {
            (asked.module, asked.content) = (e.origin, Timelock.contentOf(actions));
        } else if (named) {
            _fill(asked, e, actions[0]);
            asked.baseGas = ExactCalldata.wordAt(words, baseGasAt);
            asked.gasToken = ExactCalldata.addressAt(words, baseGasAt + 2);
            asked.refundReceiver = ExactCalldata.addressAt(words, baseGasAt + 3);
        }
        (bool ok, bytes memory result) = Obligations.meet(encoded, e.joined, _signatures(e));
        if (!ok) e.conclude(_verdictIn(result));
        e.met = result;
    }

    /// @notice Whether the attestation that the request brings says true of the present effect and rule. Leaves a
    /// fault in the image where it says nothing.
    /// @param place Set and index, as the condition names them.
    function states(Evaluation memory e, uint256 place) internal view returns (bool) {
        (Reason fault, bool holds, bytes memory longer) =
            Obligations.told(e.image.source, e.joined, _signatures(e), place, e.rule, e.effects);
        if (fault != Reason.Allowed) return e.image.blame(fault, address(uint160(place >> 16)));
        (e.joined, e.more) = (longer, true);
        return holds;
    }

    /// @dev What the owners' request of one action is made of, from the word of its baseGas on. Others have no name.
    function _words(Evaluation memory e) private pure returns (bool named, bytes calldata words, uint256 baseGasAt) {
        bool own = Data.unwrap(e.words) == 0;
        words = own ? msg.data[4:] : e.words.bytesOf();
        baseGasAt = own ? GUARD_BASE_GAS : e.baseGasAt;
        named = e.origin == address(0) && baseGasAt != 0;
    }

    /// @dev As the Safe was given them, material included; empty without a name.
    function _signatures(Evaluation memory e) private pure returns (bytes calldata) {
        (bool named, bytes calldata words, uint256 baseGasAt) = _words(e);
        return named ? ExactCalldata.bytesAt(words, baseGasAt + 4) : msg.data[:0];
    }

    /// @dev The encoding of a verdict, which {Obligations} alone writes.
    function _verdictIn(bytes memory encoded) private pure returns (Verdict memory verdict) {
        assembly ("memory-safe") {
            verdict := add(encoded, 32)
        }
    }

    function _fill(Asked memory asked, Evaluation memory e, ActionView memory action) private pure {
        asked.owners = true;
        asked.executing = !e.checking;
        asked.nonce = e.nonce;
        asked.to = action.to;
        asked.value = action.value;
        asked.dataHash = keccak256(action.data.bytesOf());
        asked.operation = action.operation;
    }
}
