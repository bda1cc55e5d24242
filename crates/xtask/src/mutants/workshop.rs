//! A copy of the tree in which one mutant after another is put to the tests.
//!
//! The tests that deploy contracts are compiled once: a mutant's code takes the place of the artifact's, which forge
//! links and deploys. Only what survives them is compiled into the unit tests, which contain what they test.

use super::points::Mutant;
use super::source::{self, Sources};
use crate::tools::{self, at};
use crate::{setup, stage};
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Tests of deployed contracts, those that are quick first.
const DEPLOYED: [&str; 2] = ["test/{integration,attack}/*", "test/invariant/*"];
/// Tests that contain what they test.
const UNIT: &str = "test/unit/*";
/// What the tests read besides the sources.
const COPIED: [&str; 5] = ["contracts", "test", "tools", "crates/bindings/artifacts", "foundry.toml"];
/// A mutant may go round in circles. Far longer than the tests take, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// How a mutant fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It does not compile, and does not count.
    Invalid,
    /// What noticed it.
    Killed(String),
    Survived,
}

pub(crate) struct Workshop<'a> {
    sources: &'a Sources,
    deployed: PathBuf,
    unit: PathBuf,
    /// The code without a mutant, and where each contract's artifact is.
    code: Value,
    artifacts: BTreeMap<(String, String), PathBuf>,
}

impl<'a> Workshop<'a> {
    /// Copies, compiles, and sees that everything passes without a mutant.
    pub(crate) fn open(sources: &'a Sources, place: &Path) -> Result<Self> {
        setup::run()?;
        let (deployed, unit) = (place.join("deployed"), place.join("unit"));
        let ready = place.join("ready");
        if !ready.exists() {
            for tree in [&deployed, &unit] {
                if tree.exists() {
                    fs::remove_dir_all(tree).wrap_err("cannot clear an old copy of the tree")?;
                }
                copy_tree(tree)?;
            }
            for folder in ["integration", "attack", "invariant", "gas"] {
                fs::remove_dir_all(unit.join("test").join(folder)).wrap_err("cannot leave tests out")?;
            }
            for folder in ["unit", "gas"] {
                fs::remove_dir_all(deployed.join("test").join(folder)).wrap_err("cannot leave tests out")?;
            }
            for (name, tree) in [("deployed", &deployed), ("unit", &unit)] {
                stage::must(&format!("compile the {name} tests"), forge(tree, &["build"])?)?;
            }
        }
        let code = sources.code(None)?;
        let artifacts = artifacts(&code, &deployed)?;
        let shop = Self { sources, deployed, unit, code, artifacts };
        if !ready.exists() {
            let (all, unit) = (shop.first_failure_deployed()?, test(&shop.unit, UNIT)?);
            if let Some(failure) = all.or(unit) {
                bail!("without any mutant {failure} fails");
            }
            fs::write(&ready, "").wrap_err("cannot note that the copy is ready")?;
        }
        Ok(shop)
    }

    pub(crate) fn examine(&self, mutant: &Mutant) -> Result<Fate> {
        let text = mutant
            .apply(self.sources.text(&mutant.file)?)
            .ok_or_else(|| eyre!("{} has no place for a mutant", mutant.file))?;
        let code = self.sources.code(Some((&mutant.file, &text)))?;
        if source::has_errors(&code) {
            return Ok(Fate::Invalid);
        }
        let changed: Vec<_> =
            self.artifacts.iter().filter(|(name, _)| evm(&code, name) != evm(&self.code, name)).collect();
        if !changed.is_empty() {
            let originals: Vec<(&PathBuf, String)> = changed
                .iter()
                .map(|(_, path)| fs::read_to_string(path).map(|text| (*path, text)))
                .collect::<Result<_, _>>()
                .wrap_err("cannot read an artifact")?;
            for (name, path) in &changed {
                patch(path, evm(&code, name))?;
            }
            let failure = self.first_failure_deployed();
            for (path, text) in originals {
                fs::write(path, text).wrap_err("cannot restore an artifact")?;
            }
            if let Some(failure) = failure? {
                return Ok(Fate::Killed(failure));
            }
        }
        let file = self.unit.join(&mutant.file);
        fs::write(&file, &text).wrap_err("cannot write a mutant")?;
        let failure = test(&self.unit, UNIT);
        fs::write(&file, self.sources.text(&mutant.file)?).wrap_err("cannot restore a source")?;
        Ok(failure?.map_or(Fate::Survived, Fate::Killed))
    }

    fn first_failure_deployed(&self) -> Result<Option<String>> {
        for pattern in DEPLOYED {
            if let Some(failure) = test(&self.deployed, pattern)? {
                return Ok(Some(failure));
            }
        }
        Ok(None)
    }
}

fn forge(tree: &Path, args: &[&str]) -> Result<Command> {
    let mut command = tools::foundry("forge", args)?;
    command.args(["--color", "never", "--root"]).arg(tree).current_dir(tree);
    Ok(command)
}

