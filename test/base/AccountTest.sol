// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {PolicyHook} from "../../contracts/PolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request, SlotCall, Verdict} from "../../contracts/types/Types.sol";
import {Token} from "../tokens/Token.sol";
import {IMultiSend, ISafe} from "./ISafe.sol";
import {Edition, SafeKit, Safes} from "./Safes.sol";
import {Test} from "./Test.sol";
import {VM} from "./Vm.sol";

/// @notice The arguments of getTransactionHash. Structs, since there are more than the stack can serve.
struct SafeTx {
    address to;
    uint256 value;
    bytes data;
    uint8 operation;
    uint256 safeTxGas;
    uint256 baseGas;
    uint256 gasPrice;
    address gasToken;
    address refundReceiver;
    uint256 nonce;
}

/// @notice The arguments of execTransaction.
struct SafeExecution {
    address to;
    uint256 value;
    bytes data;
    uint8 operation;
    uint256 safeTxGas;
    uint256 baseGas;
    uint256 gasPrice;
    address gasToken;
    address refundReceiver;
    bytes signatures;
}

/// @notice A real Safe with two of three owners, funds, a token and the hook, not yet installed.
/// @dev Tests that hold for every Safe take an `Edition edition` and forge runs them for each.
abstract contract AccountTest is Test {
    /// @dev A Friday noon, UTC.
    uint256 internal constant START = 1_799_409_600;
    uint32 internal constant CHANGE_DELAY = 2 days;
    uint256 internal constant FUNDS = 1_000_000e6;
    uint256 internal constant ETHER = 100 ether;

    Edition[] public fixtureEdition =
        [Edition.V130, Edition.V141, Edition.V150, Edition.V130L2, Edition.V141L2, Edition.V150L2];
    /// @dev Safes whose modules no guard sees.
    Edition[] public fixtureOlder = [Edition.V130, Edition.V141, Edition.V130L2, Edition.V141L2];

    SafeKit internal kit;
    ISafe internal safe;
    IPolicyHook internal hook;
    Token internal usdc;
    /// @dev True on 1.5.0, where a module guard exists.
    bool internal guardsModules;

    /// @dev Ascending by address, as Safe wants signatures.
    uint256[] internal keys;
    address[] internal owners;

    address internal alice = VM.addr(uint256(keccak256("alice")));
    address internal stranger = VM.addr(uint256(keccak256("stranger")));

    modifier on(Edition edition) {
        _deploy(edition);
        _;
    }

    function _deploy(Edition edition) internal {
        VM.warp(START);
        (keys, owners) = (new uint256[](0), new address[](0));
        guardsModules = Safes.release(edition) == 2;
        kit = Safes.deployKit(edition);
        _makeOwners();
        safe = Safes.deploySafe(kit, owners, 2, 0);
        hook = IPolicyHook(address(new PolicyHook()));
        usdc = new Token("USD Coin", "USDC", 6, address(safe), FUNDS);
        VM.deal(address(safe), ETHER);
        VM.label(address(safe), "safe");
        VM.label(address(hook), "hook");
        VM.label(address(usdc), "usdc");
    }

    function _makeOwners() private {
        for (uint256 key = 1; key <= 3; key++) {
            keys.push(key);
            for (uint256 i = keys.length - 1; i > 0 && VM.addr(keys[i]) < VM.addr(keys[i - 1]); i--) {
                (keys[i], keys[i - 1]) = (keys[i - 1], keys[i]);
            }
        }
        for (uint256 i; i < 3; i++) {
            owners.push(VM.addr(keys[i]));
        }
    }

    // Actions

    function _call(address to, bytes memory data) internal pure returns (Action memory) {
        return Action(to, 0, data, 0);
    }

    function _send(address to, uint256 value) internal pure returns (Action memory) {
        return Action(to, value, "", 0);
    }

    function _delegate(address to, bytes memory data) internal pure returns (Action memory) {
        return Action(to, 0, data, 1);
    }

    function _pay(address to, uint256 amount) internal view returns (Action memory) {
        return _call(address(usdc), abi.encodeCall(usdc.transfer, (to, amount)));
    }

    function _list(Action memory a) internal pure returns (Action[] memory list) {
        list = new Action[](1);
        list[0] = a;
    }

    function _list(Action memory a, Action memory b) internal pure returns (Action[] memory list) {
        list = new Action[](2);
        (list[0], list[1]) = (a, b);
    }

    function _list(Action memory a, Action memory b, Action memory c) internal pure returns (Action[] memory list) {
        list = new Action[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    /// @dev One delegatecall of the release's MultiSendCallOnly.
    function _batch(Action[] memory actions) internal view returns (Action memory) {
        return _batchThrough(kit.multiSendCallOnly, actions);
    }

    function _batchThrough(address multiSend, Action[] memory actions) internal pure returns (Action memory) {
        return _delegate(multiSend, abi.encodeCall(IMultiSend.multiSend, (_pack(actions))));
    }

    function _pack(Action[] memory actions) internal pure returns (bytes memory packed) {
        for (uint256 i; i < actions.length; i++) {
            Action memory a = actions[i];
            packed = abi.encodePacked(packed, a.operation, a.to, a.value, a.data.length, a.data);
        }
    }

    // Execution

    /// @dev Signed by the first two owners over the account's own hash.
    function _calldata(SafeTx memory t) internal view returns (bytes memory) {
        return _calldata(t, _signatures(_hash(t)));
    }

    function _calldata(SafeTx memory t, bytes memory signatures) internal pure returns (bytes memory) {
        SafeExecution memory e = SafeExecution(
            t.to, t.value, t.data, t.operation, t.safeTxGas, t.baseGas, t.gasPrice, t.gasToken, t.refundReceiver, ""
        );
        e.signatures = signatures;
        return bytes.concat(ISafe.execTransaction.selector, _arguments(abi.encode(e)));
    }

    function _safeTx(Action memory a) internal view returns (SafeTx memory t) {
        (t.to, t.value, t.data, t.operation) = (a.to, a.value, a.data, a.operation);
        t.nonce = safe.nonce();
    }

    function _calldata(Action memory a) internal view returns (bytes memory) {
        return _calldata(_safeTx(a));
    }

    function _calldata(Action memory a, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice)
        internal
        view
        returns (bytes memory)
    {
        SafeTx memory t = _safeTx(a);
        (t.safeTxGas, t.baseGas, t.gasPrice) = (safeTxGas, baseGas, gasPrice);
        return _calldata(t);
    }

    function _hash(SafeTx memory t) internal view returns (bytes32) {
        (bool ok, bytes memory hash) =
            address(safe).staticcall(bytes.concat(ISafe.getTransactionHash.selector, _arguments(abi.encode(t))));
        assertTrue(ok, "getTransactionHash");
        return abi.decode(hash, (bytes32));
    }

    /// @dev A struct with dynamic fields is encoded as an offset, and then like the arguments of a call.
    function _arguments(bytes memory encoded) private pure returns (bytes memory rest) {
        rest = new bytes(encoded.length - 32);
        assembly ("memory-safe") {
            mcopy(add(rest, 32), add(encoded, 64), mload(rest))
        }
    }

    function _signatures(bytes32 hash) internal view returns (bytes memory) {
        (uint8 v0, bytes32 r0, bytes32 s0) = VM.sign(keys[0], hash);
        (uint8 v1, bytes32 r1, bytes32 s1) = VM.sign(keys[1], hash);
        return abi.encodePacked(r0, s0, v0, r1, s1, v1);
    }

    /// @dev Asserts that the account executes and that the execution itself succeeds.
    function _execute(Action memory a) internal {
        (bool ok, bytes memory returned) = address(safe).call(_calldata(a));
        assertEq(returned, abi.encode(true), "execTransaction");
        assertTrue(ok, "execTransaction");
    }

    /// @dev Asserts that {IPolicyHook.check} allows what then executes.
    function _allowed(Action memory a) internal returns (Verdict memory verdict) {
        verdict = _check(a);
        assertEq(uint256(verdict.reason), uint256(Reason.Allowed), "check");
        _execute(a);
    }

    /// @dev Asserts that the account's execution reverts with what {IPolicyHook.check} says beforehand.
    function _denied(Action memory a, Reason reason) internal returns (Verdict memory verdict) {
        verdict = _check(a);
        assertEq(uint256(verdict.reason), uint256(reason), "check");
        (bool ok, bytes memory returned) = address(safe).call(_calldata(a));
        assertFalse(ok, "executed");
        assertEq(returned, _denial(verdict), "revert");
    }

    function _check(Action memory a) internal view returns (Verdict memory) {
        return hook.check(address(safe), _request(a));
    }

    function _checkModule(address module, Action memory a) internal view returns (Verdict memory) {
        return hook.check(address(safe), _moduleRequest(module, _list(a)));
    }

    /// @dev What {_calldata} makes of the action.
    function _request(Action memory a) internal view returns (Request memory r) {
        SafeTx memory t = _safeTx(a);
        (r.initiator, r.nonce, r.actions) = (address(this), t.nonce, _list(a));
        r.signatures = _signatures(_hash(t));
    }

    function _moduleRequest(address module, Action[] memory actions) internal pure returns (Request memory r) {
        (r.origin, r.initiator, r.actions) = (module, module, actions);
    }

    function _denial(Verdict memory v) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IPolicyHook.Denied.selector, v.reason, v.effect, v.rule, v.detail, v.have, v.need);
    }

    /// @dev Asserts that the execution reverts with `wanted`. Safes before 1.5.0 hide why a call that they
    /// made failed; they bubble what their guard reverts with.
    function _fails(Action memory a, bytes memory wanted) internal {
        (bool ok, bytes memory returned) = address(safe).call(_calldata(a));
        assertFalse(ok, "executed");
        assertEq(returned, guardsModules ? wanted : abi.encodeWithSignature("Error(string)", "GS013"), "revert");
    }

    function _deployCode(bytes memory code) internal returns (address deployed) {
        bytes memory creation = _creationOf(code);
        assembly ("memory-safe") {
            deployed := create(0, add(creation, 32), mload(creation))
        }
        assertTrue(deployed != address(0), "create");
    }

    /// @dev PUSH2 size, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN, and then the code.
    function _creationOf(bytes memory code) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"61", uint16(code.length), hex"80600a5f395ff3", code);
    }

    // Installation

    function _guardCalls(address guard) internal view returns (Action[] memory calls) {
        calls = new Action[](guardsModules ? 2 : 1);
        calls[0] = _call(address(safe), abi.encodeCall(ISafe.setGuard, (guard)));
        if (guardsModules) calls[1] = _call(address(safe), abi.encodeCall(ISafe.setModuleGuard, (guard)));
    }

    /// @dev The batch that sets the guards and installs, last.
    function _installation(address program, uint32 changeDelay, address[] memory bypassing)
        internal
        view
        returns (Action memory)
    {
        Action[] memory guards = _guardCalls(address(hook));
        Action[] memory actions = new Action[](guards.length + 1);
        for (uint256 i; i < guards.length; i++) {
            actions[i] = guards[i];
        }
        actions[guards.length] = _call(
            address(hook),
            abi.encodeCall(IPolicyHook.install, (program, program.codehash, changeDelay, address(0), bypassing))
        );
        return _batch(actions);
    }

    function _install(address program, uint32 changeDelay) internal {
        _execute(_installation(program, changeDelay, new address[](0)));
    }

    /// @dev The slot changes that take the hook off, in the form {IPolicyHook.stageSlots} takes.
    function _removal() internal view returns (Action memory request, SlotCall[] memory staged) {
        Action[] memory guards = _guardCalls(address(0));
        staged = new SlotCall[](guards.length);
        for (uint256 i; i < guards.length; i++) {
            staged[i] = SlotCall(guards[i].to, guards[i].data);
        }
        request = guards.length == 1 ? guards[0] : _batch(guards);
    }
}
