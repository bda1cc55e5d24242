// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {
    ISafeProtocolHooks,
    SafeProtocolAction,
    SafeRootAccess,
    SafeTransaction
} from "../interfaces/ISafeProtocol.sol";
import {ExactCalldata} from "../libraries/ExactCalldata.sol";
import {State} from "../libraries/State.sol";
import {ActionView, dataOf, oneAction} from "../types/Data.sol";
import {Evaluation} from "../types/Evaluation.sol";
import {Route} from "../types/Types.sol";

/// @notice The entry for accounts on the Safe{Core} Protocol route.
abstract contract ProtocolHooks is Engine, ISafeProtocolHooks {
    uint256 private constant BY_OWNERS = 0;
    uint256 private constant BY_PLUGIN = 1;
    /// @dev Head words of the owners' meta.
    uint256 private constant TO = 0;
    uint256 private constant VALUE = 1;
    uint256 private constant DATA = 2;
    uint256 private constant SAFE_TX_GAS = 3;
    uint256 private constant GAS_PRICE = 5;
    uint256 private constant SIGNATURES = 8;
    uint256 private constant MSG_SENDER = 9;
    uint256 private constant WORDS = 10;

    /// @inheritdoc ISafeProtocolHooks
    function preCheck(
        address account,
        SafeTransaction calldata transaction,
        uint256 executionType,
        bytes calldata executionMeta
    ) external returns (bytes memory) {
        _authenticateManager(account);
        bytes memory exact =
            abi.encodeCall(ISafeProtocolHooks.preCheck, (account, transaction, executionType, executionMeta));
        require(keccak256(exact) == keccak256(msg.data), IPolicyHook.NonCanonicalEntry());

        uint256 n = transaction.actions.length;
        ActionView[] memory actions = new ActionView[](n);
        for (uint256 i = 0; i < n; ++i) {
            SafeProtocolAction calldata a = transaction.actions[i];
            actions[i] = ActionView(a.to, a.value, dataOf(a.data), 0);
        }
        _enforce(_evaluation(account, actions, executionType, executionMeta), actions);
        return "";
    }

    /// @inheritdoc ISafeProtocolHooks
    function preCheckRootAccess(
        address account,
        SafeRootAccess calldata rootAccess,
        uint256 executionType,
        bytes calldata executionMeta
    ) external returns (bytes memory) {
        _authenticateManager(account);
        bytes memory exact = abi.encodeCall(
            ISafeProtocolHooks.preCheckRootAccess, (account, rootAccess, executionType, executionMeta)
        );
        require(keccak256(exact) == keccak256(msg.data), IPolicyHook.NonCanonicalEntry());

        SafeProtocolAction calldata a = rootAccess.action;
        ActionView[] memory actions = oneAction(a.to, a.value, a.data, 1);
        _enforce(_evaluation(account, actions, executionType, executionMeta), actions);
        return "";
    }

    /// @inheritdoc ISafeProtocolHooks
    /// @dev Reads and writes nothing, so it asks for no authority either: after a removal, the manager that still
    /// finishes that very execution is registered no longer.
    function postCheck(address, bool success, bytes calldata) external pure {
        require(success, IPolicyHook.ExecutionFailed());
    }

    /// @dev The account is an argument here, so anyone could burn its limits if the caller were not checked.
    function _authenticateManager(address account) private view {
        bool registered =
            State.control(account).route() == Route.Manager && State.manager(account) == msg.sender;
        require(registered, IPolicyHook.NotManager(msg.sender));
    }

    function _evaluation(
        address account,
        ActionView[] memory actions,
        uint256 executionType,
        bytes calldata meta
    ) private pure returns (Evaluation memory e) {
        e.account = account;
        if (executionType == BY_PLUGIN) {
            require(meta.length == 32 && _isAddress(meta, 0), IPolicyHook.NonCanonicalEntry());
            e.origin = ExactCalldata.addressAt(meta, 0);
            // An origin of zero would speak for the owners.
            require(e.origin != address(0), IPolicyHook.NonCanonicalEntry());
            e.initiator = e.origin;
            return e;
        }
        bool sound = executionType == BY_OWNERS && actions.length == 1
            && ExactCalldata.isExact(meta, WORDS, SIGNATURES << 8 | DATA) && _isAbout(meta, actions[0])
            && _isAddress(meta, MSG_SENDER);
        require(sound, IPolicyHook.NonCanonicalEntry());
        e.initiator = ExactCalldata.addressAt(meta, MSG_SENDER);
        e.safeTxGas = ExactCalldata.wordAt(meta, SAFE_TX_GAS);
        e.gasPrice = ExactCalldata.wordAt(meta, GAS_PRICE);
    }

    /// @dev The meta repeats target, value and data; two stories about one request are refused.
    function _isAbout(bytes calldata meta, ActionView memory a) private pure returns (bool) {
        return ExactCalldata.wordAt(meta, TO) == uint256(uint160(a.to))
            && ExactCalldata.wordAt(meta, VALUE) == a.value
            && keccak256(ExactCalldata.bytesAt(meta, DATA)) == keccak256(a.data.bytesOf());
    }

    function _isAddress(bytes calldata meta, uint256 index) private pure returns (bool) {
        return ExactCalldata.wordAt(meta, index) >> 160 == 0;
    }
}
