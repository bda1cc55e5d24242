//! `status` and `drift`: what is on the chain, and what of it is not as the file says.

use super::diff;
use crate::config::Place;
use crate::exit::Exit;
use crate::output::{Output, talk};
use crate::overview::Overview;
use crate::policy_file;
use clap::Args;
use eyre::{Result, bail};
use serde_json::json;
use std::thread::sleep;
use std::time::Duration;

// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    place: Place,
    /// Follow the chain, and print it again with every new block
    #[arg(long)]
    watch: bool,
    /// How often to look for a new block
    #[arg(long, value_name = "SECONDS", default_value_t = 5, requires = "watch")]
    every: u64,
    /// Markdown, for a pull request
    #[arg(long)]
    markdown: bool,
}

// Arguments of `drift`.
#[derive(Debug, Args)]
pub(crate) struct Drift {
    #[command(flatten)]
    place: Place,
    /// Markdown, for a pull request
    #[arg(long)]
    markdown: bool,
}

impl Status {
    /// Ends with 2 where a policy file is named and the chain differs from it.
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let settings = self.place.settings()?;
        let mut seen = Overview::read(&settings)?;
        loop {
            output.result(|| text(&seen, self.markdown), seen.json())?;
            if !self.watch {
                return Ok(exit(&seen));
            }
            let shown = seen.block.hash;
            while seen.block.hash == shown {
                sleep(Duration::from_secs(self.every));
                match Overview::read(&settings) {
                    Ok(next) => seen = next,
                    Err(error) => talk(format!("{error:#}")),
                }
            }
        }
    }
}

impl Drift {
    /// Ends with 2 where the chain differs from the policy file.
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let settings = self.place.settings()?;
        let Some(path) = &settings.policy else {
            bail!("no policy is named: give --policy FILE");
        };
        let seen = Overview::read(&settings)?;
        let drift = seen.drift.clone().unwrap_or_default();
        let mut lines = drift.clone();
        if let (Some(active), false) = (&seen.policy, drift.is_empty()) {
            let file = policy_file::read(path)?;
            match portcullis_policy::diff(active, &file) {
                Ok(differences) if differences.is_empty() => {}
                Ok(differences) => lines.push(format!("what the file changes:\n{}", diff::text(&differences))),
                Err(error) => lines.push(format!("what the file changes cannot be told: {error}")),
            }
        }
        let text = || match (lines.is_empty(), self.markdown) {
            (true, _) => "file and chain agree".to_owned(),
            (false, false) => lines.join("\n"),
            (false, true) => {
                let lines = lines.iter().map(|line| format!("- {}", line.replace('\n', "\n  ")));
                format!("### Drift\n\n{}", lines.collect::<Vec<_>>().join("\n"))
            }
        };
        output.result(text, json!({ "safe": seen.account.safe.address, "block": seen.block, "drift": drift }))?;
        Ok(exit(&seen))
    }
}

fn exit(seen: &Overview) -> Exit {
    if seen.drift.as_ref().is_some_and(|drift| !drift.is_empty()) { Exit::Changed } else { Exit::Done }
}

fn text(seen: &Overview, markdown: bool) -> String {
    let section = |(heading, lines): (&str, Vec<String>)| {
        if markdown {
            let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
            return format!("### {heading}\n\n{}\n", lines.join("\n"));
        }
        let line = |(index, line): (usize, &String)| format!("{:16}{line}", if index == 0 { heading } else { "" });
        lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
    };
    seen.sections().into_iter().map(section).collect::<Vec<_>>().join("\n")
}
