//! What the chain speaks: ABI types, committed bytecode, storage slots and canonical addresses. No logic.

pub mod deployer;
pub mod libraries;
pub mod probe;
pub mod safe;
pub mod sources;

pub use handler::ISignatureHandler;
pub use hook::IPolicyHook;
pub use registry::Registry;
pub use token::Token;

/// The hook, from its committed artifact.
#[allow(missing_docs, reason = "generated from the contract's ABI, which holds the docs")]
mod hook {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        IPolicyHook,
        "artifacts/PolicyHook.json"
    );
}

/// The signature handler, from its committed artifact.
#[allow(missing_docs, reason = "generated from the contract's ABI, which holds the docs")]
mod handler {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        ISignatureHandler,
        "artifacts/SignatureHandler.json"
    );
}

/// The registry, from its committed artifact.
#[allow(missing_docs, reason = "generated from the contract's ABI, which holds the docs")]
mod registry {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        Registry,
        "artifacts/Registry.json"
    );
}

/// An ERC-20 for demonstrations and tests, from its committed artifact.
#[allow(missing_docs, reason = "generated from the contract's ABI, which holds the docs")]
mod token {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        Token,
        "artifacts/Token.json"
    );
}
