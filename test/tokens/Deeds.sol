// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC721} from "solady/tokens/ERC721.sol";

/// @notice A plain ERC-721: tokens 0 to n − 1 are minted to one holder.
contract Deeds is ERC721 {
    constructor(address holder, uint256 n) {
        for (uint256 id; id < n; id++) {
            _mint(holder, id);
        }
    }

    function name() public pure override returns (string memory) {
        return "Deeds";
    }

    function symbol() public pure override returns (string memory) {
        return "DEED";
    }

    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }
}
