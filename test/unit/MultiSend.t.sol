// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MultiSend} from "../../contracts/libraries/MultiSend.sol";
import {ActionView} from "../../contracts/types/Data.sol";
import {Safes} from "../base/Safes.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";

contract MultiSendTest is Test {
    address private constant ACCOUNT = address(0xACC);

    function test_theRecordedHashesAreThoseOfThePublishedCode() public {
        for (uint256 release = 0; release < 3; ++release) {
            (address multiSend, address callOnly) = Safes.deployMultiSends(release);
            _assertBatcher(multiSend, true, release == 2);
            _assertBatcher(callOnly, false, release == 2);
        }
        _assertBatcher(Safes.MULTI_SEND_130_EIP155, true, false);
    }

    function test_neverRecognisesMultiSendAtAnotherAddress() public {
        (address multiSend, address callOnly) = Safes.deployMultiSends(1);
        address copy = address(0xC0FFEE);
        VM.etch(copy, multiSend.code);
        (bool known,,) = MultiSend.recognise(copy);
        assertFalse(known, "a copy of MultiSend");
        VM.etch(copy, callOnly.code);
        _assertBatcher(copy, false, false);
        VM.etch(copy, bytes.concat(callOnly.code, hex"00"));
        (known,,) = MultiSend.recognise(copy);
        assertFalse(known, "a byte more");
    }

    function testFuzz_neverRecognisesAnythingElse(address target) public view {
        (bool known,,) = MultiSend.recognise(target);
        assertFalse(known, "nothing is deployed here");
    }

    function testFuzz_unwrapsWhatWasBatched(uint8 operation, address to, uint256 value, bytes calldata data)
        public
        view
    {
        bytes memory packed = bytes.concat(_pack(operation, to, value, data), _pack(0, ACCOUNT, 1, ""));
        bytes memory batch = abi.encodeWithSelector(0x8d80ff0a, packed);
        (ActionView[] memory actions, bytes[] memory datas) = this.unwrap(batch, address(0));
        assertEq(actions.length, 2, "transactions");
        assertEq(actions[0].operation, operation, "operation");
        assertEq(actions[0].to, to, "target");
        assertEq(actions[0].value, value, "value");
        assertEq(datas[0], data, "data");
        assertEq(actions[1].to, ACCOUNT, "target of the second");
        assertEq(datas[1], "", "data of the second");
    }

    function test_neverUnwrapsACutOrLengthenedBatch() public view {
        bytes memory batch = _batch();
        for (uint256 length = 0; length < batch.length; ++length) {
            bytes memory cut = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                cut[i] = batch[i];
            }
            _assertRefused(cut, "cut");
        }
        for (uint256 more = 1; more <= 64; ++more) {
            _assertRefused(bytes.concat(batch, new bytes(more)), "lengthened");
        }
    }

    function test_neverUnwrapsANonCanonicalHead() public view {
        bytes memory batch = _batch();
        // Selector, offset and length: whatever byte changes, the rest no longer fits it.
        for (uint256 i = 0; i < 68; ++i) {
            bytes memory other = bytes.concat(batch);
            other[i] = bytes1(uint8(other[i]) ^ 0x01);
            _assertRefused(other, "head");
        }
    }

    function test_neverUnwrapsDirtyPadding() public view {
        bytes memory batch = _batch();
        uint256 end = 68 + 2 * 85 + 5;
        for (uint256 i = end; i < batch.length; ++i) {
            bytes memory other = bytes.concat(batch);
            other[i] = 0x01;
            _assertRefused(other, "padding");
        }
    }

    function testFuzz_neverUnwrapsADataLengthThatDoesNotFit(uint256 length) public view {
        if (length == 5) ++length;
        bytes memory packed = abi.encodePacked(uint8(0), ACCOUNT, uint256(0), length, bytes5("hello"));
        _assertRefused(abi.encodeWithSelector(0x8d80ff0a, packed), "length");
    }

    function test_neverUnwrapsAnEmptyBatch() public view {
        _assertRefused(abi.encodeWithSelector(0x8d80ff0a, bytes("")), "empty");
    }

    function test_aTargetOfZeroIsWhatTheCallerSaysItIs() public view {
        bytes memory batch = abi.encodeWithSelector(0x8d80ff0a, _pack(0, address(0), 0, ""));
        (ActionView[] memory actions,) = this.unwrap(batch, ACCOUNT);
        assertEq(actions[0].to, ACCOUNT, "1.5.0");
        (actions,) = this.unwrap(batch, address(0));
        assertEq(actions[0].to, address(0), "before");
    }

    /// @dev External, so that the batch is calldata.
    function unwrap(bytes calldata batch, address zero)
        external
        pure
        returns (ActionView[] memory actions, bytes[] memory datas)
    {
        (uint256 cursor, uint256 end) = MultiSend.open(batch);
        uint256 count = 0;
        ActionView memory any;
        for (uint256 at_ = cursor; at_ < end; ++count) {
            at_ = MultiSend.next(at_, zero, any);
        }
        (actions, datas) = (new ActionView[](count), new bytes[](count));
        for (uint256 i = 0; i < count; ++i) {
            cursor = MultiSend.next(cursor, zero, actions[i]);
            datas[i] = actions[i].data.bytesOf();
        }
        assertEq(cursor, end, "end to end");
    }

    function _batch() private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            0x8d80ff0a, bytes.concat(_pack(0, address(0xB0B), 7, "hello"), _pack(1, address(0xB0C), 0, ""))
        );
    }

    function _pack(uint8 operation, address to, uint256 value, bytes memory data) private pure returns (bytes memory) {
        return abi.encodePacked(operation, to, value, data.length, data);
    }

    function _assertRefused(bytes memory batch, string memory what) private view {
        (ActionView[] memory actions,) = this.unwrap(batch, address(0));
        assertEq(actions.length, 0, what);
    }

    function _assertBatcher(address target, bool delegating, bool zeroing) private view {
        (bool known, bool delegates, bool zeroIsAccount) = MultiSend.recognise(target);
        assertTrue(known, "known");
        assertTrue(delegates == delegating, "delegates");
        assertTrue(zeroIsAccount == zeroing, "zero is the account");
    }
}
