// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Safes} from "./Safes.sol";

struct SafeProtocolAction {
    address to;
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

interface IRegistry {
    function addModule(address module, uint8 moduleType) external;
}

interface IManager {
    function setHooks(address hooks) external;
    function enablePlugin(address plugin, uint8 permissions) external;
    function disablePlugin(address previous, address plugin) external;
    function setFunctionHandler(bytes4 selector, address handler) external;
    function isPluginEnabled(address safe, address plugin) external view returns (bool);
    function executeTransaction(address safe, SafeTransaction calldata transaction) external;
    function getEnabledHooks(address safe) external view returns (address);
}

interface IPlugin {
    function executeFromPlugin(address manager, address safe, SafeTransaction calldata transaction)
        external
        returns (bytes[] memory);
    function executeRootAccessTxFromPlugin(address manager, address safe, SafeRootAccess calldata rootAccess)
        external
        returns (bytes memory);
    function setRequiresPermissions(uint8 permissions) external;
}

/// @notice The Safe Protocol's own manager, registry and test plugins, out of the package's artifacts.
library Protocol {
    string private constant FOLDER = "node_modules/@safe-global/safe-core-protocol/artifacts/contracts/";

    // What kind of module the registry lists, and what a plugin may do.
    uint8 internal constant PLUGIN = 0;
    uint8 internal constant HOOKS = 1;
    uint8 internal constant EXECUTE_CALL = 1;
    uint8 internal constant CALL_TO_SELF = 2;
    uint8 internal constant EXECUTE_DELEGATECALL = 4;

    function deploy(address owner) internal returns (IManager manager, IRegistry registry) {
        registry = IRegistry(
            Safes.create(string.concat(FOLDER, "SafeProtocolRegistry.sol/SafeProtocolRegistry.json"), abi.encode(owner))
        );
        manager = IManager(
            Safes.create(
                string.concat(FOLDER, "SafeProtocolManager.sol/SafeProtocolManager.json"), abi.encode(owner, registry)
            )
        );
    }

    /// @notice A plugin that executes what anybody asks, with calls and with root access.
    function deployPlugin() internal returns (IPlugin) {
        return IPlugin(Safes.create(string.concat(FOLDER, "test/TestPlugin.sol/TestPluginWithRootAccess.json")));
    }
}
