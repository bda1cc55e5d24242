// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SafeCompatibility} from "./SafeCompatibility.sol";
import {TokenCallbacks} from "./TokenCallbacks.sol";
import {ISignatureHandler} from "./interfaces/ISignatureHandler.sol";
import {SignedMessages} from "./libraries/SignedMessages.sol";
import {Reason} from "./types/Reason.sol";
import {Verdict} from "./types/Types.sol";

/// @title What an account under Portcullis signs, as its fallback handler
/// @notice See {ISignatureHandler}. Never the hook itself: a Safe's fallback calls its handler as the account, so
/// anybody could speak for it there.
contract SignatureHandler is ISignatureHandler, SafeCompatibility, TokenCallbacks {
    bytes4 private constant BY_DIGEST = 0x1626ba7e;
    bytes4 private constant BY_DATA = 0x20c13b0b;

    /// @inheritdoc ISignatureHandler
    address public immutable HOOK;

    /// @notice Reverts with {NoHook} where there is no code.
    constructor(address hook) {
        require(hook.code.length != 0, NoHook(hook));
        HOOK = hook;
    }

    /// @inheritdoc ISignatureHandler
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        _mustAllow(check(msg.sender, digest, signature));
        return BY_DIGEST;
    }

    /// @inheritdoc ISignatureHandler
    function isValidSignature(bytes calldata data, bytes calldata signature) external view returns (bytes4) {
        _mustAllow(check(msg.sender, data, signature));
        return BY_DATA;
    }

    /// @inheritdoc ISignatureHandler
    function check(address account, bytes32 digest, bytes calldata signature) public view returns (Verdict memory) {
        return SignedMessages.decide(HOOK, account, abi.encode(digest), digest, signature);
    }

    /// @inheritdoc ISignatureHandler
    function check(address account, bytes calldata data, bytes calldata signature)
        public
        view
        returns (Verdict memory)
    {
        return SignedMessages.decide(HOOK, account, data, keccak256(data), signature);
    }

    function _mustAllow(Verdict memory verdict) private pure {
        require(verdict.reason == Reason.Allowed, MessageDenied(verdict.reason, verdict.rule));
    }
}
