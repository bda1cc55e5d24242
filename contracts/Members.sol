// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AccountOnly} from "./AccountOnly.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {Consenting} from "./libraries/Consenting.sol";
import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Forward} from "./libraries/Forward.sol";

/// @notice What the members of a program's groups do on chain. {Consenting} has the bodies, and reads the arguments,
/// which are named here for the ABI. Calldata is exact, so that nobody speaks for a member whose fallback handler this
/// contract is.
abstract contract Members is AccountOnly, IPolicyHook {
    /// @inheritdoc IPolicyHook
    function approve(address account, bytes32 request, bytes32 program, uint64 deadline) external {
        _authenticate(account, 4);
        Forward.to(address(Consenting), Consenting.approve.selector);
    }

    /// @inheritdoc IPolicyHook
    function deny(address account, bytes32 request, uint24 list) external {
        _authenticate(account, 3);
        Forward.to(address(Consenting), Consenting.deny.selector);
    }

    /// @inheritdoc IPolicyHook
    function freeze(address account) external {
        _checkLength(1);
        Forward.to(address(Consenting), Consenting.freeze.selector);
    }

    function _authenticate(address account, uint256 words) private {
        _checkLength(words);
        if (msg.sender == account) _authenticateAccount();
    }

    /// @param words How many arguments there are.
    function _checkLength(uint256 words) private pure {
        ExactCalldata.check(msg.data.length == 4 + 32 * words);
    }
}
