//! `check`: everything that holds besides tests.

use crate::{bench_gas, bindings, demo, deps, figures, generated, setup, stage, tidy, tools};
use eyre::{Result, bail, eyre};
use std::process::Command;
use std::thread;

/// The release that `check` installs when cargo-deny is missing.
const DENY: &str = "0.20.2";

/// Runs every check, whatever the first ones say.
pub(crate) fn run() -> Result<()> {
    setup::run()?;
    let mut broken: Vec<String> = Vec::new();
    // The compiler takes one core, so it goes beside what follows.
    let bindings = thread::spawn(|| bindings::run(&bindings::BindingsArgs { check: true }));
    let runners: [(&str, Command); 4] = [
        ("cargo fmt", tools::cargo(&["fmt", "--all", "--check"])),
        ("forge fmt", tools::foundry("forge", &["fmt", "--check"])?),
        (
            "clippy",
            tools::cargo(&["clippy", "--workspace", "--all-targets", "--color", "never", "--", "-D", "warnings"]),
        ),
        ("clippy (signers)", signers()),
    ];
    for (name, command) in runners {
        if !stage::run(name, command)?.passed {
            broken.push(name.to_owned());
        }
    }
    let mut note = |name: &str, outcome: Result<()>| match outcome {
        Ok(()) => eprintln!("ok   {name}"),
        Err(report) => {
            eprintln!("FAIL {name}: {report:#}");
            broken.push(name.to_owned());
        }
    };
    note("licences, bans and sources", deny());
    note("dependency direction", deps::run());
    note("docs drift", generated::run(&generated::DocsArgs { check: true }));
    note("figures drift", figures::check());
    note("picture drift", demo::picture(&demo::PictureArgs { check: true }));
    note("gas drift", bench_gas::check());
    note("bindings drift", bindings.join().unwrap_or_else(|_| Err(eyre!("it panicked"))));
    note("tidiness", tidy::run());
    if !broken.is_empty() {
        bail!("failed: {}", broken.join(", "));
    }
    println!("every check passed");
    Ok(())
}

/// What no build has by default: keys on devices and at services.
fn signers() -> Command {
    let features = ["ledger", "trezor", "aws", "gcp"].map(|name| format!("portcullis-cli/{name}")).join(",");
    let mut command = tools::cargo(&["clippy", "--workspace", "--all-targets", "--color", "never"]);
    command.args(["--features", &features, "--", "-D", "warnings"]);
    command
}

fn deny() -> Result<()> {
    if tools::probe(tools::cargo(&["deny", "--version"])).is_none() {
        let args = ["install", "--locked", "--version", DENY, "cargo-deny", "--color", "never"];
        stage::must("install cargo-deny", tools::cargo(&args))?;
    }
    let args = ["deny", "--color", "never", "check", "bans", "licenses", "sources"];
    stage::must("cargo deny", tools::cargo(&args)).map(drop)
}
