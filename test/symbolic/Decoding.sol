// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Calldata} from "../../contracts/libraries/Calldata.sol";
import {MultiSend} from "../../contracts/libraries/MultiSend.sol";
import {ActionView} from "../../contracts/types/Data.sol";

/// @notice What is decoded, handed calldata of its own.
contract DecodingHarness {
    using Calldata for bytes;

    function word(bytes calldata all, uint256 length, uint256 offset) external pure returns (uint256) {
        bytes calldata piece = all[:length];
        return piece.word(offset);
    }

    function addressAt(bytes calldata data) external pure returns (bool, address) {
        return (data.isAddress(4), data.addressAt(4));
    }

    function selector(bytes calldata data) external pure returns (uint32) {
        return data.selector();
    }

    /// @dev Positions from the start of `data`.
    function open(bytes calldata data) external pure returns (bool canonical, uint256 begins, uint256 ends) {
        (uint256 cursor, uint256 end) = MultiSend.open(data);
        canonical = end != 0;
        if (canonical) (begins, ends) = (cursor - _start(data), end - _start(data));
    }

    function next(bytes calldata data, address zero)
        external
        pure
        returns (address to, uint256 value, uint256 operation, uint256 length, uint256 behind)
    {
        (uint256 cursor,) = MultiSend.open(data);
        ActionView memory action;
        behind = MultiSend.next(cursor, zero, action) - _start(data);
        (to, value, operation, length) = (action.to, action.value, action.operation, action.data.bytesOf().length);
    }

    function _start(bytes calldata data) private pure returns (uint256 start) {
        assembly ("memory-safe") {
            start := data.offset
        }
    }
}

/// @notice No content of calldata makes the decoder read past its end, or take it for another. Lengths and offsets are
/// tried one by one, since the prover reads calldata only at places that it knows; what stands there is anything.
contract SymbolicDecoding {
    uint256 private constant PREFIX = 68;
    uint256 private constant TRANSACTION = 85;
    DecodingHarness private _decoder;

    function setUp() public {
        _decoder = new DecodingHarness();
    }

    function check_word_isZeroBehindTheEnd(uint256 a, uint256 b) external view {
        bytes memory all = abi.encode(a, b);
        for (uint256 length; length < 36; length += 5) {
            for (uint256 offset; offset < 48; offset += 3) {
                uint256 word = _decoder.word(all, length, offset);
                uint256 there = offset < length ? length - offset : 0;
                if (there > 32) there = 32;
                // What is left of the 64 bytes from `offset` on, cut off where the piece ends.
                uint256 raw =
                    offset == 0 ? a : offset < 32 ? a << 8 * offset | b >> 8 * (32 - offset) : b << 8 * (offset - 32);
                assert(word == (there == 0 ? 0 : raw >> 8 * (32 - there) << 8 * (32 - there)));
            }
        }
    }

    function check_address_isCleanOrNone(bytes4 selector, uint256 word) external view {
        (bool clean, address found) = _decoder.addressAt(abi.encodePacked(selector, word));
        assert(clean == (word <= type(uint160).max));
        assert(uint256(uint160(found)) == uint256(uint160(word)));
    }

    function check_selector_isTheFirstFourBytes(bytes4 selector, uint256 behind) external view {
        assert(bytes4(_decoder.selector(abi.encodePacked(selector, behind))) == selector);
    }

    function check_batch_onlyItsOwnSelectorAndOffset(bytes4 selector, uint256 offset, bytes32 head) external view {
        bytes memory transaction = abi.encodePacked(head, bytes21(0), uint256(0), bytes11(0));
        bytes memory data = abi.encodePacked(selector, offset, TRANSACTION, transaction);
        (bool canonical, uint256 begins, uint256 ends) = _decoder.open(data);
        assert(canonical == (selector == 0x8d80ff0a && offset == 32));
        if (canonical) assert(begins == PREFIX && ends == PREFIX + TRANSACTION);
    }

    function check_batch_theLengthIsAllThereIs(bytes32 head, uint256 over) external view {
        bytes memory transaction = abi.encodePacked(head, bytes21(0), uint256(0), bytes11(0));
        // Whatever is beyond the 96 bytes that are there.
        if (over == 0 || over > type(uint256).max - 96) return;
        (bool canonical,,) = _decoder.open(abi.encodePacked(bytes4(0x8d80ff0a), uint256(32), 96 + over, transaction));
        assert(!canonical);
    }

    function check_batch_paddingIsZeroAndShort(bytes32 head, bytes11 padding) external view {
        bytes memory transaction = abi.encodePacked(head, bytes21(0), uint256(0), padding);
        (bool canonical,,) = _decoder.open(abi.encodePacked(bytes4(0x8d80ff0a), uint256(32), TRANSACTION, transaction));
        assert(canonical == (padding == 0));
        (canonical,,) =
            _decoder.open(abi.encodePacked(bytes4(0x8d80ff0a), uint256(32), TRANSACTION, transaction, uint256(0)));
        assert(!canonical);
    }

    function check_batch_aTransactionNeverEndsBehindIt(bytes32 head, uint256 inner) external view {
        // Longer than the eleven bytes that are left.
        if (inner <= 11) return;
        bytes memory transaction = abi.encodePacked(head, bytes21(0), inner, bytes11(0));
        (bool canonical,,) = _decoder.open(abi.encodePacked(bytes4(0x8d80ff0a), uint256(32), uint256(96), transaction));
        assert(!canonical);
    }

    function check_batch_everyLengthInsideLeavesNoRest(bytes32 head, bytes11 data) external view {
        for (uint256 inner; inner <= 11; inner++) {
            bytes memory transaction = abi.encodePacked(head, bytes21(0), inner, data);
            (bool canonical,,) =
                _decoder.open(abi.encodePacked(bytes4(0x8d80ff0a), uint256(32), uint256(96), transaction));
            // Behind a shorter one there would have to be another, for which there is no room.
            assert(canonical == (inner == 11));
        }
    }

    function check_batch_isReadAsItIsPacked(uint8 operation, address to, uint256 value, bytes11 data, address zero)
        external
        view
    {
        bytes memory transaction = abi.encodePacked(operation, to, value, uint256(11), data);
        bytes memory batch = abi.encodePacked(bytes4(0x8d80ff0a), uint256(32), uint256(96), transaction);
        (address gotTo, uint256 gotValue, uint256 gotOperation, uint256 length, uint256 behind) =
            _decoder.next(batch, zero);
        assert(gotTo == (to == address(0) ? zero : to));
        assert(gotValue == value && gotOperation == operation);
        assert(length == 11 && behind == PREFIX + 96);
    }
}
