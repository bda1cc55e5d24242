//! CREATE2 proxies that stand at the same address on every chain.
//!
//! Both take `salt ‖ init code` as calldata and return the 20 bytes of the new contract's address.

use alloy_primitives::{Address, address, hex};

/// Arachnid's deterministic deployment proxy: Safe 1.3.0 and everything of Portcullis come through it.
pub const ARACHNID: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");

/// The Safe singleton factory: Safe 1.4.1 and 1.5.0 come through it.
pub const SAFE_SINGLETON_FACTORY: Address = address!("914d7Fec6aaC8cd542e72Bca78B30650d45643d7");

/// The runtime code of both.
pub const CODE: [u8; 69] = hex!(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
);
