// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

interface IERC165 {
    /// @notice Whether the contract implements the interface, which costs at most 30,000 gas to tell.
    function supportsInterface(bytes4 interfaceId) external view returns (bool);
}
