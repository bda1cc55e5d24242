//! What explorers compile to see that a contract is ours: the list of sources, as the compiler names them.

use crate::bindings::{self, CONTRACTS};
use crate::{link, tools};
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// What is written, from the root.
const WRITTEN: &str = "crates/bindings/src/sources.rs";
const HEAD: &str = "\
//! What compiles to the committed bytecode. Written by `cargo xtask bindings`: edit that, not this.

use alloy_primitives::{B256, b256};

/// A source as the compiler names it, and its text.
macro_rules! source {
    ($path:literal) => {
        ($path, include_str!(concat!(\"../../../\", $path)))
    };
}
";

/// Writes the list out of what the compiler said when it compiled the bindings.
pub(crate) fn write() -> Result<()> {
    let root = tools::root();
    let mut sources = BTreeSet::new();
    let mut settings = BTreeSet::new();
    let mut contracts = String::new();
    // The token is for demonstrations; nobody deploys it to have it verified.
    let deployed = || CONTRACTS.iter().filter(|contract| contract.source.starts_with("contracts/"));
    for contract in deployed() {
        let path = bindings::artifact_path(contract.source, contract.name);
        let artifact = bindings::read(&root.join(&path))?;
        let metadata = artifact.get("metadata").ok_or_else(|| eyre!("{path} has no metadata"))?;
        let named = metadata.get("sources").and_then(Value::as_object);
        sources.extend(named.ok_or_else(|| eyre!("{path} names no sources"))?.keys().cloned());
        settings.insert((compiler(metadata), shared(metadata)));
        contracts.push_str(&format!("    (\"{}\", \"{}\"),\n", contract.name, contract.source));
    }
    let ways: [(String, String); 1] =
        Vec::from_iter(settings).try_into().map_err(|_| eyre!("not all contracts are compiled in one way"))?;
    let [(compiler, shared)] = ways;
    let (packaged, own): (Vec<&String>, Vec<&String>) =
        sources.iter().partition(|path| path.starts_with("node_modules/"));
    let list: String = own.iter().map(|path| format!("    source!(\"{path}\"),\n")).collect();
    let mut hashed = String::new();
    for path in &packaged {
        hashed.push_str(&format!("    (\"{path}\", b256!(\"{}\")),\n", hash(path)?));
    }
    let text = format!(
        "{HEAD}
/// The compiler's version.
pub const COMPILER: &str = \"{compiler}\";

/// How it compiles: `settings` of the compiler's Standard JSON, without what to link and what to print.
pub const SETTINGS: &str = r#\"{shared}\"#;

/// What is deployed, and the source that it is in.
pub const CONTRACTS: [(&str, &str); {}] = [
{contracts}];

/// Every source of ours that is compiled.
pub const SOURCES: [(&str, &str); {}] = [
{list}];

/// Every source that packages bring, and the hash of its text.
pub const PACKAGED: [(&str, B256); {}] = [
{hashed}];
",
        deployed().count(),
        own.len(),
        packaged.len(),
    );
    fs::write(root.join(WRITTEN), text).wrap_err_with(|| format!("cannot write {WRITTEN}"))?;
    eprintln!("wrote {WRITTEN}");
    Ok(())
}

fn compiler(metadata: &Value) -> String {
    metadata.pointer("/compiler/version").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The settings that all contracts share, with only the remapping that they need.
fn shared(metadata: &Value) -> String {
    let mut settings = metadata.get("settings").cloned().unwrap_or_default();
    if let Some(settings) = settings.as_object_mut() {
        settings.remove("compilationTarget");
        settings.remove("libraries");
        settings.insert("remappings".to_owned(), vec!["solady/=node_modules/solady/src/"].into());
    }
    settings.to_string()
}

/// Of a file's text, in hex without `0x`.
fn hash(path: &str) -> Result<String> {
    let text = fs::read(tools::root().join(path)).wrap_err_with(|| format!("cannot read {path}"))?;
    Ok(link::keccak(&text).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Fails where a package's source is not the one that was compiled.
pub(crate) fn check() -> Result<()> {
    let list = fs::read_to_string(tools::root().join(WRITTEN)).wrap_err_with(|| format!("cannot read {WRITTEN}"))?;
    for line in list.lines().filter_map(|line| line.trim().strip_prefix("(\"node_modules/")) {
        let path = format!("node_modules/{}", line.split('"').next().unwrap_or_default());
        if !line.contains(&hash(&path)?) {
            bail!("{path} is not what {WRITTEN} has; run `cargo xtask bindings`");
        }
    }
    Ok(())
}
