//! The compiled hook with the libraries that it is linked with.

use std::path::Path;

use alloy_primitives::{Address, B256, Bytes, hex, keccak256};
use eyre::{Result, WrapErr, eyre};
use portcullis_bindings::{IPolicyHook, deployer, libraries};
use serde_json::Value;

/// Code as it stands on a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookCode {
    /// The hook's.
    pub hook: Bytes,
    /// What it delegates to, where the hook expects it.
    pub libraries: Vec<(Address, Bytes)>,
}

impl HookCode {
    /// The committed one.
    #[must_use]
    pub fn committed() -> Self {
        let libraries = libraries::ALL.map(|library| (library.address(), library.code.clone()));
        Self { hook: IPolicyHook::DEPLOYED_BYTECODE.clone(), libraries: libraries.to_vec() }
    }

    /// Out of a compiler's artifact, beside whose folder those of the libraries stand.
    ///
    /// # Errors
    /// When an artifact is missing or holds no code.
    pub fn of_artifact(path: &Path) -> Result<Self> {
        let mut libraries = Vec::new();
        let hook = linked(path, "deployedBytecode", &mut libraries)?;
        Ok(Self { hook, libraries })
    }
}

/// The code in the artifact, with libraries in their places; those are added to the list.
fn linked(path: &Path, which: &str, libraries: &mut Vec<(Address, Bytes)>) -> Result<Bytes> {
    let text = std::fs::read_to_string(path).wrap_err_with(|| format!("cannot read `{}`", path.display()))?;
    let json: Value = serde_json::from_str(&text)?;
    let missing = || eyre!("no `{which}` in `{}`", path.display());
    let mut code = json.pointer(&format!("/{which}/object")).and_then(Value::as_str).ok_or_else(missing)?.to_owned();
    let references = json.pointer(&format!("/{which}/linkReferences")).and_then(Value::as_object);
    for (source, names) in references.into_iter().flatten() {
        let file = source.rsplit('/').next().unwrap_or(source);
        for (name, places) in names.as_object().into_iter().flatten() {
            let folder = path.parent().and_then(Path::parent).ok_or_else(missing)?;
            let address = library(&folder.join(file).join(format!("{name}.json")), libraries)?;
            for start in places.as_array().into_iter().flatten().filter_map(|place| place.get("start")?.as_u64()) {
                // Behind `0x`, two digits to the byte.
                let at = 2 + 2 * usize::try_from(start)?;
                code.replace_range(at..at + 40, &hex::encode(address));
            }
        }
    }
    Ok(code.parse()?)
}

/// Where the deterministic deployer puts the library.
fn library(path: &Path, libraries: &mut Vec<(Address, Bytes)>) -> Result<Address> {
    let init_code = linked(path, "bytecode", libraries)?;
    let address = deployer::ARACHNID.create2(B256::ZERO, keccak256(&init_code));
    if !libraries.iter().any(|(known, _)| *known == address) {
        let mut code = linked(path, "deployedBytecode", libraries)?.to_vec();
        // A library begins by pushing its own address, to refuse calls.
        if let Some(own) = code.get_mut(1..21) {
            own.copy_from_slice(address.as_slice());
        }
        libraries.push((address, code.into()));
    }
    Ok(address)
}
