//! The registry: a list of addresses that its curator changes.

pub use abi::Registry;

#[allow(missing_docs, reason = "the docs are in contracts/interfaces/IRegistry.sol")]
mod abi {
    alloy_sol_types::sol! {
        #[sol(all_derives)]
        interface Registry {
            error NotCurator(address caller);

            event Added(address indexed member, uint256 activeFrom);
            event Removed(address indexed member);

            function curator() external view returns (address);
            function delay() external view returns (uint32);
            function contains(address member) external view returns (bool);
            function activeFrom(address member) external view returns (uint256);
            function add(address[] calldata members) external;
            function remove(address[] calldata members) external;
        }
    }
}
