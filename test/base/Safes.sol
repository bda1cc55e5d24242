// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IProxyFactory, ISafe} from "./ISafe.sol";
import {VM} from "./Vm.sol";

/// @notice The Safe releases that Portcullis supports. An event-emitting Safe (SafeL2) counts as its own.
enum Edition {
    V130,
    V141,
    V150,
    V130L2,
    V141L2,
    V150L2
}

/// @notice One release's contracts, as published.
struct SafeKit {
    ISafe singleton;
    IProxyFactory factory;
    address handler;
    address multiSend;
    address multiSendCallOnly;
}

/// @notice Deploys real Safes out of their packages' compiled artifacts.
library Safes {
    /// @dev The deterministic deployers: both run `create2(value, salt, initcode)` and return the address.
    address internal constant ARACHNID = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    address internal constant SAFE_FACTORY = 0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7;
    bytes internal constant DEPLOYER_CODE =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

    address internal constant MULTI_SEND_130 = 0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761;
    address internal constant MULTI_SEND_130_EIP155 = 0x998739BFdAAdde7C933B942a68053933098f9EDa;
    address internal constant MULTI_SEND_141 = 0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526;
    address internal constant CALL_ONLY_141 = 0x9641d764fc13c8B624c04430C7356C1C7C8102e2;
    address internal constant MULTI_SEND_150 = 0x218543288004CD07832472D464648173c77D7eB7;
    address internal constant CALL_ONLY_150 = 0xA83c336B20401Af773B6219BA5027174338D1836;

    error DeploymentFailed(string artifact);
    error WrongAddress(string artifact, address got, address wanted);

    /// @notice 0 for 1.3.0, 1 for 1.4.1, 2 for 1.5.0.
    function release(Edition edition) internal pure returns (uint256) {
        return uint256(edition) % 3;
    }

    function isL2(Edition edition) internal pure returns (bool) {
        return uint256(edition) >= 3;
    }

    function deployKit(Edition edition) internal returns (SafeKit memory kit) {
        uint256 r = release(edition);
        string memory name = string.concat(r == 0 ? "GnosisSafe" : "Safe", isL2(edition) ? "L2" : "");
        string memory factory = r == 0 ? "GnosisSafeProxyFactory" : "SafeProxyFactory";
        kit.singleton = ISafe(create(artifact(r, "", name)));
        kit.factory = IProxyFactory(create(artifact(r, "proxies/", factory)));
        kit.handler = create(artifact(r, "handler/", "CompatibilityFallbackHandler"));
        (kit.multiSend, kit.multiSendCallOnly) = deployMultiSends(r);
    }

    /// @notice A proxy of the kit's singleton with the given owners and the kit's fallback handler.
    function deploySafe(SafeKit memory kit, address[] memory owners, uint256 threshold, uint256 salt)
        internal
        returns (ISafe)
    {
        bytes memory initializer = abi.encodeCall(
            ISafe.setup, (owners, threshold, address(0), "", kit.handler, address(0), 0, payable(address(0)))
        );
        return ISafe(kit.factory.createProxyWithNonce(address(kit.singleton), initializer, salt));
    }

    /// @notice The release's batch contracts, at the addresses they have on every chain.
    function deployMultiSends(uint256 r) internal returns (address multiSend, address callOnly) {
        string memory multi = artifact(r, "libraries/", "MultiSend");
        string memory only = artifact(r, "libraries/", "MultiSendCallOnly");
        if (r == 0) {
            multiSend = create2At(ARACHNID, multi, MULTI_SEND_130);
            create2At(SAFE_FACTORY, multi, MULTI_SEND_130_EIP155);
            callOnly = create2(ARACHNID, only);
        } else {
            multiSend = create2At(SAFE_FACTORY, multi, r == 1 ? MULTI_SEND_141 : MULTI_SEND_150);
            callOnly = create2At(SAFE_FACTORY, only, r == 1 ? CALL_ONLY_141 : CALL_ONLY_150);
        }
    }

    function artifact(uint256 r, string memory folder, string memory name) internal pure returns (string memory) {
        string memory package = r == 0
            ? "@gnosis.pm/safe-contracts"
            : r == 1 ? "@safe-global/safe-contracts" : "@safe-global/safe-smart-account";
        return
            string.concat("node_modules/", package, "/build/artifacts/contracts/", folder, name, ".sol/", name, ".json");
    }

    /// @notice The hook and the libraries that it is linked with, as they are committed.
    function committedHook() internal returns (address hook, address[12] memory libraries) {
        string[12] memory names = [
            "Consenting",
            "ControlCalls",
            "Lifecycle",
            "ModuleRequests",
            "Notices",
            "Obligations",
            "RareConditions",
            "Requests",
            "Services",
            "Slots",
            "Tokens",
            "Watch"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            libraries[i] = create2(ARACHNID, committed(names[i]));
        }
        hook = create2(ARACHNID, committed("PolicyHook"));
    }

    function committed(string memory name) internal pure returns (string memory path) {
        return string.concat("crates/bindings/artifacts/", name, ".json");
    }

    function create(string memory path) internal returns (address deployed) {
        return create(path, "");
    }

    function create(string memory path, bytes memory arguments) internal returns (address deployed) {
        bytes memory code = bytes.concat(VM.getCode(path), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        require(deployed != address(0), DeploymentFailed(path));
    }

    /// @dev Salt 0, as the published deployments. Deploying again returns the address that is there.
    function create2(address deployer, string memory path) internal returns (address deployed) {
        bytes memory code = VM.getCode(path);
        deployed =
            address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), deployer, bytes32(0), keccak256(code))))));
        if (deployed.code.length != 0) return deployed;
        if (deployer.code.length == 0) VM.etch(deployer, DEPLOYER_CODE);
        (bool ok,) = deployer.call(bytes.concat(bytes32(0), code));
        require(ok && deployed.code.length != 0, DeploymentFailed(path));
    }

    function create2At(address deployer, string memory path, address wanted) internal returns (address deployed) {
        deployed = create2(deployer, path);
        require(deployed == wanted, WrongAddress(path, deployed, wanted));
    }
}
