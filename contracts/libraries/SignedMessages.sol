// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafe} from "../interfaces/ISafe.sol";
import {NO_RULE} from "../types/Evaluation.sol";
import {Case, Obligation, Op} from "../types/Obligation.sol";
import {Reason} from "../types/Reason.sol";
import {AccountState, Verdict} from "../types/Types.sol";
import {Calldata} from "./Calldata.sol";
import {Cases} from "./Cases.sol";
import {Envelope} from "./Envelope.sol";
import {Lookup} from "./Lookup.sol";
import {MessageRule, MessageRules} from "./MessageRules.sol";
import {Messages} from "./Messages.sol";
import {Program} from "./Program.sol";
import {Quorum} from "./Quorum.sol";

/// @notice Decides whether an account signs a message, `docs/program.md` §9.
library SignedMessages {
    using Calldata for bytes;
    using Cases for Case;

    bytes32 private constant TYPE_HASH = keccak256("PortcullisMessage(bytes payload)");
    uint256 private constant WORD = 32;
    uint256 private constant ACCOUNT_GAS = 100_000;

    /// @param message What the owners sign, before the Safe wraps it.
    /// @param digest What the asker wants to know about.
    /// @param signature Owner signatures and envelope.
    function decide(address hook, address account, bytes memory message, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (Verdict memory)
    {
        AccountState memory state = IPolicyHook(hook).accountState(account);
        Case memory c;
        c.asked.account = account;
        if (state.program == address(0)) return _deny(c, Reason.NoProgram, NO_RULE);
        if (state.frozen) return _deny(c, Reason.Frozen, NO_RULE);
        Program.open(c.image, state.program);
        if (c.image.failed()) return _deny(c, c.image.fault, NO_RULE);

        (,, bytes calldata owners, bytes calldata payload) = Envelope.split(signature, TYPE_HASH);
        // Without an envelope, or one that holds what it says, there is no payload.
        if (!_shows(payload, digest)) return _deny(c, Reason.MessageUnknown, NO_RULE);
        (bool found, MessageRule memory rule) =
            MessageRules.find(c.image, bytes32(payload.word(0)), bytes32(payload.word(WORD)));
        if (c.image.failed()) return _deny(c, c.image.fault, NO_RULE);
        if (!found) return _deny(c, Reason.NoMessageRule, NO_RULE);
        if (!rule.allows) return _deny(c, Reason.MessageDenied, rule.index);
        if (!rule.trusted && Program.hasEverywhere(c.image)) return _deny(c, Reason.MessageUntrusted, rule.index);
        c.preimage = Messages.safeMessage(account, message);
        c.binding.request = keccak256(c.preimage);
        _askOwners(c, rule, owners);
        return c.verdict;
    }

    /// @dev Whether the digest is that of the payload: domain, type, and the words of the encoded data.
    function _shows(bytes calldata payload, bytes32 digest) private pure returns (bool) {
        if (payload.length < 2 * WORD || payload.length % WORD != 0) return false;
        return digest == keccak256(abi.encodePacked(bytes2(0x1901), payload.word(0), keccak256(payload[WORD:])));
    }

    /// @dev Leaves a verdict: denied unless the owners whom the rule asks for have signed.
    function _askOwners(Case memory c, MessageRule memory rule, bytes calldata owners) private view {
        uint16 index = uint16(rule.index);
        c.verdict.rule = index;
        // What was signed on chain was a request of the account, which asked its owners for no more than the threshold.
        bool more = rule.signatures != 0 || rule.signers != 0;
        if (owners.length == 0 && !more && _signedOnChain(c)) return;
        Obligation[] memory asked = new Obligation[](rule.signers == 0 ? 1 : 2);
        asked[0] = Obligation(Op.SIGNATURES, 0, rule.signatures, 0, index, 0);
        if (rule.signers != 0) asked[1] = Obligation(Op.NAMED_SIGNERS, rule.list, rule.signers, 0, index, 0);
        c.take(asked);
        // An account without a threshold has nobody who could have signed.
        if (Quorum.meet(c, owners) && c.owners.length == 0) {
            c.deny(c.obligations[0], Reason.BadOwnerSignatures, 0, type(uint256).max, 0);
        }
    }

    function _signedOnChain(Case memory c) private view returns (bool) {
        bytes memory input = abi.encodeCall(ISafe.signedMessages, (c.binding.request));
        (bool ok, uint256 signed) = Lookup.ask(c.asked.account, ACCOUNT_GAS, input, 1, 0);
        return ok && signed != 0;
    }

    /// @dev Indices of message rules have one byte.
    function _deny(Case memory c, Reason reason, uint256 rule) private pure returns (Verdict memory) {
        c.verdict = Verdict(reason, 0, uint16(rule), 0, 0, 0);
        return c.verdict;
    }
}
