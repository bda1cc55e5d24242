// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a Safe calls around owner transactions; interface id 0xe6d7a83a. The caller is the account.
interface ITransactionGuard {
    /// @notice Reverts with `Denied` unless the active program allows the transaction; commits what it uses up.
    /// @dev Reverts with `NonCanonicalEntry` on anything but exact ABI encoding: a fallback handler appends its
    /// caller, so nobody can speak for an account through one.
    /// @param msgSender Who called execTransaction: the request's initiator.
    function checkTransaction(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address payable refundReceiver,
        bytes memory signatures,
        address msgSender
    ) external;

    /// @notice Reverts with `ExecutionFailed` if the execution failed, so that nothing failed stays charged.
    function checkAfterExecution(bytes32 hash, bool success) external;
}
