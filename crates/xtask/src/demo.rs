//! `demo`: the command line's own demo, with all its set-up.

use crate::{picture, setup, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail};

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Play the day on this node (anvil) instead of the embedded chain
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    setup::run()?;
    build()?;
    let mut command = binary()?;
    if let Some(rpc) = &args.rpc {
        command.arg("--rpc").arg(rpc);
    }
    if args.json {
        command.arg("--json");
    }
    tools::pass_through(command).wrap_err("demo")
}

/// Builds the command line as a stage of its own.
pub(crate) fn build() -> Result<()> {
    tools::build(&["portcullis"], "demo")
}

/// The built demo.
pub(crate) fn binary() -> Result<std::process::Command> {
    let mut command = tools::built("portcullis")?;
    command.arg("demo");
    Ok(command)
}

#[derive(Debug, Args)]
pub(crate) struct PictureArgs {
    /// Compare instead of writing
    #[arg(long)]
    pub(crate) check: bool,
}

const PICTURE: &str = "docs/demo.svg";

/// Plays the day on the embedded chain and draws what it says.
pub(crate) fn picture(args: &PictureArgs) -> Result<()> {
    setup::run()?;
    build()?;
    let mut command = binary()?;
    command.arg("--json");
    let report =
        serde_json::from_str(&tools::capture(command)?).wrap_err("the demo printed something else than JSON")?;
    let drawn = picture::draw(&report, "1.5.0")?;
    let path = tools::root().join(PICTURE);
    if args.check {
        if std::fs::read_to_string(&path).unwrap_or_default() != drawn {
            bail!("{PICTURE} differs from what the demo shows; run `cargo xtask picture`");
        }
        return Ok(());
    }
    std::fs::write(&path, drawn).wrap_err_with(|| format!("cannot write {PICTURE}"))?;
    eprintln!("wrote {PICTURE}");
    Ok(())
}
