// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {ExactCalldata} from "../libraries/ExactCalldata.sol";
import {oneAction} from "../types/Data.sol";
import {EVALUATION, Evaluation} from "../types/Evaluation.sol";

/// @notice The entry for owner transactions of Safes 1.3.0 to 1.5.0, {ITransactionGuard}.
abstract contract TransactionGuard is Engine {
    /// @dev Words of this call's arguments, and where others are.
    uint256 private constant DATA = 2;
    uint256 private constant SIGNATURES = 9;
    uint256 private constant WORDS = 11;
    uint256 private constant TO = 0x04;
    uint256 private constant OPERATION = 0x64;
    uint256 private constant SAFE_TX_GAS = 0x84;
    uint256 private constant GAS_PRICE = 0xc4;
    uint256 private constant GAS_TOKEN = 0xe4;
    uint256 private constant REFUND_RECEIVER = 0x104;
    uint256 private constant MSG_SENDER = 0x144;
    /// @dev Fields of {Evaluation}.
    uint256 private constant INITIATOR = 0x40;
    uint256 private constant EVALUATION_SAFE_TX_GAS = 0x60;
    uint256 private constant EVALUATION_GAS_PRICE = 0x80;

    /// @dev {ITransactionGuard.checkTransaction}.
    function _checkTransaction(Evaluation memory e) internal {
        (uint256 end, uint256 wrong) = ExactCalldata.tail(DATA, ExactCalldata.headEnd(WORDS));
        uint256 more;
        (end, more) = ExactCalldata.tail(SIGNATURES, end);
        assembly ("memory-safe") {
            // Those of addresses, and an operation of 8 bits.
            let words := or(or(calldataload(TO), calldataload(MSG_SENDER)), calldataload(GAS_TOKEN))
            let high := or(shr(160, or(words, calldataload(REFUND_RECEIVER))), shr(8, calldataload(OPERATION)))
            wrong := or(or(wrong, more), or(high, xor(end, calldatasize())))
        }
        ExactCalldata.check(wrong == 0);
        assembly ("memory-safe") {
            e := EVALUATION
            mstore(EVALUATION, caller())
            mstore(add(EVALUATION, INITIATOR), calldataload(MSG_SENDER))
            mstore(add(EVALUATION, EVALUATION_SAFE_TX_GAS), calldataload(SAFE_TX_GAS))
            mstore(add(EVALUATION, EVALUATION_GAS_PRICE), calldataload(GAS_PRICE))
        }
        // The calldata stands directly behind the arguments.
        _enforce(e, oneAction(TO, ExactCalldata.headEnd(WORDS)));
    }
}
