// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

interface IPullable {
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @notice Moves tokens on the strength of what their holder signed, as exchanges and Permit2 do. Its orders name a
/// buyer's price; its permits let the spender take what they say for nothing.
contract Exchange {
    bytes32 public constant ORDER =
        keccak256("Order(address seller,address token,uint256 amount,uint256 price,uint256 nonce)");
    bytes32 public constant PERMIT =
        keccak256("Permit(address owner,address spender,address token,uint256 amount,uint256 nonce)");
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    mapping(bytes32 digest => bool) public used;

    error NotSigned();
    error Used();

    function domainSeparator() public view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, keccak256("Exchange"), keccak256("1"), block.chainid, address(this)));
    }

    function fill(address seller, address token, uint256 amount, uint256 price, uint256 nonce, bytes calldata signature)
        external
        payable
    {
        require(msg.value == price, NotSigned());
        _use(seller, ORDER, abi.encode(seller, token, amount, price, nonce), signature);
        IPullable(token).transferFrom(seller, msg.sender, amount);
        (bool paid,) = seller.call{value: price}("");
        require(paid, NotSigned());
    }

    function permit(address owner, address token, uint256 amount, uint256 nonce, bytes calldata signature) external {
        _use(owner, PERMIT, abi.encode(owner, msg.sender, token, amount, nonce), signature);
        IPullable(token).transferFrom(owner, msg.sender, amount);
    }

    function _use(address signer, bytes32 typeHash, bytes memory encoded, bytes calldata signature) private {
        bytes32 message = keccak256(abi.encodePacked(typeHash, encoded));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domainSeparator(), message));
        require(!used[digest], Used());
        used[digest] = true;
        require(SignatureCheckerLib.isValidSignatureNowCalldata(signer, digest, signature), NotSigned());
    }
}
