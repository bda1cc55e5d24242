// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Effect, Kind} from "../types/Image.sol";
import {Calldata} from "./Calldata.sol";
import {Decoded, Tokens} from "./Tokens.sol";

/// @notice What calldata does to a declared token, `docs/program.md` §2.5 and `docs/effects.md`.
library Decoder {
    using Calldata for bytes;

    address internal constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;

    uint256 internal constant ERC20 = 1;
    uint256 internal constant ERC721 = 2;
    uint256 internal constant ERC1155 = 3;

    uint32 private constant TRANSFER = 0xa9059cbb;
    uint32 private constant TRANSFER_FROM = 0x23b872dd;
    uint32 private constant APPROVE = 0x095ea7b3;
    uint32 private constant INCREASE_ALLOWANCE = 0x39509351;
    /// @dev As {Kind} has them.
    uint256 private constant KIND_TRANSFER = 2;
    uint256 private constant KIND_APPROVE = 3;
    /// @dev Fields of {Effect}.
    uint256 private constant TARGET = 0x40;
    uint256 private constant SELECTOR = 0xa0;
    uint256 private constant DATA = 0xc0;
    uint256 private constant HAS_ASSET = 0x160;
    uint256 private constant ASSET = 0x180;
    uint256 private constant HAS_RECIPIENT = 0xe0;
    uint256 private constant RECIPIENT = 0x100;
    uint256 private constant HAS_AMOUNT = 0x120;
    uint256 private constant AMOUNT = 0x140;
    uint32 private constant PERMIT2_APPROVE = 0x87517c45;

    /// @notice Fills kind, asset, recipient and amount from a call of at least 4 bytes to a declared token that is no
    /// ERC-20.
    /// @return canonical Whether a known call is in exact ABI encoding.
    /// @return count How many effects the call has. They differ in their amounts alone, see {amountAt}; the first one
    /// is filled in.
    function decode(Effect memory effect, uint256 standard, address account)
        internal
        pure
        returns (bool canonical, uint256 count)
    {
        effect.hasAsset = true;
        effect.asset = effect.target;
        Decoded memory decoded = Tokens.decode(standard, effect.data.bytesOf(), account);
        effect.kind = decoded.kind;
        if (decoded.kind != Kind.OPAQUE) _fill(effect, decoded.recipient, decoded.amount);
        return (decoded.canonical, decoded.count);
    }

    /// @notice The amount of effect `i` of a call with more than one: a safeBatchTransferFrom, whose encoding was found
    /// to be exact.
    function amountAt(Effect memory effect, uint256 i) internal pure returns (uint256) {
        bytes calldata data = effect.data.bytesOf();
        // Unchecked: the amounts lie inside calldata.
        unchecked {
            return data.word(4 + data.word(Tokens.AMOUNTS) + 32 * (i + 1));
        }
    }

    /// @notice Whether a call names a token as Permit2's `approve` does, and which.
    function permit2Token(Effect memory effect) internal pure returns (bool named, address token) {
        bytes calldata data = effect.data.bytesOf();
        named = effect.target == PERMIT2 && effect.selector == PERMIT2_APPROVE && data.length >= 36 && data.isAddress(4);
        if (named) token = data.addressAt(4);
    }

    /// @notice Fills the effect from a call to Permit2 that names `token`, a declared ERC-20. Permit2 draws on what the
    /// account allowed it, up to what this call allows the spender.
    /// @return canonical Whether the call is in exact ABI encoding.
    function permit2(Effect memory effect, address token) internal pure returns (bool canonical) {
        bytes calldata data = effect.data.bytesOf();
        // The amount has as many bits as an address, the expiration 48.
        bool clean = data.isAddress(36) && data.isAddress(68) && data.word(100) >> 48 == 0;
        if (data.length != 132 || !clean) return false;
        effect.kind = Kind.APPROVE;
        effect.subject = token;
        effect.hasAsset = true;
        effect.asset = token;
        _fill(effect, data.addressAt(36), data.word(68));
        return true;
    }

    /// @notice Fills kind, asset, recipient and amount from a call of at least 4 bytes to a declared ERC-20.
    /// @return canonical Whether a known call is in exact ABI encoding.
    function erc20(Effect memory effect, address account) internal pure returns (bool canonical) {
        uint256 kind;
        assembly ("memory-safe") {
            let selector := mload(add(effect, SELECTOR))
            let approves := or(eq(selector, APPROVE), eq(selector, INCREASE_ALLOWANCE))
            kind := or(mul(KIND_TRANSFER, eq(selector, TRANSFER)), mul(KIND_APPROVE, approves))
            mstore(add(effect, HAS_ASSET), 1)
            mstore(add(effect, ASSET), mload(add(effect, TARGET)))
            if kind {
                let data := mload(add(effect, DATA))
                let offset := shr(128, data)
                let recipient := calldataload(add(offset, 4))
                canonical := iszero(or(xor(shl(128, data), shl(128, 68)), shr(160, recipient)))
                mstore(effect, kind)
                mstore(add(effect, HAS_RECIPIENT), 1)
                mstore(add(effect, RECIPIENT), recipient)
                mstore(add(effect, HAS_AMOUNT), 1)
                mstore(add(effect, AMOUNT), calldataload(add(offset, 36)))
            }
        }
        if (kind != 0) return canonical;
        if (effect.selector == TRANSFER_FROM) return _transferFrom(effect, effect.data.bytesOf(), account);
        effect.kind = Kind.OPAQUE;
        return true;
    }

    /// @dev What another owner's allowance moves is not this account's transfer.
    function _transferFrom(Effect memory effect, bytes calldata data, address account) private pure returns (bool) {
        if (data.length != 100) return false;
        (uint256 from, uint256 to) = (data.load(4), data.load(36));
        if ((from | to) >> 160 != 0) return false;
        if (from != uint256(uint160(account))) {
            effect.kind = Kind.OPAQUE;
            return true;
        }
        effect.kind = Kind.TRANSFER;
        _fill(effect, address(uint160(to)), data.load(68));
        return true;
    }

    function _fill(Effect memory effect, address recipient, uint256 amount) private pure {
        effect.hasRecipient = true;
        effect.recipient = recipient;
        effect.hasAmount = true;
        effect.amount = amount;
    }
}
