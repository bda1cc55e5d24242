//! What an explorer compiles to see that a contract is ours: Standard JSON, as the compiler takes it.

use std::path::Path;

use alloy_primitives::{Address, Bytes, keccak256};
use alloy_sol_types::SolValue;
use portcullis_bindings::{libraries, sources};
use portcullis_chain::deploy;
use serde_json::{Map, Value, json};

use crate::{Error, Result};

/// A contract as explorers ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifiable {
    /// Where it stands on every chain.
    pub address: Address,
    /// Its source and its name in it: `contracts/PolicyHook.sol:PolicyHook`.
    pub name: String,
    /// ABI encoding of what its constructor is given; empty for nothing.
    pub arguments: Bytes,
}

/// The compiler's whole version, as explorers list it.
#[must_use]
pub const fn compiler() -> &'static str {
    sources::COMPILER
}

/// One input for all that [`contracts`] names: the sources, how they are compiled, and the addresses that they are
/// linked with. What it compiles to is what [`crate::deploy`] sends, byte for byte. What packages bring is read where
/// npm put it.
///
/// # Errors
/// [`Error::File`] where a package's source is not there, or not the one that was compiled.
pub fn input(packages: &Path) -> Result<Value> {
    let text = |(path, content): (&str, &str)| (path.to_owned(), json!({ "content": content }));
    let mut sources: Map<String, Value> = sources::SOURCES.into_iter().map(text).collect();
    for (name, hash) in sources::PACKAGED {
        let path = packages.join(name.trim_start_matches("node_modules/"));
        let failed = |why: String| Error::File { path: path.display().to_string(), why };
        let content = std::fs::read_to_string(&path)
            .map_err(|error| failed(format!("{error}; run `npm ci`, and name its node_modules with --artifacts")))?;
        if keccak256(&content) != hash {
            return Err(failed("this is not what was compiled; run `npm ci` with the committed lock file".to_owned()));
        }
        sources.insert(name.to_owned(), json!({ "content": content }));
    }
    let mut linked = Map::new();
    for library in libraries::ALL {
        let at = json!({ library.name: library.address() });
        linked.extend(source(library.name).map(|path| (path.to_owned(), at)));
    }
    let settings = serde_json::from_str(sources::SETTINGS);
    let mut settings: Map<String, Value> =
        settings.map_err(|error| Error::File { path: "the compiler's settings".to_owned(), why: error.to_string() })?;
    settings.insert("libraries".to_owned(), linked.into());
    let printed = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "metadata"];
    settings.insert("outputSelection".to_owned(), json!({ "*": { "*": printed } }));
    Ok(json!({ "language": "Solidity", "sources": sources, "settings": settings }))
}

/// The libraries, the hook and the signature handler: what [`crate::deploy`] deploys besides programs, which are data.
#[must_use]
pub fn contracts() -> Vec<Verifiable> {
    let verifiable = |name: &str, address, arguments| {
        source(name).map(|path| Verifiable { address, name: format!("{path}:{name}"), arguments })
    };
    let libraries = libraries::ALL.iter().filter_map(|one| verifiable(one.name, one.address(), Bytes::new()));
    let hook = deploy::hook_at();
    let others = [
        verifiable("PolicyHook", hook, Bytes::new()),
        verifiable("SignatureHandler", deploy::handler_at(), hook.abi_encode().into()),
    ];
    libraries.chain(others.into_iter().flatten()).collect()
}

fn source(name: &str) -> Option<&'static str> {
    sources::CONTRACTS.iter().find(|(contract, _)| *contract == name).map(|(_, path)| *path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy;

    #[test]
    fn all_that_is_deployed_can_be_verified_under_its_address() {
        let deployed = deploy::hook().into_iter().chain([deploy::handler()]).map(|piece| piece.address);
        assert!(deployed.eq(contracts().iter().map(|contract| contract.address)));
    }
}
