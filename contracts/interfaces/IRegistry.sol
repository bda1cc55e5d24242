// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title An address list that changes without changing the policy
/// @notice A program names the registry; who is on it is up to its curator. Whoever is removed is off at once, whoever
/// is added is on only after the delay, so that a new payee can be seen, and removed, before it can be paid.
/// @dev Nobody can change curator or delay: another curator is another registry, and a change of the policy.
interface IRegistry {
    /// @notice Only the curator changes the list.
    error NotCurator(address caller);
    /// @notice A registry that nobody could ever add to.
    error NoCurator();

    /// @notice The member counts from `activeFrom` on, a time in seconds.
    event Added(address indexed member, uint256 activeFrom);
    event Removed(address indexed member);

    /// @notice Who adds and removes: any account, such as the Safe that the list serves.
    function curator() external view returns (address);

    /// @notice How long an addition takes, in seconds.
    function delay() external view returns (uint32);

    /// @notice Whether the member is on the list now. What the hook asks.
    function contains(address member) external view returns (bool);

    /// @notice From when on the member counts, a time in seconds; 0 if it was not added, or was removed.
    function activeFrom(address member) external view returns (uint256);

    /// @notice Adds the members, each after the delay.
    /// Warning: adding again restarts the delay, also of a member that counts already: until it has passed, the
    /// member does not.
    function add(address[] calldata members) external;

    /// @notice Removes the members at once, also those whose addition has not yet taken effect. Passes over whoever
    /// is not there, so that nothing keeps the others on the list.
    function remove(address[] calldata members) external;
}
