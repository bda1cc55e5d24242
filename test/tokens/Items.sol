// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC1155} from "solady/tokens/ERC1155.sol";

/// @notice A plain ERC-1155: of ids 0 to n − 1 a supply each is minted to one holder.
contract Items is ERC1155 {
    constructor(address holder, uint256 n, uint256 supply) {
        for (uint256 id; id < n; id++) {
            _mint(holder, id, supply, "");
        }
    }

    function uri(uint256) public pure override returns (string memory) {
        return "";
    }
}
