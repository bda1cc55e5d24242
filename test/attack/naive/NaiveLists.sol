// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IRegistry} from "../../../contracts/interfaces/IRegistry.sol";
import {Action} from "../../../contracts/types/Types.sol";
import {NaiveGuard} from "./NaiveGuard.sol";
import {TRANSFER} from "./NaivePayees.sol";

/// @notice Pays nobody whom an oracle lists.
/// @dev Its mistake: what is not a yes is a no.
contract NaiveSanctions is NaiveGuard {
    address private immutable _ORACLE;

    constructor(address oracle) {
        _ORACLE = oracle;
    }

    function _before(Action memory a) internal view override {
        if (_selector(a.data) != TRANSFER) return;
        address to = address(uint160(_word(a.data, 4)));
        (bool ok, bytes memory answer) = _ORACLE.staticcall(abi.encodeCall(IRegistry.contains, (to)));
        require(!ok || answer.length < 32 || _word(answer, 0) != 1, Refused());
    }
}

/// @notice Pays whom a list has.
/// @dev Its mistake: it believes a list that changes while nobody looks.
contract NaivePayeeList is NaiveGuard {
    IRegistry private immutable _LIST;

    constructor(address list) {
        _LIST = IRegistry(list);
    }

    function _before(Action memory a) internal view override {
        require(_selector(a.data) == TRANSFER && _LIST.contains(address(uint160(_word(a.data, 4)))), Refused());
    }
}
