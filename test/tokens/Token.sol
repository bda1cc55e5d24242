// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "solady/tokens/ERC20.sol";

/// @notice A plain ERC-20: the whole supply is minted to one holder.
contract Token is ERC20 {
    string private _name;
    string private _symbol;
    uint8 private immutable _DECIMALS;

    /// @param holder Receives the whole supply.
    /// @param supply In base units.
    constructor(string memory name_, string memory symbol_, uint8 decimals_, address holder, uint256 supply) {
        _name = name_;
        _symbol = symbol_;
        _DECIMALS = decimals_;
        _mint(holder, supply);
    }

    function name() public view override returns (string memory) {
        return _name;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    function decimals() public view override returns (uint8) {
        return _DECIMALS;
    }

    /// @dev Nobody but the holder grants an allowance here.
    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}
