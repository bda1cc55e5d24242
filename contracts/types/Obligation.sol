// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Image} from "./Image.sol";
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
/// @dev By now `safeTxGas` and `gasPrice` are known to be zero.
struct Asked {
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
    address to;
    uint256 value;
    bytes32 dataHash;
    uint256 operation;
    uint256 baseGas;
    address gasToken;
    address refundReceiver;
    // Where it is not executing.
    uint256 nonce;
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
}
