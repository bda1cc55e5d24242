// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice One event, as it was recorded.
struct Log {
    bytes32[] topics;
    bytes data;
    address emitter;
}

/// @notice What a call used.
struct Gas {
    uint64 gasLimit;
    uint64 gasTotalUsed;
    uint64 gasMemoryUsed;
    int64 gasRefunded;
    uint64 gasRemaining;
}

/// @notice The cheatcodes that these tests use, and no others.
interface Vm {
    function addr(uint256 privateKey) external pure returns (address);
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function warp(uint256 timestamp) external;
    function deal(address account, uint256 balance) external;
    function etch(address target, bytes calldata code) external;
    function load(address target, bytes32 slot) external view returns (bytes32);
    function store(address target, bytes32 slot, bytes32 value) external;
    function cool(address target) external;
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function label(address account, string calldata name) external;

    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit(address emitter) external;
    function expectCall(address callee, bytes calldata data, uint64 count) external;

    function record() external;
    function accesses(address target) external view returns (bytes32[] memory reads, bytes32[] memory writes);

    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory logs);

    function getCode(string calldata artifact) external view returns (bytes memory creationCode);
    function lastCallGas() external view returns (Gas memory);
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256 gasUsed);
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
    function readFile(string calldata path) external view returns (string memory text);
    function readFileBinary(string calldata path) external view returns (bytes memory data);
    function contains(string calldata subject, string calldata search) external pure returns (bool);
    function toString(uint256 value) external pure returns (string memory);
    function envOr(string calldata name, string calldata otherwise) external view returns (string memory);
}

Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
