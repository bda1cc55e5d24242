// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Engine} from "../Engine.sol";
import {ISafeProtocolHooks} from "../interfaces/ISafeProtocol.sol";
import {ExactCalldata} from "../libraries/ExactCalldata.sol";
import {Forward} from "../libraries/Forward.sol";
import {ReadRequest, Requests} from "../libraries/Requests.sol";
import {Evaluation} from "../types/Evaluation.sol";

/// @notice The entry for accounts on the Safe{Core} Protocol route, {ISafeProtocolHooks}.
abstract contract ProtocolHooks is Engine {
    /// @dev Returns only if the call is none of this entry's.
    function _protocol(Evaluation memory e, bytes4 selector) internal {
        if (selector == ISafeProtocolHooks.preCheck.selector) _preCheck(e, Requests.ofTransaction.selector);
        if (selector == ISafeProtocolHooks.preCheckRootAccess.selector) _preCheck(e, Requests.ofRootAccess.selector);
    }

    /// @param reader The function of {Requests} that reads this call, and checks who makes it.
    function _preCheck(Evaluation memory e, bytes4 reader) private {
        ReadRequest memory request = abi.decode(Forward.read(address(Requests), reader), (ReadRequest));
        _read(e, ExactCalldata.addressArgument(0), request, false);
        _enforce(e, request.actions);
        Forward.answer(abi.encode(""));
    }
}
