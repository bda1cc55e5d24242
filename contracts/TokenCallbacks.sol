// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC165} from "./interfaces/IERC165.sol";
import {ISignatureHandler} from "./interfaces/ISignatureHandler.sol";
import {SafeAccount} from "./libraries/SafeAccount.sol";

/// @notice Lets an account receive tokens that ask first. Each function reverts with
/// {ISignatureHandler.NotTheHandler} unless the caller's fallback handler is this contract, as far as that is a Safe, so
/// that no token ends up here.
abstract contract TokenCallbacks is IERC165 {
    bytes4 private constant ERC1155_RECEIVER = 0x4e2312e0;
    bytes4 private constant ERC721_RECEIVER = 0x150b7a02;

    modifier asHandler() {
        require(SafeAccount.handler(msg.sender) == address(this), ISignatureHandler.NotTheHandler(msg.sender));
        _;
    }

    function onERC721Received(address, address, uint256, bytes calldata) external view asHandler returns (bytes4) {
        return this.onERC721Received.selector;
    }

    function onERC1155Received(address, address, uint256, uint256, bytes calldata)
        external
        view
        asHandler
        returns (bytes4)
    {
        return this.onERC1155Received.selector;
    }

    function onERC1155BatchReceived(address, address, uint256[] calldata, uint256[] calldata, bytes calldata)
        external
        view
        asHandler
        returns (bytes4)
    {
        return this.onERC1155BatchReceived.selector;
    }

    /// @notice ERC-777. The account itself must have registered for it. Never reverts.
    function tokensReceived(address, address, address, uint256, bytes calldata, bytes calldata) external pure {}

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == ERC1155_RECEIVER || id == ERC721_RECEIVER || id == type(IERC165).interfaceId;
    }
}
