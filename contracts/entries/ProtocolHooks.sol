// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafeProtocolHooks, SafeRootAccess, SafeTransaction} from "../interfaces/ISafeProtocol.sol";
import {Calldata} from "../libraries/Calldata.sol";
import {ExactCalldata} from "../libraries/ExactCalldata.sol";
import {State} from "../libraries/State.sol";
import {ActionView, dataOf} from "../types/Data.sol";
import {Evaluation, evaluations} from "../types/Evaluation.sol";
import {Route} from "../types/Types.sol";

/// @notice The entry for accounts on the Safe{Core} Protocol route.
abstract contract ProtocolHooks is Engine, ISafeProtocolHooks {
    using Calldata for bytes;

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

    /// @dev Where things are behind the selector: the transaction, and its action or its list of actions.
    uint256 private constant TRANSACTION = 0x80;
    uint256 private constant INNER = TRANSACTION + 0x60;

    /// @inheritdoc ISafeProtocolHooks
    function preCheck(address account, SafeTransaction calldata, uint256 executionType, bytes calldata executionMeta)
        external
        returns (bytes memory)
    {
        bytes calldata encoded = msg.data[4:];
        uint256 n = encoded.word(INNER);
        uint256 list = INNER + 32;
        uint256 end = list + 32 * n;
        ActionView[] memory actions = new ActionView[](n);
        for (uint256 i = 0; i < n; ++i) {
            ExactCalldata.check(encoded.word(list + 32 * i) == end - list);
            end = _readAction(actions[i], encoded, end);
        }
        _preCheck(account, actions, end, executionType, executionMeta);
        return "";
    }

    /// @inheritdoc ISafeProtocolHooks
    function preCheckRootAccess(
        address account,
        SafeRootAccess calldata,
        uint256 executionType,
        bytes calldata executionMeta
    ) external returns (bytes memory) {
        ActionView[] memory actions = new ActionView[](1);
        actions[0].operation = 1;
        uint256 end = _readAction(actions[0], msg.data[4:], INNER);
        _preCheck(account, actions, end, executionType, executionMeta);
        return "";
    }

    /// @inheritdoc ISafeProtocolHooks
    /// @dev Reads and writes nothing, so it asks for no authority either: after a removal, the manager that still
    /// finishes that very execution is registered no longer.
    function postCheck(address, bool success, bytes calldata) external pure {
        require(success, IPolicyHook.ExecutionFailed());
    }

    /// @param end Where the transaction ends and the meta must begin, counted from behind the selector.
    function _preCheck(
        address account,
        ActionView[] memory actions,
        uint256 end,
        uint256 executionType,
        bytes calldata meta
    ) private {
        // The account is an argument here, so anyone could burn its limits if the caller were not checked.
        bool registered = State.control(account).route() == Route.Manager && State.manager(account) == msg.sender;
        require(registered, IPolicyHook.NotManager(msg.sender));
        bytes calldata encoded = msg.data[4:];
        ExactCalldata.check(encoded.word(0x20) == TRANSACTION && encoded.word(TRANSACTION) == INNER - TRANSACTION);
        ExactCalldata.check(encoded.word(0x60) == end && ExactCalldata.tailEnd(encoded, end) == encoded.length);

        Evaluation memory e = evaluations()();
        e.account = account;
        if (executionType == BY_PLUGIN) {
            e.origin = ExactCalldata.addressAt(meta, 0);
            e.initiator = e.origin;
            // An origin of zero would speak for the owners.
            ExactCalldata.check(meta.length == 32 && e.origin != address(0));
        } else {
            ExactCalldata.check(executionType == BY_OWNERS && actions.length == 1);
            ExactCalldata.checkHead(meta, WORDS, SIGNATURES << 8 | DATA);
            ExactCalldata.check(_isAbout(meta, actions[0]));
            e.initiator = ExactCalldata.addressAt(meta, MSG_SENDER);
            e.safeTxGas = ExactCalldata.wordAt(meta, SAFE_TX_GAS);
            e.gasPrice = ExactCalldata.wordAt(meta, GAS_PRICE);
        }
        _enforce(e, actions);
    }

    /// @dev Target, value and offset, with the data directly behind. Returns where the action ends.
    function _readAction(ActionView memory action, bytes calldata encoded, uint256 start)
        private
        pure
        returns (uint256 end)
    {
        ExactCalldata.check(encoded.isAddress(start) && encoded.word(start + 0x40) == 0x60);
        end = ExactCalldata.tailEnd(encoded, start + 0x60);
        action.to = encoded.addressAt(start);
        action.value = encoded.word(start + 0x20);
        action.data = dataOf(encoded[start + 0x80:start + 0x80 + encoded.word(start + 0x60)]);
    }

    /// @dev The meta repeats target, value and data; two stories about one request are refused.
    function _isAbout(bytes calldata meta, ActionView memory a) private pure returns (bool) {
        return ExactCalldata.wordAt(meta, TO) == uint256(uint160(a.to)) && ExactCalldata.wordAt(meta, VALUE) == a.value
            && keccak256(ExactCalldata.bytesAt(meta, DATA)) == keccak256(a.data.bytesOf());
    }
}
