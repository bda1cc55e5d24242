// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Token} from "./Token.sol";

/// @notice A token whose issuer can say that it is paused, and even then lets transfers pass, so that only a policy
/// that asks can tell.
contract PausableToken is Token {
    address public immutable issuer = msg.sender;
    bool public paused;

    error NotIssuer(address caller);

    constructor(address holder, uint256 supply) Token("Pausable", "PSD", 6, holder, supply) {}

    function pause(bool paused_) external {
        require(msg.sender == issuer, NotIssuer(msg.sender));
        paused = paused_;
    }
}
