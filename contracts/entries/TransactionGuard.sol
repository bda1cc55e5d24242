// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {ExactCalldata} from "../libraries/ExactCalldata.sol";
import {oneAction} from "../types/Data.sol";
import {EVALUATION, Evaluation} from "../types/Evaluation.sol";

/// @notice The entry for owner transactions of Safes 1.3.0 to 1.5.0, {ITransactionGuard}.
abstract contract TransactionGuard is Engine {
    uint256 private constant TO = 0;
    uint256 private constant VALUE = 1;
    uint256 private constant DATA = 2;
    uint256 private constant OPERATION = 3;
    uint256 private constant SAFE_TX_GAS = 4;
    uint256 private constant GAS_PRICE = 6;
    uint256 private constant GAS_TOKEN = 7;
    uint256 private constant REFUND_RECEIVER = 8;
    uint256 private constant SIGNATURES = 9;
    uint256 private constant MSG_SENDER = 10;
    uint256 private constant WORDS = 11;

    /// @dev {ITransactionGuard.checkTransaction}.
    function _checkTransaction(Evaluation memory e) internal {
        uint256 to = ExactCalldata.argument(TO);
        uint256 sender = ExactCalldata.argument(MSG_SENDER);
        uint256 others = ExactCalldata.argument(GAS_TOKEN) | ExactCalldata.argument(REFUND_RECEIVER);
        ExactCalldata.check((to | sender | others) >> 160 == 0);
        uint256 end = ExactCalldata.tail(DATA, ExactCalldata.headEnd(WORDS));
        ExactCalldata.check(ExactCalldata.tail(SIGNATURES, end) == msg.data.length);

        assembly ("memory-safe") {
            e := EVALUATION
        }
        e.account = msg.sender;
        e.initiator = address(uint160(sender));
        e.safeTxGas = ExactCalldata.argument(SAFE_TX_GAS);
        e.gasPrice = ExactCalldata.argument(GAS_PRICE);
        // Directly behind the arguments.
        bytes calldata data = ExactCalldata.bytesBehind(ExactCalldata.headEnd(WORDS));
        _enforce(
            e,
            oneAction(
                address(uint160(to)), ExactCalldata.argument(VALUE), data, ExactCalldata.smallArgument(OPERATION, 8)
            )
        );
    }
}
