// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ITransactionGuard} from "../interfaces/ITransactionGuard.sol";
import {ExactCalldata} from "../libraries/ExactCalldata.sol";
import {oneAction} from "../types/Data.sol";
import {Evaluation, evaluations} from "../types/Evaluation.sol";

/// @notice The entry for owner transactions of Safes 1.3.0 to 1.5.0.
abstract contract TransactionGuard is Engine, ITransactionGuard {
    uint256 private constant TO = 0;
    uint256 private constant VALUE = 1;
    uint256 private constant DATA = 2;
    uint256 private constant OPERATION = 3;
    uint256 private constant SAFE_TX_GAS = 4;
    uint256 private constant GAS_PRICE = 6;
    uint256 private constant SIGNATURES = 9;
    uint256 private constant MSG_SENDER = 10;
    uint256 private constant WORDS = 11;

    /// @inheritdoc ITransactionGuard
    /// @dev Eleven arguments are more than the stack can serve, so they are read where they lie, and the signatures
    /// are declared in memory only to save a stack slot. Solidity has checked by then that addresses and operation
    /// are clean.
    function checkTransaction(
        address,
        uint256,
        bytes calldata,
        uint8,
        uint256,
        uint256,
        uint256,
        address,
        address payable,
        bytes memory,
        address
    ) external {
        _checkTransaction();
    }

    /// @inheritdoc ITransactionGuard
    function checkAfterExecution(bytes32, bool success) external pure {
        require(success, IPolicyHook.ExecutionFailed());
    }

    function _checkTransaction() private {
        ExactCalldata.checkCall(WORDS, SIGNATURES << 8 | DATA);
        Evaluation memory e = evaluations()();
        e.account = msg.sender;
        e.initiator = _address(MSG_SENDER);
        e.safeTxGas = ExactCalldata.argument(SAFE_TX_GAS);
        e.gasPrice = ExactCalldata.argument(GAS_PRICE);
        uint256 value = ExactCalldata.argument(VALUE);
        // Directly behind the arguments.
        bytes calldata data = ExactCalldata.bytesBehind(4 + 32 * WORDS);
        _enforce(e, oneAction(_address(TO), value, data, ExactCalldata.argument(OPERATION)));
    }

    function _address(uint256 index) private pure returns (address) {
        return address(uint160(ExactCalldata.argument(index)));
    }
}
