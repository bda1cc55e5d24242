// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Route, Verdict} from "../../contracts/types/Types.sol";
import {Registry} from "../../contracts/Registry.sol";
import {Module} from "../base/Actors.sol";
import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {ISafe} from "../base/ISafe.sol";
import {IManager, IPlugin, IRegistry, Protocol, SafeProtocolAction, SafeTransaction} from "../base/Protocol.sol";
import {Token} from "../tokens/Token.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {AttackerActs} from "./AttackerActs.sol";
import {ConsentActs} from "./ConsentActs.sol";
import {ControlActs} from "./ControlActs.sol";
import {Kind} from "./Kinds.sol";
import {NoticeActs} from "./NoticeActs.sol";

/// @notice Everybody who deals with one account: its owners, modules, members, and whoever else there is.
contract Handler is NoticeActs, ConsentActs, ControlActs, AttackerActs {
    uint256 private constant HELD = 1_000_000_000e6;
    uint256 private constant ETHER_HELD = 1000 ether;
    uint8 private constant PERMISSIONS = Protocol.EXECUTE_CALL | Protocol.CALL_TO_SELF | Protocol.EXECUTE_DELEGATECALL;

    address private _origin = address(1);

    constructor(Edition edition, Route route_) {
        _deploy(edition);
        (clock, route) = (START, route_);
        registry = new Registry(address(this), COOLDOWN);
        registryCode = address(registry).code;
        other = Safes.deploySafe(kit, owners, 2, 1);
        usdc = new Token("USD Coin", "USDC", 6, address(this), 2 * HELD);
        usdc.transfer(address(safe), HELD);
        usdc.transfer(address(other), HELD);
        VM.deal(address(safe), ETHER_HELD);
        (usdcHeld, etherHeld, otherHeld) = (HELD, ETHER_HELD, HELD);
        _admit();
        _write(_origin);
        program = terms[0].program;
        _installOther();
        _knowAccount(address(safe));
        _knowAccount(address(other));
        _begin(Kind.Install);
        last.may = true;
        SafeTx memory t = _safeTx(_installationOf(program));
        bytes memory data = _calldata(t);
        _act(address(safe), data, true);
        _end();
        (expected.program, expected.changeDelay, expected.route) = (program, CHANGE_DELAY, route);
        (expected.manager, expected.activations) = (address(manager), 1);
    }

    /// @dev Whoever may move the account besides its owners: a module, or a manager's plugin.
    function modulePay(uint256 amount) external asked(Kind.ModulePay) {
        amount = _amount(amount, MOST_MODULE);
        if (_askAsModule(_pay(alice, amount), _open() && amount <= MOST_MODULE && _fitsAll(amount))) _paid(amount);
    }

    function moduleTries(uint256 seed) external asked(Kind.ModuleTries) {
        uint256 pick = seed % 6;
        Action memory a = _pay(bob, 1);
        if (pick == 1) a = _pay(alice, MOST_MODULE + 1);
        if (pick == 2) a = _pay(stranger, 1);
        if (pick == 3) a = _send(alice, 1);
        if (pick == 4) a = _call(address(hook), abi.encodeCall(IPolicyHook.cancelStaged, ()));
        if (pick == 5) a = _call(address(safe), abi.encodeCall(ISafe.setGuard, (address(0))));
        _askAsModule(a, false);
    }

    function _askAsModule(Action memory a, bool may) private returns (bool ok) {
        last.may = may;
        Verdict memory v = _checkModule(_origin, a);
        bytes memory returned;
        if (route == Route.Guards) {
            bytes memory call = abi.encodeCall(Module.execute, (safe, a.to, a.value, a.data, a.operation));
            (ok, returned) = address(module).call(call);
        } else {
            SafeTransaction memory t;
            t.actions = new SafeProtocolAction[](1);
            t.actions[0] = SafeProtocolAction(a.to, a.value, a.data);
            (ok, returned) =
                address(plugin).call(abi.encodeCall(IPlugin.executeFromPlugin, (address(manager), address(safe), t)));
        }
        last.ok = ok;
        last.agreed = v.reason == Reason.Allowed || !ok && keccak256(returned) == keccak256(_denial(v));
    }

    /// @dev Enables the module or the plugin, while nothing guards the account.
    function _admit() private {
        if (route == Route.Guards) {
            module = new Module();
            _origin = address(module);
            _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (_origin))));
        } else if (route == Route.Manager) {
            IRegistry allowed_;
            (manager, allowed_) = Protocol.deploy(address(this));
            plugin = Protocol.deployPlugin();
            plugin.setRequiresPermissions(PERMISSIONS);
            allowed_.addModule(address(hook), Protocol.HOOKS);
            allowed_.addModule(address(plugin), Protocol.PLUGIN);
            _origin = address(plugin);
            bytes memory enable = abi.encodeCall(IManager.enablePlugin, (_origin, PERMISSIONS));
            _execute(_call(address(safe), abi.encodeCall(ISafe.enableModule, (address(manager)))));
            _execute(_call(address(manager), abi.encodePacked(enable, address(safe))));
        }
    }

    function _installOther() private {
        ISafe own = safe;
        safe = other;
        _install(program, CHANGE_DELAY);
        safe = own;
    }
}
