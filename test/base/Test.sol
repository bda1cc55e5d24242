// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Assertions that show both sides. A failed one reverts, so no test goes on after it.
abstract contract Test {
    /// @dev Forge runs contracts that say so.
    bool public constant IS_TEST = true;

    error NotTrue(string what);
    error NotEqual(string what, uint256 got, uint256 wanted);
    error NotEqualAddress(string what, address got, address wanted);
    error NotEqualWord(string what, bytes32 got, bytes32 wanted);
    error NotEqualBytes(string what, bytes got, bytes wanted);
    error NotAtMost(string what, uint256 got, uint256 most);

    function assertTrue(bool condition, string memory what) internal pure {
        require(condition, NotTrue(what));
    }

    function assertFalse(bool condition, string memory what) internal pure {
        require(!condition, NotTrue(string.concat("not: ", what)));
    }

    function assertEq(uint256 got, uint256 wanted, string memory what) internal pure {
        require(got == wanted, NotEqual(what, got, wanted));
    }

    function assertEq(address got, address wanted, string memory what) internal pure {
        require(got == wanted, NotEqualAddress(what, got, wanted));
    }

    function assertEq(bytes32 got, bytes32 wanted, string memory what) internal pure {
        require(got == wanted, NotEqualWord(what, got, wanted));
    }

    function assertEq(bytes memory got, bytes memory wanted, string memory what) internal pure {
        require(keccak256(got) == keccak256(wanted), NotEqualBytes(what, got, wanted));
    }

    function assertLe(uint256 got, uint256 most, string memory what) internal pure {
        require(got <= most, NotAtMost(what, got, most));
    }
}
