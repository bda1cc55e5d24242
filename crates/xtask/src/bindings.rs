//! `bindings`: the committed ABI and bytecode, as the final profile compiles them.

use crate::link::{self, Compiled, Linker};
use crate::{setup, sources, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};

/// A contract whose ABI and code are committed.
pub(crate) struct Contract {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
    /// Linked into the hook, which alone calls it; so its ABI is nobody's business.
    pub(crate) library: bool,
    /// Where its ABI is, when not its own: that of a contract without functions is its interface's.
    pub(crate) interface: Option<Interface>,
}

/// An interface that stands for a contract.
#[derive(Clone, Copy)]
pub(crate) struct Interface {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
}

const PORTCULLIS: Interface = Interface { name: "IPortcullis", source: "contracts/interfaces/IPortcullis.sol" };

/// What is committed. Libraries come before what they are linked into.
pub(crate) const CONTRACTS: [Contract; 16] = [
    library("Consenting", "contracts/libraries/Consenting.sol"),
    library("ControlCalls", "contracts/libraries/ControlCalls.sol"),
    library("Lifecycle", "contracts/libraries/Lifecycle.sol"),
    library("ModuleRequests", "contracts/libraries/ModuleRequests.sol"),
    library("Notices", "contracts/libraries/Notices.sol"),
    library("Obligations", "contracts/libraries/Obligations.sol"),
    library("RareConditions", "contracts/libraries/RareConditions.sol"),
    library("Requests", "contracts/libraries/Requests.sol"),
    library("Services", "contracts/libraries/Services.sol"),
    library("Slots", "contracts/libraries/Slots.sol"),
    library("Tokens", "contracts/libraries/Tokens.sol"),
    library("Watch", "contracts/libraries/Watch.sol"),
    Contract { name: "PolicyHook", source: "contracts/PolicyHook.sol", library: false, interface: Some(PORTCULLIS) },
    Contract { name: "Registry", source: "contracts/Registry.sol", library: false, interface: None },
    Contract { name: "SignatureHandler", source: "contracts/SignatureHandler.sol", library: false, interface: None },
    Contract { name: "Token", source: "test/tokens/Token.sol", library: false, interface: None },
];

const fn library(name: &'static str, source: &'static str) -> Contract {
    Contract { name, source, library: true, interface: None }
}

#[derive(Debug, Args)]
pub(crate) struct BindingsArgs {
    /// Compare instead of writing, compiling independently of forge
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(args: &BindingsArgs) -> Result<()> {
    setup::run()?;
    if !args.check {
        return write();
    }
    sources::check()?;
    check()
}

fn write() -> Result<()> {
    let mut command = tools::foundry("forge", &["build", "--color", "never"])?;
    command.args(CONTRACTS.map(|contract| contract.source)).env("FOUNDRY_PROFILE", "final");
    command.args(CONTRACTS.iter().filter_map(|contract| contract.interface).map(|interface| interface.source));
    stage::must("forge build (final)", command)?;
    let mut linker = Linker::default();
    fs::create_dir_all(tools::root().join("crates/bindings/artifacts")).wrap_err("cannot create the folder")?;
    for contract in CONTRACTS {
        let name = contract.name;
        let path = artifact_path(contract.source, name);
        let artifact: Value = read(&tools::root().join(&path))?;
        let abi = match contract.interface {
            None => artifact.get("abi").cloned(),
            Some(of) => read(&tools::root().join(artifact_path(of.source, of.name)))?.get("abi").cloned(),
        };
        let part = |pointer: &str| artifact.pointer(pointer).cloned().unwrap_or_default();
        let code =
            |pointer: &str| part(pointer).as_str().map(str::to_owned).ok_or_else(|| eyre!("{path} has no {pointer}"));
        let compiled = Compiled {
            creation: code("/bytecode/object")?,
            creation_links: part("/bytecode/linkReferences"),
            deployed: code("/deployedBytecode/object")?,
            deployed_links: part("/deployedBytecode/linkReferences"),
            immutables: part("/deployedBytecode/immutableReferences"),
        };
        fs::write(committed(name), contract.text(abi.unwrap_or_default(), &mut linker, &compiled)?)
            .wrap_err_with(|| format!("cannot write {name}.json"))?;
        eprintln!("wrote crates/bindings/artifacts/{name}.json");
    }
    sources::write()
}

/// Where forge leaves a contract, from the root.
pub(crate) fn artifact_path(source: &str, name: &str) -> String {
    let file = Path::new(source).file_name().unwrap_or_default().to_string_lossy();
    format!("out/final/{file}/{name}.json")
}

impl Contract {
    /// The committed file's text, whoever compiled.
    pub(crate) fn text(&self, abi: Value, linker: &mut Linker, compiled: &Compiled) -> Result<String> {
        let (creation, deployed) = linker.link(self.name, self.library, compiled)?;
        shape(if self.library { Value::Array(Vec::new()) } else { abi }, &creation, &deployed)
    }
}

/// The committed file of a contract.
pub(crate) fn committed(name: &str) -> PathBuf {
    tools::root().join(format!("crates/bindings/artifacts/{name}.json"))
}

/// Reads a JSON file.
pub(crate) fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).wrap_err_with(|| format!("cannot read {}", tools::shown(path)))?;
    serde_json::from_str(&text).wrap_err_with(|| format!("{} is not JSON", tools::shown(path)))
}

