// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request} from "../../contracts/types/Types.sol";
import {Token} from "../tokens/Token.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Module, NoOpGuard} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {IManager, IPlugin, IRegistry, Protocol, SafeProtocolAction, SafeTransaction} from "../base/Protocol.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";

/// @notice What treasury work costs on a Safe 1.5.0 with two signatures: without a guard, under one that does nothing,
/// under those that npm packages ship, and under the committed hook with the programs of `examples/gas`. Each is a
/// transaction of its own, in steady state: nonce, balances and counters are not zero, and everything is cold.
/// `cargo xtask bench gas` reads what is logged.
contract WorksTest is ObligationTest {
    // As the policies of examples/gas name them.
    address private constant USDC = 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48;
    address private constant PAYEE = 0xa93e2139d49fE8D8Be99c36215D5856Da9c52544;
    address private constant BOT = 0xF8BaE6B2E57cF0CC9c705c5c2c16206778DFE8bc;
    uint256 private constant ATTESTER = uint256(keccak256("attester"));
    uint256 private constant LEGS = 5;

    string private constant GUARDS =
        "node_modules/@safe-global/safe-smart-account/build/artifacts/contracts/examples/guards/";
    uint8 private constant PERMISSIONS = Protocol.EXECUTE_CALL;

    IManager private manager;
    uint256 private paid;

    event log(string line);

    /// @dev The kinds of work, whatever is in force.
    enum Work {
        Transfer,
        Batch,
        ByModule,
        Attested,
        ByPlugin
    }

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

    /// @dev Token and module run their constructors where the policies have them.
    function _prepare() private {
        _deploy(Edition.V150);
        bytes memory arguments = abi.encode("USD Coin", "USDC", uint8(6), address(safe), FUNDS);
        _place(USDC, bytes.concat(type(Token).creationCode, arguments));
        _place(BOT, type(Module).creationCode);
        usdc = Token(USDC);
        module = Module(BOT);
        _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (BOT))));
    }

    function _place(address at, bytes memory creation) private {
        VM.etch(at, creation);
        (bool ok, bytes memory code) = at.call("");
        assertTrue(ok && code.length != 0, "constructed");
        VM.etch(at, code);
    }

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

    function _governed(string memory policy) private {
        _prepare();
        (address deployed,) = Safes.committedHook();
        hook = IPolicyHook(deployed);
        program = _deployCode(VM.readFileBinary(string.concat("examples/gas/", policy, ".bin")));
        _install(program, CHANGE_DELAY);
        epoch = hook.accountState(address(safe)).epoch;
        Request memory stranger_ = _request(_pay(stranger, AMOUNT));
        assertTrue(hook.check(address(safe), stranger_).reason != Reason.Allowed, "the policy is in force");
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

    function _do(Work work) private returns (uint256 gas) {
        uint256 amount = work == Work.Batch ? LEGS * AMOUNT : AMOUNT;
        if (work == Work.ByModule) {
            module.execute(safe, USDC, 0, abi.encodeCall(usdc.transfer, (PAYEE, AMOUNT)), 0);
            gas = VM.lastCallGas().gasTotalUsed;
        } else if (work == Work.ByPlugin) {
            SafeTransaction memory t;
            t.actions = new SafeProtocolAction[](1);
            t.actions[0] = SafeProtocolAction(USDC, 0, abi.encodeCall(usdc.transfer, (PAYEE, AMOUNT)));
            plugin.executeFromPlugin(address(manager), address(safe), t);
            gas = VM.lastCallGas().gasTotalUsed;
        } else {
            bytes memory data = _calldataOf(work);
            // Of the guards that npm packages ship one asks for an owner.
            VM.prank(owners[0]);
            (bool ok,) = address(safe).call(data);
            gas = VM.lastCallGas().gasTotalUsed;
            assertTrue(ok, "executed");
        }
        paid += amount;
        assertEq(usdc.balanceOf(PAYEE), paid, "paid");
    }

    function _calldataOf(Work work) private view returns (bytes memory) {
        if (work == Work.Transfer) return _calldata(_pay(PAYEE, AMOUNT));
        if (work == Work.Batch) {
            Action[] memory legs = new Action[](LEGS);
            for (uint256 i; i < LEGS; i++) {
                legs[i] = _pay(PAYEE, AMOUNT);
            }
            return _calldata(_batch(legs));
        }
        SafeTx memory t = _safeTx(_pay(PAYEE, AMOUNT));
        bytes32 request = _hash(t);
        bytes32 digest = _attestation(request, _effects(PAYEE, AMOUNT), 0, "proposal", DEADLINE);
        return _calldata(t, _with(request, _attested(0, DEADLINE, _entry(ATTESTER, digest))));
    }
}
