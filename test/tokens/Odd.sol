// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC4626} from "solady/tokens/ERC4626.sol";
import {ERC721} from "solady/tokens/ERC721.sol";
import {Token} from "./Token.sol";

/// @notice A token as old compilers made them: it looks at 20 bytes of an address's word, and it takes ether, which its
/// maker gets. It does `transfer` and nothing else.
contract OldToken {
    mapping(address holder => uint256) public balanceOf;
    address payable private immutable _MAKER;

    constructor(address holder, uint256 supply, address payable maker) {
        balanceOf[holder] = supply;
        _MAKER = maker;
    }

    /// @dev Ether alone is no transfer.
    receive() external payable {
        revert("transfers only");
    }

    /// @dev Read by hand, as the compiler would refuse both dirty words and value.
    fallback(bytes calldata data) external payable returns (bytes memory) {
        require(bytes4(data) == 0xa9059cbb, "transfers only");
        address to = address(uint160(uint256(bytes32(data[4:36]))));
        uint256 amount = uint256(bytes32(data[36:68]));
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        _MAKER.transfer(msg.value);
        return abi.encode(true);
    }
}

/// @notice A token with what OpenZeppelin's had for years: an allowance is raised instead of set.
contract RaisingToken is Token {
    constructor(address holder, uint256 supply) Token("Raising", "RAISE", 6, holder, supply) {}

    function increaseAllowance(address spender, uint256 added) external returns (bool) {
        _approve(msg.sender, spender, allowance(msg.sender, spender) + added);
        return true;
    }
}

/// @notice A token that ERC-777 senders move as well.
contract SendingToken is Token {
    constructor(address holder, uint256 supply) Token("Sending", "SEND", 6, holder, supply) {}

    function send(address recipient, uint256 amount, bytes calldata) external {
        _transfer(msg.sender, recipient, amount);
    }
}

/// @notice A token that keeps half of every transfer.
contract FeeToken is Token {
    constructor(address holder, uint256 supply) Token("Fee", "FEE", 6, holder, supply) {}

    function transfer(address to, uint256 amount) public override returns (bool) {
        _burn(msg.sender, amount / 2);
        return super.transfer(to, amount - amount / 2);
    }
}

/// @notice A token that burns as much as it transfers.
contract SurchargeToken is Token {
    constructor(address holder, uint256 supply) Token("Surcharge", "MORE", 6, holder, supply) {}

    function transfer(address to, uint256 amount) public override returns (bool) {
        _burn(msg.sender, amount);
        return super.transfer(to, amount);
    }
}

/// @notice A vault whose shares are redeemed to whomever their owner says.
contract Vault is ERC4626 {
    address private immutable _ASSET;

    constructor(address asset_) {
        _ASSET = asset_;
    }

    function asset() public view override returns (address) {
        return _ASSET;
    }

    function name() public pure override returns (string memory) {
        return "Vault";
    }

    function symbol() public pure override returns (string memory) {
        return "VAULT";
    }
}

/// @notice A collectible of which one holder has the first.
contract Collectible is ERC721 {
    constructor(address holder) {
        _mint(holder, 1);
    }

    function name() public pure override returns (string memory) {
        return "Collectible";
    }

    function symbol() public pure override returns (string memory) {
        return "ONE";
    }

    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }
}

/// @notice A token that answers with more than its caller can pay for, once it is armed.
contract BombToken is Token {
    bool private _armed;

    constructor(address holder, uint256 supply) Token("Bomb", "BOMB", 6, holder, supply) {}

    function arm() external {
        _armed = true;
    }

    function balanceOf(address holder) public view override returns (uint256) {
        if (_armed) {
            assembly ("memory-safe") {
                return(0, 1300000)
            }
        }
        return super.balanceOf(holder);
    }
}

/// @notice A token that calls its receiver, in the middle of a transfer, with a call that was left with it.
contract CallingToken is Token {
    address private _target;
    bytes private _data;

    constructor(address holder, uint256 supply) Token("Calling", "CALL", 6, holder, supply) {}

    function leaveCall(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (_target != address(0)) {
            (address target, bytes memory data) = (_target, _data);
            (_target, _data) = (address(0), "");
            (bool ok,) = target.call(data);
            require(ok, "the call that was left");
        }
        return super.transfer(to, amount);
    }
}
