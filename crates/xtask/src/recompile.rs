//! Compiles the contracts without forge, to see that the committed bindings come from these sources.

use crate::bindings::{self, CONTRACTS};
use crate::tools;
use eyre::{Result, WrapErr, bail, eyre};
use foundry_compilers::artifacts::{BytecodeHash, EvmVersion, Settings, SettingsMetadata, remappings::Remapping};
use foundry_compilers::multi::{MultiCompiler, MultiCompilerSettings};
use foundry_compilers::solc::{Solc, SolcCompiler, SolcSettings};
use foundry_compilers::{Project, ProjectPathsConfig};
use serde_json::Value;
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

    let mut differing = Vec::new();
    for (name, source) in CONTRACTS {
        let source = root.join(source);
        let output = project.compile_files([&source]).wrap_err_with(|| format!("{name} does not compile"))?;
        if output.has_compiler_errors() {
            bail!("{name} does not compile: {output}");
        }
        let artifact = output.find(&source, name).ok_or_else(|| eyre!("{name} is not among the output"))?;
        let part = |code: Option<String>| code.ok_or_else(|| eyre!("{name} has no bytecode, or needs linking"));
        let creation = artifact.bytecode.as_ref().and_then(|code| code.object.as_bytes()).map(ToString::to_string);
        let deployed = artifact
            .deployed_bytecode
            .as_ref()
            .and_then(|code| code.bytecode.as_ref())
            .and_then(|code| code.object.as_bytes())
            .map(ToString::to_string);
        let committed = bindings::read(&bindings::committed(name))?;
        // The compiler's own ABI text is what forge writes too; compared as JSON.
        let abi = serde_json::to_value(&artifact.abi).wrap_err("the ABI is not JSON")?;
        let compiled: Value = serde_json::from_str(&bindings::shape(abi, &part(creation)?, &part(deployed)?)?)?;
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
