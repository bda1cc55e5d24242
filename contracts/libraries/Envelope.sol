// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Calldata} from "./Calldata.sol";

/// @notice A payload behind the owner signatures: `[owner signatures][payload][uint256 length][bytes32 typeHash]`,
/// `docs/program.md` §8.3.
library Envelope {
    using Calldata for bytes;

    uint256 private constant WORD = 32;
    /// @dev Payload length and type hash.
    uint256 private constant TAIL = 64;

    /// @notice What the Safe reads, and the payload behind it, if there is one.
    /// @return found Whether there is an envelope of this type.
    /// @return sound False when the payload is said to be longer than what precedes its length.
    function split(bytes calldata signatures, bytes32 typeHash)
        internal
        pure
        returns (bool found, bool sound, bytes calldata owners, bytes calldata payload)
    {
        (owners, payload) = (signatures, signatures[:0]);
        uint256 size = signatures.length;
        if (size < TAIL || bytes32(signatures.word(size - WORD)) != typeHash) return (false, true, owners, payload);
        uint256 available = size - TAIL;
        uint256 length = signatures.word(available);
        if (length > available) return (true, false, owners, payload);
        return (true, true, signatures[:available - length], signatures[available - length:available]);
    }
}
