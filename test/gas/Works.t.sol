// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../contracts/types/Types.sol";
import {NoOpGuard} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {IManager, IRegistry, Protocol} from "../base/Protocol.sol";
import {Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {WorkTest} from "./WorkTest.sol";

/// @notice What treasury work costs without a guard, under one that does nothing, under those that npm packages ship, and
/// under Portcullis. Each is a transaction of its own, in steady state: nonce, balances and counters are not zero, and
/// everything is cold. `cargo xtask bench gas` reads what is logged.
contract WorksTest is WorkTest {
    string private constant GUARDS =
        "node_modules/@safe-global/safe-smart-account/build/artifacts/contracts/examples/guards/";
    uint8 private constant PERMISSIONS = Protocol.EXECUTE_CALL;

    event log(string line);

    function test_withoutAGuard() public {
        _prepare();
        _all("unguarded");
    }

    function test_underAGuardThatDoesNothing() public {
        _guarded("noop", address(new NoOpGuard()));
    }

    function test_underTheGuardForOwners() public {
        _prepare();
        _execute(
            _batch(_guardsOfOwners(Safes.create(string.concat(GUARDS, "OnlyOwnersGuard.sol/OnlyOwnersGuard.json"))))
        );
        // It looks at owners alone.
        _transfers("peer OnlyOwnersGuard");
    }

    function test_underTheGuardAgainstDelegatecalls() public {
        _prepare();
        string memory path = string.concat(GUARDS, "DelegateCallTransactionGuard.sol/DelegateCallTransactionGuard.json");
        _execute(_batch(_guardCalls(Safes.create(path, abi.encode(kit.multiSendCallOnly)))));
        _all("peer DelegateCallTransactionGuard");
    }

    function test_underTheGuardAgainstReentrancy() public {
        _guarded(
            "peer ReentrancyTransactionGuard",
            Safes.create(string.concat(GUARDS, "ReentrancyTransactionGuard.sol/ReentrancyTransactionGuard.json"))
        );
    }

    function test_underTheGuardThatTells() public {
        _guarded(
            "peer DebugTransactionGuard",
            Safes.create(string.concat(GUARDS, "DebugTransactionGuard.sol/DebugTransactionGuard.json"))
        );
    }

    function test_underTheProtocolsManager_withHooksThatDoNothing() public {
        _prepare();
        IRegistry registry;
        (manager, registry) = Protocol.deploy(address(this));
        plugin = Protocol.deployPlugin();
        plugin.setRequiresPermissions(PERMISSIONS);
        address hooks = address(new NoOpGuard());
        registry.addModule(hooks, Protocol.HOOKS);
        registry.addModule(address(plugin), Protocol.PLUGIN);
        Action[] memory actions = new Action[](4);
        actions[0] = _call(address(safe), abi.encodeCall(ISafe.enableModule, (address(manager))));
        actions[1] = _ofManager(abi.encodeCall(IManager.enablePlugin, (address(plugin), PERMISSIONS)));
        actions[2] = _ofManager(abi.encodeCall(IManager.setHooks, (hooks)));
        actions[3] = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(manager))));
        _execute(_batch(actions));
        _transfers("peer SafeProtocolManager with no-op hooks");
        _measure("module-limit", "peer SafeProtocolManager with no-op hooks", Work.ByPlugin);
    }

    function test_underPortcullis_whitelist() public {
        _governed("whitelist");
        _measure("erc20-whitelist", "portcullis", Work.Transfer);
    }

    function test_underPortcullis_limit() public {
        _governed("limit");
        _measure("erc20-limit", "portcullis", Work.Transfer);
        _measure("batch5-limit", "portcullis", Work.Batch);
    }

    function test_underPortcullis_limitByModule() public {
        _governed("module");
        _measure("module-limit", "portcullis", Work.ByModule);
    }

    function test_underPortcullis_largePolicy() public {
        _governed("large");
        _measure("erc20-large-policy", "portcullis", Work.Transfer);
    }

    function test_underPortcullis_attested() public {
        _governed("attested");
        _measure("erc20-attested", "portcullis", Work.Attested);
    }

    // Setting up

    function _guarded(string memory column, address guard) private {
        _prepare();
        _execute(_batch(_guardCalls(guard)));
        _all(column);
    }

    function _guardsOfOwners(address guard) private view returns (Action[] memory calls) {
        calls = new Action[](1);
        calls[0] = _call(address(safe), abi.encodeCall(ISafe.setGuard, (guard)));
    }

    function _ofManager(bytes memory data) private view returns (Action memory) {
        return _call(address(manager), abi.encodePacked(data, address(safe)));
    }

    // Measuring

    function _all(string memory column) private {
        _transfers(column);
        _measure("module-limit", column, Work.ByModule);
    }

    function _transfers(string memory column) private {
        _measure("erc20-whitelist", column, Work.Transfer);
        _measure("erc20-limit", column, Work.Transfer);
        _measure("batch5-limit", column, Work.Batch);
        _measure("erc20-large-policy", column, Work.Transfer);
        _measure("erc20-attested", column, Work.Transfer);
    }

    /// @dev Once to warm counters and balances, once to measure.
    function _measure(string memory id, string memory column, Work work) private {
        _do(work);
        uint256 gas = _do(work);
        emit log(string.concat("gas: ", id, "; ", column, "; ", VM.toString(gas)));
    }
}
