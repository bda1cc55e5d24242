// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {State} from "./State.sol";

/// @notice Guardians whose freeze the account ended: they cannot freeze again before the next activation,
/// `docs/program.md` §8.8.
library Bars {
    uint256 private constant BAR = 3;

    function has(address account, address guardian) internal view returns (bool) {
        return State.read(_slot(account, guardian)) != 0;
    }

    function set(address account, address guardian) internal {
        State.write(_slot(account, guardian), 1);
    }

    function _slot(address account, address guardian) private view returns (uint256) {
        return uint256(keccak256(abi.encode(account, State.activations(account), guardian, BAR)));
    }
}
