// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISafe} from "../interfaces/ISafe.sol";
import {Calldata} from "./Calldata.sol";
import {Lookup} from "./Lookup.sol";
import {Signers} from "./Signers.sol";

/// @notice What owner signatures are read against.
struct Signed {
    address account;
    address initiator;
    // The Safe transaction hash, and what it is the hash of.
    bytes32 hash;
    bytes preimage;
    // Whether contracts are asked about the hash, as from 1.5.0 on, instead of the preimage.
    bool byHash;
    // How many static parts are read.
    uint256 n;
}

/// @notice Owner signatures, as each release of the Safe reads them, `docs/program.md` §8.5.
library OwnerSignatures {
    using Calldata for bytes;

    /// @notice The size of a static part.
    uint256 internal constant PART = 65;

    uint256 private constant ACCOUNT_GAS = 100_000;
    address private constant SENTINEL = address(1);
    /// @dev What `VERSION()` returns: offset, length and text.
    bytes32 private constant V130 = keccak256(abi.encode("1.3.0"));
    bytes32 private constant V141 = keccak256(abi.encode("1.4.1"));
    bytes32 private constant V150 = keccak256(abi.encode("1.5.0"));
    uint256 private constant VERSION_WORDS = 3;

    /// @notice What the account says of itself; `known` is false if it is no Safe whose signatures can be read.
    function terms(address account) internal view returns (bool known, bool byHash, uint256 threshold) {
        (bool ok, uint256 output) = Lookup.call(account, ACCOUNT_GAS, abi.encodeCall(ISafe.VERSION, ()), VERSION_WORDS);
        bytes32 version;
        assembly ("memory-safe") {
            version := keccak256(output, 96)
        }
        byHash = version == V150;
        known = ok && (byHash || version == V141 || version == V130);
        if (known) (known, threshold) = _number(account, abi.encodeCall(ISafe.getThreshold, ()));
    }

    /// @notice The nonce that the account gives to its next transaction.
    function nonce(address account) internal view returns (bool known, uint256 value) {
        return _number(account, abi.encodeCall(ISafe.nonce, ()));
    }

    /// @notice The owners who signed, strictly ascending; `owners` ends before the first signature that does not count.
    /// @param signatures At least `n` static parts, and nothing but what the Safe reads.
    function read(Signed memory signed, bytes calldata signatures) internal view returns (address[] memory owners) {
        owners = new address[](signed.n);
        address last = address(0);
        uint256 count = 0;
        for (; count < signed.n; ++count) {
            address owner = _signer(signed, signatures, count * PART);
            bool counts = owner > last && owner != SENTINEL && _isOwner(signed.account, owner);
            if (!counts) break;
            owners[count] = owner;
            last = owner;
        }
        assembly ("memory-safe") {
            mstore(owners, count)
        }
    }

    /// @dev Zero for nobody.
    function _signer(Signed memory signed, bytes calldata signatures, uint256 start) private view returns (address) {
        bytes32 r = bytes32(signatures.word(start));
        uint256 s = signatures.word(start + 32);
        uint256 v = signatures.word(start + 64) >> 248;
        // The Safe ignores what is above the address.
        address named = address(uint160(uint256(r)));
        if (v == 0) return _confirms(signed, named, signatures, s) ? named : address(0);
        if (v == 1) return _agrees(signed, named) ? named : address(0);
        if (v <= 30) return ecrecover(signed.hash, uint8(v), r, bytes32(s));
        bytes32 prefixed = keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", signed.hash));
        return ecrecover(prefixed, uint8(v - 4), r, bytes32(s));
    }

    /// @dev Whether the contract takes the signature whose length is at `offset` for its own.
    function _confirms(Signed memory signed, address owner, bytes calldata signatures, uint256 offset)
        private
        view
        returns (bool)
    {
        uint256 size = signatures.length;
        if (offset < signed.n * PART || offset > size || size - offset < 32) return false;
        uint256 start = offset + 32;
        uint256 length = signatures.word(offset);
        if (length > size - start) return false;
        bytes calldata signature = signatures[start:start + length];
        if (signed.byHash) return Signers.confirms(owner, signed.hash, signature);
        bytes4 magic = bytes4(keccak256("isValidSignature(bytes,bytes)"));
        return Signers.isMagic(owner, magic, abi.encodeWithSelector(magic, signed.preimage, signature));
    }

    function _agrees(Signed memory signed, address owner) private view returns (bool) {
        if (owner == signed.initiator) return true;
        bytes memory input = abi.encodeCall(ISafe.approvedHashes, (owner, signed.hash));
        (bool ok, uint256 approved) = _number(signed.account, input);
        return ok && approved != 0;
    }

    function _isOwner(address account, address owner) private view returns (bool) {
        (bool ok, uint256 answer) = _number(account, abi.encodeCall(ISafe.isOwner, (owner)));
        return ok && answer == 1;
    }

    function _number(address account, bytes memory input) private view returns (bool ok, uint256 value) {
        return Lookup.ask(account, ACCOUNT_GAS, input, 1, 0);
    }
}