/// The first test that fails, if one does. One that never ends fails.
fn test(tree: &Path, pattern: &str) -> Result<Option<String>> {
    let mut command = forge(tree, &["test", "--fail-fast", "--fuzz-seed", "1", "--match-path", pattern])?;
    let log = tree.join("tests.log");
    let output = fs::File::create(&log).wrap_err("cannot write a log")?;
    let errors = output.try_clone().wrap_err("cannot write a log")?;
    let mut child = command.stdout(output).stderr(Stdio::from(errors)).spawn().wrap_err("cannot start forge")?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().wrap_err("cannot wait for forge")? {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().wrap_err("cannot stop forge")?;
            child.wait().wrap_err("cannot wait for forge")?;
            return Ok(Some("a test that never ends".to_owned()));
        }
        thread::sleep(Duration::from_millis(50));
    };
    if status.success() {
        return Ok(None);
    }
    let said = fs::read_to_string(&log).unwrap_or_default();
    let Some(line) = said.lines().find(|line| line.starts_with("[FAIL")) else {
        // A mutant that forge itself cannot deal with, such as code that cannot be deployed for a set-up.
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        bail!("forge failed, but no test did: {last}");
    };
    let name = line.rsplit_once("] ").map_or(line, |(_, name)| name);
    Ok(Some(name.split_whitespace().next().unwrap_or_default().to_owned()))
}

/// What the compiler says about a contract's code.
fn evm<'v>(output: &'v Value, (file, name): &(String, String)) -> &'v Value {
    at(at(at(at(output, "contracts"), file), name), "evm")
}

/// Every contract with code, and its artifact, which must hold the same code: else a mutant would not be all that
/// differs.
fn artifacts(code: &Value, tree: &Path) -> Result<BTreeMap<(String, String), PathBuf>> {
    let mut found = BTreeMap::new();
    for (file, contracts) in at(code, "contracts").as_object().into_iter().flatten() {
        for (name, contract) in contracts.as_object().into_iter().flatten() {
            let object = at(at(at(contract, "evm"), "bytecode"), "object").as_str().unwrap_or_default();
            if object.is_empty() {
                continue;
            }
            let base = Path::new(file).file_name().unwrap_or_default();
            let path = tree.join("out").join(base).join(format!("{name}.json"));
            let artifact = read(&path)?;
            let built = at(at(&artifact, "bytecode"), "object").as_str().unwrap_or_default();
            if built.trim_start_matches("0x") != object {
                bail!("{name} is compiled differently by forge");
            }
            found.insert((file.clone(), name.clone()), path);
        }
    }
    if found.is_empty() {
        bail!("there are no contracts");
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).wrap_err_with(|| format!("cannot read {}", tools::shown(path)))?;
    serde_json::from_str(&text).wrap_err_with(|| format!("{} is not JSON", tools::shown(path)))
}

/// Puts code into an artifact.
fn patch(path: &Path, evm: &Value) -> Result<()> {
    let mut artifact = read(path)?;
    for key in ["bytecode", "deployedBytecode"] {
        let code = at(evm, key);
        let place = artifact.get_mut(key).and_then(Value::as_object_mut).ok_or_else(|| eyre!("no {key}"))?;
        let object = at(code, "object").as_str().unwrap_or_default();
        place.insert("object".to_owned(), format!("0x{object}").into());
        for part in ["linkReferences", "immutableReferences"] {
            if !at(code, part).is_null() {
                place.insert(part.to_owned(), at(code, part).clone());
            }
        }
    }
    fs::write(path, artifact.to_string()).wrap_err("cannot write an artifact")
}

fn copy_tree(tree: &Path) -> Result<()> {
    let root = tools::root();
    for item in COPIED {
        copy(&root.join(item), &tree.join(item), false)?;
    }
    for entry in fs::read_dir(root.join("node_modules")).wrap_err("cannot read node_modules")? {
        let name = entry.wrap_err("cannot read node_modules")?.file_name();
        if name != "@foundry-rs" && name != ".bin" {
            let item = Path::new("node_modules").join(&name);
            copy(&root.join(&item), &tree.join(&item), true)?;
        }
    }
    Ok(())
}

/// Copies files and folders; packages are linked, since nobody changes them.
fn copy(from: &Path, to: &Path, link: bool) -> Result<()> {
    let about = || format!("cannot copy {}", tools::shown(from));
    if from.is_dir() {
        fs::create_dir_all(to).wrap_err_with(about)?;
        for entry in fs::read_dir(from).wrap_err_with(about)? {
            let name = entry.wrap_err_with(about)?.file_name();
            copy(&from.join(&name), &to.join(&name), link)?;
        }
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).wrap_err_with(about)?;
    }
    if link && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(drop).wrap_err_with(about)
}