/// The same keys in the same order, always.
fn shape(abi: Value, bytecode: &str, deployed: &str) -> Result<String> {
    let mut object = Map::new();
    object.insert("abi".to_owned(), abi);
    object.insert("bytecode".to_owned(), bytecode.into());
    object.insert("bytecodeHash".to_owned(), keccak(bytecode)?.into());
    object.insert("deployedBytecode".to_owned(), deployed.into());
    object.insert("deployedBytecodeHash".to_owned(), keccak(deployed)?.into());
    let text = serde_json::to_string_pretty(&sorted(Value::Object(object))).wrap_err("cannot write JSON")?;
    Ok(format!("{text}\n"))
}

/// Keys in order at every level, whether or not serde_json keeps the order of insertion.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

fn keccak(code: &str) -> Result<String> {
    let bytes = link::bytes(code)?;
    if bytes.is_empty() {
        bail!("bytecode is empty");
    }
    Ok(format!("0x{}", link::digits(&link::keccak(&bytes))))
}

#[cfg(not(feature = "compilers"))]
fn check() -> Result<()> {
    // The independent compiler is heavy, so it is built only when it is asked for.
    let args = ["run", "--quiet", "--package", "xtask", "--features", "compilers", "--", "bindings", "--check"];
    stage::must("recompile and compare bindings", tools::cargo(&args)).map(drop)
}

#[cfg(feature = "compilers")]
fn check() -> Result<()> {
    crate::recompile::check()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn hashes_bytes_and_refuses_none() {
        let hash = keccak("0x00").unwrap();
        assert_eq!(hash, "0xbc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a");
        assert!(keccak("0x").is_err());
        assert!(keccak("0x73__$abc$__63").is_err());
    }

    #[test]
    fn no_artifact_is_committed_that_no_source_compiles_to() {
        let folder = fs::read_dir(tools::root().join("crates/bindings/artifacts")).unwrap();
        let files: BTreeSet<String> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(files, BTreeSet::from(CONTRACTS.map(|contract| format!("{}.json", contract.name))));
    }

    #[test]
    fn no_library_is_left_out_where_the_hook_is_deployed() {
        let read = |path: &str| fs::read_to_string(tools::root().join(path)).unwrap();
        let (script, bound) = (read("script/Deploy.s.sol"), read("crates/bindings/src/libraries.rs"));
        let hook = script.find("_deploy(\"PolicyHook\")").unwrap();
        for Contract { name, .. } in CONTRACTS.iter().filter(|contract| contract.library) {
            let at = script.find(&format!("_deploy(\"{name}\")"));
            assert!(at.is_some_and(|at| at < hook), "script/Deploy.s.sol does not deploy {name} before the hook");
            assert!(bound.contains(&format!("name: \"{name}\"")), "crates/bindings/src/libraries.rs lacks {name}");
        }
    }

    #[test]
    fn keys_come_out_sorted_at_every_level() {
        let text = sorted(serde_json::json!({"b": [{"d": 1, "c": 2}], "a": 0})).to_string();
        assert_eq!(text, r#"{"a":0,"b":[{"c":2,"d":1}]}"#);
    }
}
