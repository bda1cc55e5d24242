// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Image, pointerOf} from "./Image.sol";
import {Verdict} from "./Types.sol";

/// @notice What rules ask for besides limits and delay, `docs/program.md` §1.
library Op {
    uint256 internal constant APPROVALS = 0x01;
    uint256 internal constant SIGNATURES = 0x02;
    uint256 internal constant NAMED_SIGNERS = 0x03;
    uint256 internal constant ATTESTATION = 0x04;
    uint256 internal constant NOTIFY = 0x05;
}

/// @notice One obligation, as all deciding rules together ask for it.
struct Obligation {
    uint256 op;
    // Offset of the list, number of the set, or name of the channel; zero for owner signatures.
    uint256 key;
    // The highest number that is asked for.
    uint256 n;
    // Approvals: what all askers agree to.
    uint256 flags;
    // Who asked for that number first.
    uint256 rule;
    uint256 effect;
}

/// @notice A request, as far as obligations look at it: what names it, and where it stands.
struct Asked {
    // What an owner request has the Safe hash, in its order. By now `safeTxGas` and `gasPrice`
    // are known to be zero.
    address to;
    uint256 value;
    bytes32 dataHash;
    uint256 operation;
    uint256 safeTxGas;
    uint256 baseGas;
    uint256 gasPrice;
    address gasToken;
    address refundReceiver;
    // Where it is not executing.
    uint256 nonce;
    address account;
    address program;
    address initiator;
    uint256 epoch;
    // Whether it is an owner request of one action, which has signatures and a name.
    bool owners;
    // Whether the Safe is executing it, and so has counted its nonce up already.
    bool executing;
    // How many effects it has, and their hash.
    uint256 effects;
    bytes32 digest;
    // Of a module request: who makes it, and the hash of its actions.
    address module;
    bytes32 content;
}

/// @notice What approvals and attestations are bound to, besides what each says itself.
struct Binding {
    // Of the hook's EIP-712 domain.
    bytes32 separator;
    address account;
    // The Safe transaction hash, or the name of an opened module request; zero where it has no name.
    bytes32 request;
    // The program's code hash.
    bytes32 version;
    uint256 epoch;
}

/// @notice One request on its way through everything that was asked for.
struct Case {
    Asked asked;
    Image image;
    Obligation[] obligations;
    Binding binding;
    // What the Safe hashes into the name.
    bytes preimage;
    // The first owners who signed, ascending; read when something needs them.
    address[] owners;
    // Those whose approvals the request brings, ascending.
    address[] approvers;
    Verdict verdict;
    // What the attestations said, in the order of the obligations.
    bytes32[] proposals;
    // Where the nonce is noted as used, in transient storage; 0 where it is not.
    bytes32 used;
    // Which ops there are, a bit each.
    uint256 ops;
}

/// @dev Bytes of {Asked}.
uint256 constant SIZE_OF_ASKED = 0x280;

/// @dev An empty case but for what is asked, encoded, which lies in memory as it is encoded. What it comes with stands
/// behind its 11 words: 20 + 17 + 5 + 6 more. The compiler would clear each struct by itself. A test holds the places
/// against its own idea of the structs.
function newCase(bytes calldata asked) pure returns (uint256 pointer) {
    assembly ("memory-safe") {
        pointer := mload(0x40)
        mstore(0x40, add(pointer, 0x760))
        calldatacopy(pointer, calldatasize(), 0x760)
        mstore(pointer, add(pointer, 0x160))
        calldatacopy(add(pointer, 0x160), asked.offset, SIZE_OF_ASKED)
        // image, binding, verdict
        mstore(add(pointer, 0x20), add(pointer, 0x3e0))
        mstore(add(pointer, 0x60), add(pointer, 0x600))
        mstore(add(pointer, 0xe0), add(pointer, 0x6a0))
        // obligations, preimage, owners, approvers, proposals: none
        mstore(add(pointer, 0x40), 0x60)
        mstore(add(pointer, 0x80), 0x60)
        mstore(add(pointer, 0xa0), 0x60)
        mstore(add(pointer, 0xc0), 0x60)
        mstore(add(pointer, 0x100), 0x60)
    }
}

/// @dev As {evaluationAt}.
function caseAt() pure returns (function(uint256) pure returns (Case memory) cast) {
    function(uint256) pure returns (uint256) same = pointerOf;
    assembly ("memory-safe") {
        cast := same
    }
}

function askedAt() pure returns (function(uint256) pure returns (Asked memory) cast) {
    function(uint256) pure returns (uint256) same = pointerOf;
    assembly ("memory-safe") {
        cast := same
    }
}
