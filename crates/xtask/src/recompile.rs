//! Compiles the contracts without forge, to see that the committed bindings come from these sources.

use crate::bindings::{self, CONTRACTS};
use crate::link::{Compiled, Linker};
use crate::tools;
use eyre::{Result, WrapErr, bail, eyre};
use foundry_compilers::artifacts::{
    BytecodeHash, BytecodeObject, ConfigurableContractArtifact, EvmVersion, Settings, SettingsMetadata,
    remappings::Remapping,
};
use foundry_compilers::multi::{MultiCompiler, MultiCompilerSettings};
use foundry_compilers::solc::{Solc, SolcCompiler, SolcSettings};
use foundry_compilers::{Project, ProjectPathsConfig};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Fails when a committed file is not exactly what the sources compile to.
pub(crate) fn check() -> Result<()> {
    let root = tools::root();
    let config = tools::capture({
        let mut command = tools::foundry("forge", &["config", "--json"])?;
        command.env("FOUNDRY_PROFILE", "final");
        command
    })?;
    let config: Value = serde_json::from_str(&config).wrap_err("forge config printed something else than JSON")?;

    let compiler = std::env::var_os("FOUNDRY_SOLC").map_or_else(|| root.join("tools/solc"), PathBuf::from);
    let solc = Solc::new(compiler).wrap_err("the compiler does not start")?;
    let remappings = ["solady/=node_modules/solady/src/"]
        .into_iter()
        .map(str::parse::<Remapping>)
        .collect::<Result<Vec<_>, _>>()
        .wrap_err("a remapping does not parse")?;
    let scratch = root.join("target/xtask/recompiled");
    let paths = ProjectPathsConfig::builder()
        .root(&root)
        .sources(root.join("contracts"))
        .tests(root.join("test"))
        .lib(root.join("node_modules"))
        .remappings(remappings)
        .artifacts(scratch.join("out"))
        .cache(scratch.join("cache.json"))
        .build()
        .wrap_err("the project's paths do not hold")?;
    let settings = MultiCompilerSettings {
        solc: SolcSettings { settings: settings(&config)?, ..SolcSettings::default() },
        ..MultiCompilerSettings::default()
    };
    let project = Project::builder()
        .paths(paths)
        .settings(settings)
        .ephemeral()
        .no_artifacts()
        .build(MultiCompiler { solc: Some(SolcCompiler::Specific(solc)), vyper: None })
        .wrap_err("the project does not build")?;

    // One run for all of them, as forge makes it.
    let own = CONTRACTS.iter().map(|contract| contract.source);
    let sources: BTreeSet<PathBuf> = own
        .chain(CONTRACTS.iter().filter_map(|contract| contract.interface).map(|interface| interface.source))
        .map(|source| root.join(source))
        .collect();
    let output = project.compile_files(&sources).wrap_err("the contracts do not compile")?;
    if output.has_compiler_errors() {
        bail!("the contracts do not compile: {output}");
    }
    let find = |source: &str, name: &str| {
        output.find(&root.join(source), name).ok_or_else(|| eyre!("{name} is not among the output"))
    };
    let mut differing = Vec::new();
    let mut linker = Linker::default();
    for contract in CONTRACTS {
        let name = contract.name;
        let artifact = find(contract.source, name)?;
        let committed = bindings::read(&bindings::committed(name))?;
        // The compiler's own ABI text is what forge writes too; compared as JSON.
        let described = match contract.interface {
            Some(interface) => find(interface.source, interface.name)?,
            None => artifact,
        };
        let abi = serde_json::to_value(&described.abi).wrap_err("the ABI is not JSON")?;
        let compiled: Value = serde_json::from_str(&contract.text(abi, &mut linker, &compiled(name, artifact)?)?)?;
        for key in ["abi", "bytecode", "bytecodeHash", "deployedBytecode", "deployedBytecodeHash"] {
            if compiled.get(key) != committed.get(key) {
                differing.push(format!("{name}.{key}"));
            }
        }
    }
    if !differing.is_empty() {
        bail!("the sources compile to something else ({}); run `cargo xtask bindings`", differing.join(", "));
    }
    Ok(())
}

/// Code as the compiler leaves it, with what is to be linked.
fn compiled(name: &str, artifact: &ConfigurableContractArtifact) -> Result<Compiled> {
    let part = || eyre!("{name} has no bytecode");
    let creation = artifact.bytecode.as_ref().ok_or_else(part)?;
    let runtime = artifact.deployed_bytecode.as_ref().ok_or_else(part)?;
    let deployed = runtime.bytecode.as_ref().ok_or_else(part)?;
    Ok(Compiled {
        creation: text(&creation.object),
        creation_links: serde_json::to_value(&creation.link_references)?,
        deployed: text(&deployed.object),
        deployed_links: serde_json::to_value(&deployed.link_references)?,
        immutables: serde_json::to_value(&runtime.immutable_references)?,
    })
}

fn text(object: &BytecodeObject) -> String {
    match object {
        BytecodeObject::Bytecode(code) => code.to_string(),
        BytecodeObject::Unlinked(code) => code.clone(),
    }
}

/// The final profile, as forge resolves it.
fn settings(config: &Value) -> Result<Settings> {
    let key = |name: &str| config.get(name).ok_or_else(|| eyre!("forge config has no {name}"));
    if key("bytecode_hash")?.as_str() != Some("none") {
        bail!("the final profile must leave the metadata hash out of the bytecode");
    }
    let mut settings = Settings::default();
    settings.optimizer.enabled = key("optimizer")?.as_bool();
    settings.optimizer.runs =
        key("optimizer_runs")?.as_u64().map(usize::try_from).transpose().wrap_err("optimizer_runs is too large")?;
    settings.via_ir = key("via_ir")?.as_bool();
    let version = key("evm_version")?.as_str().unwrap_or_default().to_owned();
    settings.evm_version = Some(version.parse::<EvmVersion>().map_err(|_| eyre!("unknown evm_version `{version}`"))?);
    let cbor = key("cbor_metadata")?.as_bool().unwrap_or(true);
    settings.metadata = Some(SettingsMetadata::new(BytecodeHash::None, cbor));
    Ok(settings)
}
