// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Kind} from "../types/Image.sol";
import {Calldata} from "./Calldata.sol";

/// @notice What a call to a token does. `recipient` and `amount` are zero when it is opaque.
struct Decoded {
    // Whether a known call is in exact ABI encoding; if not, nothing else counts.
    bool canonical;
    uint256 kind;
    address recipient;
    // Of the first effect.
    uint256 amount;
    // How many effects there are.
    uint256 count;
}

/// @notice ERC-721 and ERC-1155 calls, `docs/program.md` §2.5, in a contract of their own, since the hook has no room
/// for them.
library Tokens {
    using Calldata for bytes;

    /// @dev Where a safeBatchTransferFrom, selector included, says where its amounts are.
    uint256 internal constant AMOUNTS = 100;

    uint256 private constant ERC721 = 2;

    uint32 private constant SET_APPROVAL_FOR_ALL = 0xa22cb465;
    uint32 private constant TRANSFER_FROM = 0x23b872dd;
    uint32 private constant SAFE_TRANSFER_FROM = 0x42842e0e;
    uint32 private constant SAFE_TRANSFER_FROM_WITH_DATA = 0xb88d4fde;
    uint32 private constant APPROVE = 0x095ea7b3;
    uint32 private constant SAFE_TRANSFER_FROM_1155 = 0xf242432a;
    uint32 private constant SAFE_BATCH_TRANSFER_FROM = 0x2eb2c2d6;

    uint256 private constant WORD = 32;
    /// @dev Head words.
    uint256 private constant THREE = 96;
    uint256 private constant FOUR = 128;
    uint256 private constant FIVE = 160;

    /// @notice What a call of at least 4 bytes does to a token that is declared as ERC-721 or ERC-1155.
    function decode(uint256 standard, bytes calldata data, address account) external pure returns (Decoded memory d) {
        uint32 selector = data.selector();
        bytes calldata arguments = data[4:];
        d.count = 1;
        if (selector == SET_APPROVAL_FOR_ALL) _approvalForAll(d, arguments);
        else if (standard == ERC721) _erc721(d, selector, arguments, account);
        else _erc1155(d, selector, arguments, account);
    }

    /// @dev An operator may take everything that the account has or ever gets.
    function _approvalForAll(Decoded memory d, bytes calldata arguments) private pure {
        uint256 approved = arguments.word(WORD);
        d.canonical = arguments.length == 64 && arguments.isAddress(0) && approved <= 1;
        d.kind = Kind.APPROVE;
        d.recipient = arguments.addressAt(0);
        d.amount = approved == 0 ? 0 : type(uint256).max;
    }

    function _erc721(Decoded memory d, uint32 selector, bytes calldata arguments, address account) private pure {
        if (selector == APPROVE) {
            d.canonical = arguments.length == 64 && arguments.isAddress(0);
            d.kind = Kind.APPROVE;
            d.recipient = arguments.addressAt(0);
            // Zero takes the approval back.
            d.amount = d.recipient == address(0) ? 0 : 1;
        } else if (selector == TRANSFER_FROM || selector == SAFE_TRANSFER_FROM) {
            d.canonical = arguments.length == THREE;
            _moves(d, arguments, account, 1);
        } else if (selector == SAFE_TRANSFER_FROM_WITH_DATA) {
            d.canonical = _tail(arguments, THREE, FOUR, 1) == arguments.length;
            _moves(d, arguments, account, 1);
        } else {
            _opaque(d);
        }
    }

    function _erc1155(Decoded memory d, uint32 selector, bytes calldata arguments, address account) private pure {
        if (selector == SAFE_TRANSFER_FROM_1155) {
            d.canonical = _tail(arguments, FOUR, FIVE, 1) == arguments.length;
            _moves(d, arguments, account, arguments.word(THREE));
        } else if (selector == SAFE_BATCH_TRANSFER_FROM) {
            uint256 n = arguments.word(FIVE);
            uint256 amounts = _tail(arguments, 64, FIVE, WORD);
            uint256 rest = _tail(arguments, THREE, amounts, WORD);
            d.canonical = n != 0 && arguments.word(amounts) == n && _tail(arguments, FOUR, rest, 1) == arguments.length;
            _moves(d, arguments, account, arguments.word(amounts + WORD));
            if (d.kind == Kind.TRANSFER) d.count = n;
        } else {
            _opaque(d);
        }
    }

    /// @dev From argument 1 to argument 2. What moves from elsewhere is not this account's transfer.
    function _moves(Decoded memory d, bytes calldata arguments, address account, uint256 amount) private pure {
        d.canonical = d.canonical && arguments.isAddress(0) && arguments.isAddress(WORD);
        if (arguments.addressAt(0) != account) {
            d.kind = Kind.OPAQUE;
            return;
        }
        d.kind = Kind.TRANSFER;
        d.recipient = arguments.addressAt(WORD);
        d.amount = amount;
    }

    function _opaque(Decoded memory d) private pure {
        d.canonical = true;
        d.kind = Kind.OPAQUE;
    }

    /// @dev Where the tail ends whose length, in items of `size` bytes, must be at `start`, as head word `head` must
    /// say; padding included, which must be zeros. If anything is not so: past every calldata, which no tail then starts
    /// at or ends with.
    function _tail(bytes calldata arguments, uint256 head, uint256 start, uint256 size)
        private
        pure
        returns (uint256 end)
    {
        uint256 whole = arguments.length;
        uint256 n = arguments.word(start);
        if (arguments.word(head) != start || start >= whole || n > whole) return type(uint128).max;
        uint256 last = start + WORD + n * size;
        end = (last + WORD - 1) & ~(WORD - 1);
        bool padded = end == last || arguments.word(last) >> (8 * (WORD + last - end)) == 0;
        if (end > whole || !padded) return type(uint128).max;
    }
}
