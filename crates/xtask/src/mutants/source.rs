//! The contracts' sources, and the compiler that is asked about them.

use crate::{link, tools};
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::process::Stdio;

const OWN: &str = "contracts/";

/// By path from the root: the contracts, and what they import.
pub(crate) struct Sources {
    texts: BTreeMap<String, String>,
    /// What the optimizer does, for tests.
    optimizer: Value,
}

impl Sources {
    pub(crate) fn read() -> Result<Self> {
        let mut all = BTreeMap::new();
        let mut open: Vec<String> = tools::tracked_files()?
            .into_iter()
            .filter(|path| path.starts_with(OWN) && path.ends_with(".sol"))
            .collect();
        while let Some(path) = open.pop() {
            if all.contains_key(&path) {
                continue;
            }
            let text = fs::read_to_string(tools::root().join(&path)).wrap_err_with(|| format!("cannot read {path}"))?;
            open.extend(imports(&text).map(|import| resolve(&path, import)));
            all.insert(path, text);
        }
        let config = tools::capture(tools::foundry("forge", &["config", "--json"])?)?;
        let config: Value = serde_json::from_str(&config).wrap_err("forge config printed something else than JSON")?;
        let optimizer =
            json!({ "enabled": tools::at(&config, "optimizer"), "runs": tools::at(&config, "optimizer_runs") });
        Ok(Self { texts: all, optimizer })
    }

    /// The project's own.
    pub(crate) fn own(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().filter(|(path, _)| path.starts_with(OWN)).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(crate) fn text(&self, file: &str) -> Result<&str> {
        self.texts.get(file).map(String::as_str).ok_or_else(|| eyre!("{file} is no source"))
    }

    /// Names the contracts and the tests: results are only worth something for the same ones.
    pub(crate) fn hash(&self) -> Result<String> {
        let mut digest = Vec::new();
        for path in tools::tracked_files()? {
            if path.starts_with(OWN) || path.starts_with("test/") && path.ends_with(".sol") {
                let text = fs::read(tools::root().join(&path)).wrap_err_with(|| format!("cannot read {path}"))?;
                digest = link::keccak(&[digest.as_slice(), path.as_bytes(), &link::keccak(&text)].concat());
            }
        }
        Ok(link::digits(&digest).chars().take(16).collect())
    }

    /// The syntax trees, as the compiler emits them.
    pub(crate) fn trees(&self) -> Result<Value> {
        self.compile(None, &json!({ "*": { "": ["ast"] } }))
    }

    /// The code of every contract, with one file replaced, and how it is compiled for tests.
    pub(crate) fn code(&self, replaced: Option<(&str, &str)>) -> Result<Value> {
        let code = ["evm.bytecode", "evm.deployedBytecode"];
        let wanted: Map<String, Value> = self.own().map(|(path, _)| (path.to_owned(), json!({ "*": code }))).collect();
        self.compile(replaced, &Value::Object(wanted))
    }

    fn compile(&self, replaced: Option<(&str, &str)>, wanted: &Value) -> Result<Value> {
        let sources: Map<String, Value> = self
            .texts
            .iter()
            .map(|(path, text)| {
                let text = replaced.filter(|(file, _)| file == path).map_or(text.as_str(), |(_, text)| text);
                (path.clone(), json!({ "content": text }))
            })
            .collect();
        let input = json!({ "language": "Solidity", "sources": sources, "settings": {
            "remappings": ["solady/=node_modules/solady/src/"], "evmVersion": "cancun",
            "optimizer": self.optimizer,
            "metadata": { "bytecodeHash": "none", "appendCBOR": false }, "outputSelection": wanted } });
        let compiler = std::env::var_os("FOUNDRY_SOLC").map_or_else(|| tools::root().join("tools/solc"), PathBuf::from);
        let mut command = tools::command(&compiler.to_string_lossy(), &["--standard-json"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .wrap_err("cannot start the compiler")?;
        let text = serde_json::to_vec(&input)?;
        child.stdin.take().ok_or_else(|| eyre!("the compiler takes no input"))?.write_all(&text)?;
        let output = child.wait_with_output().wrap_err("cannot wait for the compiler")?;
        if !output.status.success() {
            bail!("the compiler failed ({})", output.status);
        }
        serde_json::from_slice(&output.stdout).wrap_err("the compiler printed something else than JSON")
    }
}

/// Whether the compiler found something that is no warning.
pub(crate) fn has_errors(output: &Value) -> bool {
    let errors = tools::at(output, "errors").as_array();
    errors.into_iter().flatten().any(|error| tools::at(error, "severity") == "error")
}

/// What stands in quotes behind `import` and `from`.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.split("from \"").skip(1).chain(text.split("import \"").skip(1)).filter_map(|rest| rest.split('"').next())
}

/// An import as a path from the root.
fn resolve(from: &str, import: &str) -> String {
    if let Some(rest) = import.strip_prefix("solady/") {
        return format!("node_modules/solady/src/{rest}");
    }
    let joined = Path::new(from).parent().unwrap_or(Path::new("")).join(import);
    let mut parts: Vec<String> = Vec::new();
    for part in joined.components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_from_the_root() {
        let text = "import {A} from \"../types/A.sol\";\nimport \"solady/utils/B.sol\";\n";
        let found: Vec<String> = imports(text).map(|import| resolve("contracts/libraries/L.sol", import)).collect();
        assert_eq!(found, ["contracts/types/A.sol", "node_modules/solady/src/utils/B.sol"]);
    }
}
