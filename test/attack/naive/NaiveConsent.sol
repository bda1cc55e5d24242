// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Action} from "../../../contracts/types/Types.sol";
import {NaiveGuard} from "./NaiveGuard.sol";
import {TRANSFER} from "./NaivePayees.sol";

/// @notice Payments to one payee need signatures of two of a group, in an envelope as the hook's.
/// @dev Its mistakes: what is signed names the payment, and neither the account, the chain, the nonce, the rules nor
/// the terms of the refund; every leg of a batch is shown the same signatures; it does not read how long they count;
/// it asks for no more of them than there is room for; and tells signers apart by what they signed.
contract NaiveConsent is NaiveGuard {
    address private immutable _PAYEE;
    // Where the first signature's entry begins in the payload, and bytes of an entry, which ends with the signature.
    uint256 private immutable _HEAD;
    uint256 private immutable _STRIDE;
    mapping(address who => bool) private _members;

    constructor(address payee, address[] memory members, uint256 head, uint256 stride) {
        (_PAYEE, _HEAD, _STRIDE) = (payee, head, stride);
        for (uint256 i; i < members.length; i++) {
            _members[members[i]] = true;
        }
    }

    function checkTransaction(
        address to,
        uint256 value,
        bytes memory data,
        uint8 operation,
        uint256,
        uint256,
        uint256,
        address,
        address payable,
        bytes memory signatures,
        address
    ) external view override {
        Action memory a = Action(to, value, data, operation);
        if (operation == 0) return _judge(a, signatures);
        Action[] memory legs = _legs(data);
        for (uint256 i; i < legs.length; i++) {
            _judge(legs[i], signatures);
        }
    }

    function digest(Action memory a) public pure returns (bytes32) {
        return keccak256(abi.encode(a.to, a.value, keccak256(a.data)));
    }

    /// @dev Modules bring no signatures.
    function _before(Action memory a) internal pure override {
        require(_selector(a.data) != TRANSFER, Refused());
    }

    function _judge(Action memory a, bytes memory signatures) private view {
        if (_selector(a.data) != TRANSFER || address(uint160(_word(a.data, 4))) != _PAYEE) return;
        uint256 end = signatures.length - 64;
        bytes32 kind = bytes32(_word(signatures, end + 32));
        require(kind == keccak256("PortcullisMaterial(bytes payload)"), Refused());
        uint256 length = _word(signatures, end);
        uint256 room = (length - _HEAD) / _STRIDE;
        bytes32 last;
        for (uint256 i; i < 2 && i < room; i++) {
            bytes memory signature = _slice(signatures, end - length + _HEAD + (i + 1) * _STRIDE - 65, 65);
            require(_isNew(keccak256(signature), last) && _isMembers(digest(a), signature), Refused());
            last = keccak256(signature);
        }
    }

    function _isNew(bytes32 signature, bytes32 last) internal pure virtual returns (bool) {
        return signature != last;
    }

    function _isMembers(bytes32 signed, bytes memory s) private view returns (bool) {
        return _members[ecrecover(signed, uint8(s[64]), bytes32(_word(s, 0)), bytes32(_word(s, 32)))];
    }
}

/// @notice The same.
/// @dev Its mistake besides: it counts signatures.
contract NaiveCount is NaiveConsent {
    constructor(address payee, address[] memory members, uint256 head, uint256 stride)
        NaiveConsent(payee, members, head, stride)
    {}

    function _isNew(bytes32, bytes32) internal pure override returns (bool) {
        return true;
    }
}

/// @notice A guardian stops everything; the account gets itself free after a delay. It is called as the hook is.
/// @dev Its mistake: a guardian may do so again and again.
contract NaiveFreeze is NaiveGuard {
    address private immutable _GUARDIAN;
    uint256 private immutable _DELAY;
    mapping(address account => bool) private _frozen;
    mapping(address account => uint256) private _endsAt;

    constructor(address guardian, uint256 delay) {
        (_GUARDIAN, _DELAY) = (guardian, delay);
    }

    function freeze(address account) external {
        require(msg.sender == _GUARDIAN, Refused());
        (_frozen[account], _endsAt[account]) = (true, 0);
    }

    function startUnfreeze() external {
        _endsAt[msg.sender] = block.timestamp + _DELAY;
    }

    function unfreeze() external {
        require(_endsAt[msg.sender] != 0 && block.timestamp >= _endsAt[msg.sender], Refused());
        _frozen[msg.sender] = false;
    }

    function _before(Action memory a) internal view override {
        require(!_frozen[msg.sender] || a.to == address(this), Refused());
    }
}
