// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {SafeRootAccess, SafeTransaction} from "../interfaces/ISafeProtocol.sol";
import {ActionView, Data, dataOf, viewsOf} from "../types/Data.sol";
import {Request, Route} from "../types/Types.sol";
import {Calldata} from "./Calldata.sol";
import {ExactCalldata} from "./ExactCalldata.sol";
import {State} from "./State.sol";

/// @notice A request as it was read.
struct ReadRequest {
    address origin;
    address initiator;
    uint256 safeTxGas;
    uint256 gasPrice;
    // Of an owner request: where its words are, and the index of baseGas among them, 0 where it has no name.
    Data words;
    uint256 baseGasAt;
    // In {IPolicyHook.check} only.
    uint256 nonce;
    ActionView[] actions;
}

/// @notice Reads the requests that a manager asks the hook about, and those of {IPolicyHook.check}, in a contract of its
/// own, since the hook has no room for it. It is given the hook's very calldata, so pieces of it are at the same places.
library Requests {
    using Calldata for bytes;

    uint256 private constant BY_OWNERS = 0;
    uint256 private constant BY_PLUGIN = 1;
    /// @dev Head words of the owners' meta.
    uint256 private constant TO = 0;
    uint256 private constant VALUE = 1;
    uint256 private constant DATA = 2;
    uint256 private constant SAFE_TX_GAS = 3;
    uint256 private constant BASE_GAS = 4;
    /// @dev The word of {Request}.
    uint256 private constant BASE_GAS_IN_CHECK = 3;
    uint256 private constant GAS_PRICE = 5;
    uint256 private constant SIGNATURES = 8;
    uint256 private constant MSG_SENDER = 9;
    uint256 private constant WORDS = 10;

    /// @dev Where things are behind the selector: the transaction, and its action or its list of actions.
    uint256 private constant TRANSACTION = 0x80;
    uint256 private constant INNER = TRANSACTION + 0x60;

    /// @notice Of {IPolicyHook.check}.
    function ofCheck(address, Request calldata request) external pure returns (ReadRequest memory r) {
        uint256 start;
        assembly ("memory-safe") {
            start := request
        }
        r.origin = request.origin;
        r.initiator = request.initiator;
        r.safeTxGas = request.safeTxGas;
        r.gasPrice = request.gasPrice;
        // A request of several actions has no name, and so no signatures.
        uint256 baseGasAt = request.actions.length == 1 ? BASE_GAS_IN_CHECK : 0;
        (r.words, r.baseGasAt, r.nonce) = (dataOf(msg.data[start:]), baseGasAt, request.nonce);
        r.actions = viewsOf(request.actions);
    }

    /// @notice Of {ISafeProtocolHooks.preCheck}.
    function ofTransaction(
        address account,
        SafeTransaction calldata,
        uint256 executionType,
        bytes calldata executionMeta
    ) external view returns (ReadRequest memory request) {
        bytes calldata encoded = msg.data[4:];
        uint256 n = encoded.word(INNER);
        uint256 list = INNER + 32;
        uint256 end = list + 32 * n;
        request.actions = new ActionView[](n);
        for (uint256 i = 0; i < n; ++i) {
            ExactCalldata.check(encoded.word(list + 32 * i) == end - list);
            end = _readAction(request.actions[i], encoded, end);
        }
        _read(request, account, end, executionType, executionMeta);
    }

    /// @notice Of {ISafeProtocolHooks.preCheckRootAccess}.
    function ofRootAccess(address account, SafeRootAccess calldata, uint256 executionType, bytes calldata executionMeta)
        external
        view
        returns (ReadRequest memory request)
    {
        request.actions = new ActionView[](1);
        request.actions[0].operation = 1;
        uint256 end = _readAction(request.actions[0], msg.data[4:], INNER);
        _read(request, account, end, executionType, executionMeta);
    }

    /// @param end Where the transaction ends and the meta must begin, counted from behind the selector.
    function _read(ReadRequest memory request, address account, uint256 end, uint256 executionType, bytes calldata meta)
        private
        view
    {
        // The account is an argument here, so anyone could burn its limits if the caller were not checked.
        bool registered = State.control(account).route() == Route.Manager && State.manager(account) == msg.sender;
        require(registered, IPolicyHook.NotManager(msg.sender));
        bytes calldata encoded = msg.data[4:];
        ExactCalldata.check(encoded.word(0x20) == TRANSACTION && encoded.word(TRANSACTION) == INNER - TRANSACTION);
        ExactCalldata.check(encoded.word(0x60) == end && ExactCalldata.tailEnd(encoded, end) == encoded.length);

        if (executionType == BY_PLUGIN) {
            request.origin = ExactCalldata.addressAt(meta, 0);
            request.initiator = request.origin;
            // An origin of zero would speak for the owners.
            ExactCalldata.check(meta.length == 32 && request.origin != address(0));
        } else {
            ExactCalldata.check(executionType == BY_OWNERS && request.actions.length == 1);
            ExactCalldata.checkHead(meta, WORDS, SIGNATURES << 8 | DATA);
            ExactCalldata.check(_isAbout(meta, request.actions[0]));
            request.initiator = ExactCalldata.addressAt(meta, MSG_SENDER);
            request.safeTxGas = ExactCalldata.wordAt(meta, SAFE_TX_GAS);
            request.gasPrice = ExactCalldata.wordAt(meta, GAS_PRICE);
            (request.words, request.baseGasAt) = (dataOf(meta), BASE_GAS);
        }
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
