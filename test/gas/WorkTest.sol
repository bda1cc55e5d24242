// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Reason} from "../../contracts/types/Reason.sol";
import {Action, Request} from "../../contracts/types/Types.sol";
import {SafeTx} from "../base/AccountTest.sol";
import {Module} from "../base/Actors.sol";
import {ISafe} from "../base/ISafe.sol";
import {ObligationTest} from "../base/ObligationTest.sol";
import {IManager, Protocol, SafeProtocolAction, SafeTransaction} from "../base/Protocol.sol";
import {Edition, Safes} from "../base/Safes.sol";
import {VM} from "../base/Vm.sol";
import {Token} from "../tokens/Token.sol";

/// @notice Treasury work on a Safe 1.5.0 with two signatures, under the committed hook with the programs of
/// `examples/gas`, or whatever else a test puts before the account.
abstract contract WorkTest is ObligationTest {
    // As the policies of examples/gas name them.
    address private constant USDC = 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48;
    address private constant PAYEE = 0xa93e2139d49fE8D8Be99c36215D5856Da9c52544;
    address private constant BOT = 0xF8BaE6B2E57cF0CC9c705c5c2c16206778DFE8bc;
    uint256 private constant ATTESTER = uint256(keccak256("attester"));
    uint256 private constant LEGS = 5;

    IManager internal manager;
    uint256 private paid;

    /// @dev The kinds of work, whatever is in force.
    enum Work {
        Transfer,
        Batch,
        ByModule,
        Attested,
        ByPlugin
    }

    /// @dev Token and module run their constructors where the policies have them.
    function _prepare() internal {
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

    function _governed(string memory policy) internal {
        _prepare();
        (address deployed,) = Safes.committedHook();
        hook = IPolicyHook(deployed);
        program = _deployCode(VM.readFileBinary(string.concat("examples/gas/", policy, ".bin")));
        _install(program, CHANGE_DELAY);
        epoch = hook.accountState(address(safe)).epoch;
        Request memory stranger_ = _request(_pay(stranger, AMOUNT));
        assertTrue(hook.check(address(safe), stranger_).reason != Reason.Allowed, "the policy is in force");
    }

    function _do(Work work) internal returns (uint256 gas) {
        return _do(work, _prepared(work));
    }

    /// @param data What {_prepared} made for it.
    function _do(Work work, bytes memory data) internal returns (uint256 gas) {
        if (work == Work.ByModule) {
            module.execute(safe, USDC, 0, data, 0);
            gas = VM.lastCallGas().gasTotalUsed;
        } else if (work == Work.ByPlugin) {
            SafeTransaction memory t;
            t.actions = new SafeProtocolAction[](1);
            t.actions[0] = SafeProtocolAction(USDC, 0, data);
            plugin.executeFromPlugin(address(manager), address(safe), t);
            gas = VM.lastCallGas().gasTotalUsed;
        } else {
            // Of the guards that npm packages ship one asks for an owner.
            VM.prank(owners[0]);
            (bool ok,) = address(safe).call(data);
            gas = VM.lastCallGas().gasTotalUsed;
            assertTrue(ok, "executed");
        }
        paid += work == Work.Batch ? LEGS * AMOUNT : AMOUNT;
        assertEq(usdc.balanceOf(PAYEE), paid, "paid");
    }

    /// @dev The transfer that a module or a plugin asks for, or the owners' signed transaction.
    function _prepared(Work work) internal view returns (bytes memory) {
        if (work == Work.ByModule || work == Work.ByPlugin) return abi.encodeCall(usdc.transfer, (PAYEE, AMOUNT));
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
