// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PolicyHook} from "../contracts/PolicyHook.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// @notice Deploys the hook at the address that its bytes decide, the same on every chain.
/// @dev `FOUNDRY_PROFILE=final forge script script/Deploy.s.sol --rpc-url URL` prints the address and sends
/// nothing; `--broadcast` and a signer send. Deploying again changes nothing.
contract Deploy {
    bool public constant IS_SCRIPT = true;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address private constant CONSOLE = 0x000000000000000000636F6e736F6c652e6c6f67;
    /// @dev Deployed from a transaction without chain id, so at this address wherever anybody sent it.
    address private constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes32 private constant SALT = bytes32(0);

    error NoDeployer(address deployer);
    error DeploymentFailed(address hook);

    function run() external returns (address hook) {
        bytes memory code = type(PolicyHook).creationCode;
        hook = address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), DEPLOYER, SALT, keccak256(code))))));
        _log("PolicyHook", hook);
        if (hook.code.length != 0) return hook;

        require(DEPLOYER.code.length != 0, NoDeployer(DEPLOYER));
        VM.startBroadcast();
        (bool ok,) = DEPLOYER.call(bytes.concat(SALT, code));
        VM.stopBroadcast();
        require(ok && hook.code.length != 0, DeploymentFailed(hook));
    }

    function _log(string memory what, address where) private view {
        (bool ok,) = CONSOLE.staticcall(abi.encodeWithSignature("log(string,address)", what, where));
        ok;
    }
}
