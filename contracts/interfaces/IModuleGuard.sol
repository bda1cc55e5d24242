// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a Safe 1.5.0 calls around module transactions; interface id 0x58401ed8. The caller is the account.
interface IModuleGuard {
    /// @notice Reverts with `Denied` unless the active program allows the transaction; commits what it uses up.
    /// @dev Reverts with `NonCanonicalEntry` on anything but exact ABI encoding.
    /// @return moduleTxHash Zero: nothing after the execution depends on it.
    function checkModuleTransaction(address to, uint256 value, bytes calldata data, uint8 operation, address module)
        external
        returns (bytes32 moduleTxHash);

    /// @notice Reverts with `ExecutionFailed` if the execution failed, so that nothing failed stays charged.
    /// A module whose call fails therefore sees a revert instead of `false`.
    function checkAfterModuleExecution(bytes32 txHash, bool success) external;
}
