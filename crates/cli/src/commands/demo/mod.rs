//! `demo`: a treasury's day on real Safes, every verdict twice.

mod day;
mod table;

use crate::embedded::Local;
use crate::exit::Exit;
use crate::output::{Output, paint, talk};
use crate::{policy_file, site};
use alloy_primitives::U256;
use anstyle::AnsiColor;
use clap::Args;
use day::Day;
use eyre::Result;
use indicatif::{ProgressBar, ProgressStyle};
use portcullis_chain::safe::Version;
use portcullis_chain::{Ledger, Node};
use portcullis_policy::Policy;
use portcullis_simulate::Embedded;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The Safes that are played on: the last without a module guard, and the first with one.
const SAFES: [Version; 2] = [Version::V1_4_1, Version::V1_5_0];
/// The embedded chain counts as Ethereum.
const CHAIN_ID: u64 = 1;

// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Play on this node, made for tests (anvil), instead of the embedded chain
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
    /// The policy to install, for the demo's own Safe and token
    #[arg(long, value_name = "FILE", default_value = "examples/treasury/policy.toml")]
    policy: PathBuf,
    /// Where npm put Safe's contracts
    #[arg(long, value_name = "DIR", default_value = "node_modules")]
    artifacts: PathBuf,
}

/// One step of the day.
#[derive(Debug)]
struct Step {
    safe: Version,
    step: String,
    rule: String,
    chain: &'static str,
    rust: &'static str,
    reason: String,
    gas: u64,
    /// Whether chain and mirror agree on verdict, reason, rule, effect and values.
    agree: bool,
}

impl Demo {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let policy = policy_file::read(&self.policy)?;
        let steps = match &self.rpc {
            Some(url) => {
                let mut keys = site::owner_keys()?;
                keys.push(site::known_key(day::MODULE)?);
                let mut node = Node::connect(url, keys)?;
                node.put_singleton_factory()?;
                play(&mut node, &policy, &self.artifacts)?
            }
            None => play(&mut Local(Embedded::new(CHAIN_ID)), &policy, &self.artifacts)?,
        };
        let rows: Vec<Value> = steps
            .iter()
            .map(|step| {
                json!({
                    "safe": step.safe.as_str(), "step": step.step, "rule": step.rule, "chain": step.chain,
                    "rust": step.rust, "reason": step.reason, "gas": step.gas,
                })
            })
            .collect();
        output.result(|| table::draw(&steps), json!({ "steps": rows }))?;

        let differing = steps.iter().filter(|step| !step.agree || step.chain != step.rust).count();
        if differing > 0 {
            talk(paint(
                format!("{differing} of {} steps: the chain and the mirror disagree", steps.len()),
                AnsiColor::Red,
            ));
            return Ok(Exit::Disagree);
        }
        talk(format!("{} steps: the chain and the mirror agree on every one", steps.len()));
        Ok(Exit::Done)
    }
}

fn play(ledger: &mut dyn Ledger, policy: &Policy, node_modules: &Path) -> Result<Vec<Step>> {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} [{elapsed}]") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let mut steps = Vec::new();
    for version in SAFES {
        bar.set_prefix(format!("Safe {version}"));
        // A node may have been played on before; another salt makes another Safe.
        let salt = U256::from(ledger.now()?);
        let mut day = Day::prepare(ledger, policy, node_modules, version, salt, &bar)?;
        day.play()?;
        steps.extend(day.steps);
    }
    bar.finish_and_clear();
    Ok(steps)
}
