// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
}

/// @notice Deploys the hook, before it the libraries that it is linked with, and behind it its signature handler, from the
/// committed bytecode, at the addresses that their bytes decide, the same on every chain.
/// @dev `forge script script/Deploy.s.sol --rpc-url URL` prints the addresses and sends nothing; `--broadcast` and a
/// signer send. Deploying again changes nothing.
contract Deploy {
    bool public constant IS_SCRIPT = true;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address private constant CONSOLE = 0x000000000000000000636F6e736F6c652e6c6f67;
    /// @dev Deployed from a transaction without chain id, so at this address wherever anybody sent it.
    address private constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes32 private constant SALT = bytes32(0);

    error NoDeployer(address deployer);
    error DeploymentFailed(address wanted);

    function run() external returns (address hook, address handler) {
        require(DEPLOYER.code.length != 0, NoDeployer(DEPLOYER));
        _deploy("Consenting");
        _deploy("ControlCalls");
        _deploy("Lifecycle");
        _deploy("ModuleRequests");
        _deploy("Notices");
        _deploy("Obligations");
        _deploy("RareConditions");
        _deploy("Requests");
        _deploy("Services");
        _deploy("Slots");
        _deploy("Tokens");
        _deploy("Watch");
        hook = _deploy("PolicyHook");
        handler = _deploy("SignatureHandler", abi.encode(hook));
    }

    function _deploy(string memory name) private returns (address deployed) {
        return _deploy(name, "");
    }

    function _deploy(string memory name, bytes memory arguments) private returns (address deployed) {
        string memory artifact = VM.readFile(string.concat("crates/bindings/artifacts/", name, ".json"));
        bytes memory code = bytes.concat(VM.parseJsonBytes(artifact, ".bytecode"), arguments);
        deployed = address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), DEPLOYER, SALT, keccak256(code))))));
        _log(name, deployed);
        if (deployed.code.length != 0) return deployed;

        VM.startBroadcast();
        (bool ok,) = DEPLOYER.call(bytes.concat(SALT, code));
        VM.stopBroadcast();
        require(ok && deployed.code.length != 0, DeploymentFailed(deployed));
    }

    function _log(string memory what, address where) private view {
        (bool ok,) = CONSOLE.staticcall(abi.encodeWithSignature("log(string,address)", what, where));
        ok;
    }
}
