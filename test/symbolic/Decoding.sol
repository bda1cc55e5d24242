// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Calldata} from "../../contracts/libraries/Calldata.sol";
import {MultiSend} from "../../contracts/libraries/MultiSend.sol";
import {ActionView} from "../../contracts/types/Data.sol";

/// @notice No calldata makes the decoder read past its end, or read it in two ways.
contract SymbolicDecoding {
    using Calldata for bytes;

    address private constant ACCOUNT = address(0xACC);
    uint256 private constant PREFIX = 68;

    /// @dev `behind` stands for whatever follows the piece in the request.
    function check_word_isZeroBehindTheEnd(bytes calldata all, uint256 length, uint256 offset) external pure {
        if (all.length != 100 || length > 68) return;
        bytes calldata piece = all[:length];
        uint256 word = piece.word(offset);
        if (offset >= length) {
            assert(word == 0);
        } else if (length - offset < 32) {
            assert(word & (type(uint256).max >> 8 * (length - offset)) == 0);
            uint256 raw = uint256(bytes32(all[offset:offset + 32]));
            assert(word >> 8 * (32 - (length - offset)) == raw >> 8 * (32 - (length - offset)));
        }
    }

    function check_word_isWhatCalldataHolds(bytes calldata data, uint256 offset) external pure {
        if (data.length != 100 || offset > 68) return;
        assert(data.word(offset) == uint256(bytes32(data[offset:offset + 32])));
    }

    function check_address_isCleanOrNone(bytes calldata data) external pure {
        if (data.length != 36) return;
        uint256 word = uint256(bytes32(data[4:36]));
        assert(data.isAddress(4) == (word <= type(uint160).max));
        assert(uint256(uint160(data.addressAt(4))) == uint256(uint160(word)));
    }

    function check_selector_isTheFirstFourBytes(bytes calldata data) external pure {
        if (data.length < 4) return;
        assert(bytes4(data.selector()) == bytes4(data[:4]));
    }

    function check_batch_staysInsideItsCalldata(bytes calldata data) external pure {
        if (data.length < 36) return;
        (uint256 cursor, uint256 end) = MultiSend.open(data);
        if (end == 0) return;
        assert(cursor == _start(data) + PREFIX);
        assert(end - cursor == data.word(36));
        assert(end <= _start(data) + data.length);
        // All but the padding of one word at most.
        assert(_start(data) + data.length - end < 32);
    }

    function check_batch_isCanonical(bytes calldata data) external pure {
        if (data.length < 36) return;
        (, uint256 end) = MultiSend.open(data);
        if (end == 0) return;
        assert(bytes4(data[:4]) == 0x8d80ff0a);
        assert(data.word(4) == 32);
        assert((data.length - PREFIX) % 32 == 0);
        assert(data.word(PREFIX + data.word(36)) == 0);
    }

    function check_batch_transactionsEndWhereItEnds(bytes calldata data) external pure {
        if (data.length < 36) return;
        (uint256 cursor, uint256 end) = MultiSend.open(data);
        ActionView memory action;
        while (cursor < end) {
            uint256 behind = MultiSend.next(cursor, ACCOUNT, action);
            assert(behind > cursor && behind <= end);
            bytes calldata inner = action.data.bytesOf();
            assert(_start(inner) == cursor + 85 && _start(inner) + inner.length == behind);
            cursor = behind;
        }
        assert(cursor == end);
    }

    function check_batch_zeroIsWhatTheReleaseSays(bytes calldata data, address zero) external pure {
        if (data.length < 36) return;
        (uint256 cursor, uint256 end) = MultiSend.open(data);
        if (end == 0) return;
        ActionView memory action;
        MultiSend.next(cursor, zero, action);
        address to = address(bytes20(data[PREFIX + 1:PREFIX + 21]));
        assert(action.to == (to == address(0) ? zero : to));
        assert(action.operation == uint8(data[PREFIX]));
    }

    function _start(bytes calldata data) private pure returns (uint256 start) {
        assembly ("memory-safe") {
            start := data.offset
        }
    }
}
