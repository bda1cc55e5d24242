// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

struct SafeProtocolAction {
    address payable to;
    uint256 value;
    bytes data;
}

struct SafeTransaction {
    SafeProtocolAction[] actions;
    uint256 nonce;
    bytes32 metadataHash;
}

struct SafeRootAccess {
    SafeProtocolAction action;
    uint256 nonce;
    bytes32 metadataHash;
}

/// @notice What a Safe Protocol manager calls around executions; interface id 0x907e1c56. The caller is the manager
/// that the account registered.
/// @dev Execution type 0 is an owner transaction, whose meta is `abi.encode(to, value, data, safeTxGas, baseGas,
/// gasPrice, gasToken, refundReceiver, signatures, msgSender)`; type 1 is a plugin's, whose meta is
/// `abi.encode(plugin)`.
interface ISafeProtocolHooks {
    /// @notice Reverts with `Denied` unless the active program allows the calls; commits what they use up.
    /// @dev Reverts with `NotManager`, and with `NonCanonicalEntry` on anything but exact ABI encoding, an unknown
    /// execution type, or a meta that is not about the same action.
    /// @return preCheckData Empty.
    function preCheck(
        address account,
        SafeTransaction calldata transaction,
        uint256 executionType,
        bytes calldata executionMeta
    ) external returns (bytes memory preCheckData);

    /// @notice The same for one delegatecall.
    function preCheckRootAccess(
        address account,
        SafeRootAccess calldata rootAccess,
        uint256 executionType,
        bytes calldata executionMeta
    ) external returns (bytes memory preCheckData);

    /// @notice Reverts with `ExecutionFailed` if the execution failed, so that nothing failed stays charged.
    function postCheck(address account, bool success, bytes calldata preCheckData) external;
}

/// @notice What the hook asks a Safe Protocol manager, and the calls to it that it recognises.
interface ISafeProtocolManager {
    function getEnabledHooks(address account) external view returns (address hooks);

    /// @dev The manager wants the account appended to the calldata, 20 bytes.
    function setHooks(address hooks) external;

    function enablePlugin(address plugin, uint8 permissions) external;

    function disablePlugin(address previous, address plugin) external;

    function setFunctionHandler(bytes4 selector, address handler) external;
}
