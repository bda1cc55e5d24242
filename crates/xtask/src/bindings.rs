//! `bindings`: the committed ABI and bytecode, as the final profile compiles them.

use crate::{setup, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Map, Value};
use sha3::{Digest, Keccak256};
use std::fs;
use std::path::{Path, PathBuf};

/// What is committed: contract and source.
pub(crate) const CONTRACTS: [(&str, &str); 2] =
    [("PolicyHook", "contracts/PolicyHook.sol"), ("Token", "test/tokens/Token.sol")];

#[derive(Debug, Args)]
pub(crate) struct BindingsArgs {
    /// Compare instead of writing, compiling independently of forge
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(args: &BindingsArgs) -> Result<()> {
    setup::run()?;
    if args.check { check() } else { write() }
}

fn write() -> Result<()> {
    let mut command = tools::foundry("forge", &["build", "--color", "never"])?;
    command.args(CONTRACTS.map(|(_, source)| source)).env("FOUNDRY_PROFILE", "final");
    stage::must("forge build (final)", command)?;
    for (name, source) in CONTRACTS {
        let file = Path::new(source).file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
        let path = format!("out/final/{file}/{name}.json");
        let artifact: Value = read(&tools::root().join(&path))?;
        let part = |pointer: &str| artifact.pointer(pointer).cloned().ok_or_else(|| eyre!("{path} has no {pointer}"));
        let text = shape(part("/abi")?, &hex(&part("/bytecode/object")?)?, &hex(&part("/deployedBytecode/object")?)?)?;
        fs::create_dir_all(tools::root().join("crates/bindings/artifacts")).wrap_err("cannot create the folder")?;
        fs::write(committed(name), text).wrap_err_with(|| format!("cannot write {name}.json"))?;
        eprintln!("wrote crates/bindings/artifacts/{name}.json");
    }
    Ok(())
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

/// The committed file's text: same keys in the same order, whoever compiled.
pub(crate) fn shape(abi: Value, bytecode: &str, deployed: &str) -> Result<String> {
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

fn hex(value: &Value) -> Result<String> {
    let text = value.as_str().ok_or_else(|| eyre!("bytecode is not a string"))?;
    if text.contains('_') {
        bail!("bytecode needs linking");
    }
    Ok(format!("0x{}", text.trim_start_matches("0x").to_lowercase()))
}

fn keccak(code: &str) -> Result<String> {
    let digits: Vec<char> = code.trim_start_matches("0x").chars().collect();
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16))
        .collect::<Result<_, _>>()
        .wrap_err("bytecode is not hex")?;
    if bytes.is_empty() {
        bail!("bytecode is empty");
    }
    let digest = Keccak256::digest(&bytes);
    Ok(digest.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}")))
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

    #[test]
    fn hashes_bytes_and_refuses_what_needs_linking() {
        let hash = keccak("0x00").unwrap();
        assert_eq!(hash, "0xbc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a");
        assert!(keccak("0x").is_err());
        assert!(hex(&Value::from("0x73__$abc$__63")).is_err());
    }

    #[test]
    fn keys_come_out_sorted_at_every_level() {
        let text = sorted(serde_json::json!({"b": [{"d": 1, "c": 2}], "a": 0})).to_string();
        assert_eq!(text, r#"{"a":0,"b":[{"c":2,"d":1}]}"#);
    }
}
