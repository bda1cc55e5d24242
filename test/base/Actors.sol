// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../../contracts/interfaces/IPolicyHook.sol";
import {Action} from "../../contracts/types/Types.sol";
import {ISafe} from "./ISafe.sol";

/// @notice A module that does what anybody asks of it.
contract Module {
    function execute(ISafe safe, address to, uint256 value, bytes calldata data, uint8 operation)
        external
        returns (bool)
    {
        return safe.execTransactionFromModule(to, value, data, operation);
    }

    function open(IPolicyHook hook, address account, Action[] calldata actions) external returns (bytes32) {
        return hook.open(account, address(this), actions);
    }
}

/// @notice Makes one call for whoever asks, and passes its failure on.
contract Forwarder {
    function forward(address to, bytes calldata data) external payable {
        (bool ok, bytes memory returned) = to.call{value: msg.value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(returned, 32), mload(returned))
            }
        }
    }
}

/// @notice Delegatecalled, writes a word wherever it is told.
contract SlotWriter {
    function write(bytes32 slot, bytes32 word) external {
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }

    function writeAll(bytes32[] calldata slots, bytes32[] calldata words) external {
        for (uint256 i; i < slots.length; i++) {
            (bytes32 slot, bytes32 word) = (slots[i], words[i]);
            assembly ("memory-safe") {
                sstore(slot, word)
            }
        }
    }

    /// @dev Writes, and then has the account call somebody, whatever comes of that.
    function writeAndCall(bytes32 slot, bytes32 word, address to, bytes calldata data) external {
        assembly ("memory-safe") {
            sstore(slot, word)
        }
        (bool ok,) = to.call(data);
        ok;
    }

    /// @dev The other way round.
    function callAndWrite(bytes32 slot, bytes32 word, address to, bytes calldata data) external {
        (bool ok,) = to.call(data);
        assembly ("memory-safe") {
            if ok { sstore(slot, word) }
        }
    }
}

/// @notice Takes what it was allowed to from whoever calls it.
contract Puller {
    function pull(address token, address to, uint256 amount) external {
        (bool ok,) =
            token.call(abi.encodeWithSignature("transferFrom(address,address,uint256)", msg.sender, to, amount));
        require(ok, "pull");
    }

    /// @dev And has somebody called in between, whatever comes of that.
    function pullAround(address token, address to, uint256 amount, address meanwhile, bytes calldata data) external {
        this.take(token, msg.sender, to, amount / 2);
        (bool ok,) = meanwhile.call(data);
        ok;
        this.take(token, msg.sender, to, amount - amount / 2);
    }

    function take(address token, address from, address to, uint256 amount) external {
        require(msg.sender == address(this), "own");
        (bool ok,) = token.call(abi.encodeWithSignature("transferFrom(address,address,uint256)", from, to, amount));
        require(ok, "take");
    }
}

/// @notice Gives what it has to whom anybody names.
contract Giver {
    function give(address token, address to, uint256 amount) external {
        (bool ok,) = token.call(abi.encodeWithSignature("transfer(address,uint256)", to, amount));
        require(ok, "give");
    }
}

/// @notice Delegatecalled, makes calls as the account.
contract Runner {
    function run(Action[] calldata calls) external {
        for (uint256 i; i < calls.length; i++) {
            (bool ok,) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            require(ok, "run");
        }
    }
}

/// @notice Makes several calls in one transaction, and says which succeeded.
contract Together {
    function call(address to, bytes[] calldata datas) external returns (bool[] memory ok, bytes[] memory returned) {
        (ok, returned) = (new bool[](datas.length), new bytes[](datas.length));
        for (uint256 i; i < datas.length; i++) {
            (ok[i], returned[i]) = to.call(datas[i]);
        }
    }
}

/// @notice Says that every signature is its own, and uses the moment to make a call.
contract Meddler {
    address private immutable _TARGET;
    bytes private _data;

    constructor(address target) {
        _TARGET = target;
    }

    function prepare(bytes calldata data) external {
        _data = data;
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        return _meddle(0x1626ba7e);
    }

    function isValidSignature(bytes calldata, bytes calldata) external returns (bytes4) {
        return _meddle(0x20c13b0b);
    }

    function _meddle(bytes4 magic) private returns (bytes4) {
        // Bounded, since what a static call may not do burns all that it was given.
        (bool ok,) = _TARGET.call{gas: 200_000}(_data);
        require(!ok, "it got through");
        return magic;
    }
}

/// @notice Refuses every call.
contract Refuser {
    error Refused();

    fallback() external payable {
        revert Refused();
    }
}

/// @notice A guard for both kinds of transaction that allows everything: the cost of having a guard at all.
contract NoOpGuard {
    function supportsInterface(bytes4) external pure returns (bool) {
        return true;
    }

    /// @dev A module guard answers with one word, and a transaction guard's answer is ignored.
    fallback(bytes calldata) external returns (bytes memory) {
        return abi.encode(bytes32(0));
    }
}

/// @notice Takes ether, and counts the calls that carry data.
contract Receiver {
    uint256 public calls;

    receive() external payable {}

    fallback() external payable {
        calls++;
    }
}
