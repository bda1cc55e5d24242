// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafeProtocolHooks, SafeRootAccess, SafeTransaction} from "../interfaces/ISafeProtocol.sol";
import {Forward} from "../libraries/Forward.sol";
import {ReadRequest, Requests} from "../libraries/Requests.sol";

/// @notice The entry for accounts on the Safe{Core} Protocol route.
abstract contract ProtocolHooks is Engine, ISafeProtocolHooks {
    /// @inheritdoc ISafeProtocolHooks
    function preCheck(address account, SafeTransaction calldata, uint256, bytes calldata)
        external
        returns (bytes memory)
    {
        _preCheck(account, Requests.ofTransaction.selector);
        return "";
    }

    /// @inheritdoc ISafeProtocolHooks
    function preCheckRootAccess(address account, SafeRootAccess calldata, uint256, bytes calldata)
        external
        returns (bytes memory)
    {
        _preCheck(account, Requests.ofRootAccess.selector);
        return "";
    }

    /// @inheritdoc ISafeProtocolHooks
    /// @dev Reads and writes nothing, so it asks for no authority either: after a removal, the manager that still
    /// finishes that very execution is registered no longer.
    function postCheck(address, bool success, bytes calldata) external pure {
        require(success, IPolicyHook.ExecutionFailed());
    }

    /// @param reader The function of {Requests} that reads this call, and checks who makes it.
    function _preCheck(address account, bytes4 reader) private {
        ReadRequest memory request = abi.decode(Forward.read(address(Requests), reader), (ReadRequest));
        _enforce(_evaluation(account, request, false), request.actions);
    }
}
