//! `backtest`: what a policy would have changed of the past.

mod report;
mod side;

use crate::exit::Exit;
use crate::history::{self, Event, Line, PastRequest};
use crate::output::Output;
use crate::tx_file;
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use indicatif::{ProgressBar, ProgressStyle};
use portcullis_bindings::safe::{MULTI_SEND_1_4_1, MULTI_SEND_CALL_ONLY_1_4_1};
use portcullis_chain::deploy;
use portcullis_eval::{Action, Request};
use portcullis_replay::{Facts, compare};
use report::{Report, Told};
use side::Side;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

/// Lines between two looks at the progress bar.
const STEP: u64 = 4_096;
/// The longest line that is read.
const LONGEST: u64 = 16 * 1024 * 1024;

// Arguments of `backtest`.
#[derive(Debug, Args)]
pub(crate) struct Backtest {
    /// The policy to try, in TOML or JSON
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The policy to compare with; what happened, if left out
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Past requests: JSON, one object per line, in the order of time
    #[arg(long, value_name = "FILE")]
    history: PathBuf,
    /// Where the hook is, which requests may call; where every release puts it, if left out
    #[arg(long, value_name = "ADDRESS")]
    hook: Option<String>,
    /// Tell every request, also what stays the same
    #[arg(long)]
    all: bool,
}

impl Backtest {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let hook = self.hook.as_deref().map(|text| tx_file::address(text).wrap_err("--hook")).transpose()?;
        let hook = hook.unwrap_or_else(deploy::hook_at);
        let after = Side::load(&self.policy, hook)?;
        let before = self.against.as_deref().map(|path| Side::load(path, hook)).transpose()?;
        if before.as_ref().is_some_and(|before| before.account != after.account) {
            bail!("the two policies are for different accounts: compare policies of one");
        }
        let mut replay = Replay { before, after, facts: Facts::default(), report: Report::new(self.all) };
        let shown = self.history.display();
        let file = File::open(&self.history).wrap_err_with(|| format!("cannot read `{shown}`"))?;
        let bar = bar(file.metadata().map_or(0, |metadata| metadata.len()));
        let outcome = replay.read(BufReader::with_capacity(1 << 20, file), &bar);
        bar.finish_and_clear();
        outcome.wrap_err_with(|| shown.to_string())?;
        replay.report.print(output)
    }
}

fn bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template("replaying {wide_bar} {bytes}/{total_bytes} [{elapsed}]") {
        bar.set_style(style);
    }
    bar
}

/// The past, under one policy and under another.
struct Replay {
    /// None where what happened is compared with.
    before: Option<Side>,
    after: Side,
    facts: Facts,
    report: Report,
}

impl Replay {
    fn read(&mut self, mut lines: impl BufRead, bar: &ProgressBar) -> Result<()> {
        let mut line = String::new();
        let (mut number, mut latest) = (0_u64, 0_u64);
        loop {
            line.clear();
            let size = std::io::Read::take(&mut lines, LONGEST).read_line(&mut line)?;
            if size == 0 {
                return Ok(());
            }
            number += 1;
            bar.inc(size as u64);
            if number.is_multiple_of(STEP) {
                bar.tick();
            }
            if line.trim().is_empty() {
                continue;
            }
            let at = || format!("line {number}");
            let line = history::parse(&line).wrap_err_with(at)?;
            if line.at < latest {
                return Err(eyre!("it is earlier than the line before: sort the history by `at`").wrap_err(at()));
            }
            latest = line.at;
            self.line(number, line);
        }
    }

    fn sides(&mut self) -> impl Iterator<Item = &mut Side> {
        self.before.iter_mut().chain([&mut self.after])
    }

    fn line(&mut self, number: u64, line: Line) {
        let Line { at, event } = line;
        match event {
            Event::Request(past) => self.request(number, at, past),
            Event::Announce(content) => {
                let actions = [top_level(&content.actions)];
                self.sides().for_each(|side| side.world.announce(content.origin, &actions, at));
            }
            Event::Cancel(content) => {
                let actions = [top_level(&content.actions)];
                self.sides().for_each(|side| side.world.cancel(content.origin, &actions));
            }
            Event::Facts(told) => {
                told.code.into_iter().for_each(|(who, hash)| self.facts.code(who, hash));
                told.answers.into_iter().for_each(|(who, data, answer)| self.facts.answer(who, data, answer));
            }
        }
    }

    fn request(&mut self, number: u64, at: u64, past: PastRequest) {
        let initiator = past.content.origin.or(past.initiator);
        let request = Request {
            account: self.after.account,
            origin: past.content.origin,
            initiator: initiator.unwrap_or_default(),
            safe_tx_gas: past.safe_tx_gas,
            gas_price: past.gas_price,
            actions: vec![top_level(&past.content.actions)],
            ..Request::default()
        };
        let is_named = initiator.is_some();
        let after = self.after.ask(&self.facts, &request, is_named, at);
        let before = match &self.before {
            Some(side) => side.ask(&self.facts, &request, is_named, at),
            None => side::Answer::happened(past.happened),
        };
        let change = compare(&before.stance, &after.stance);
        let told = |answer: &side::Answer, side: Option<&Side>| answer.told(side, past.happened);
        self.report.count(number, at, change, || Told {
            before: told(&before, self.before.as_ref()),
            after: told(&after, Some(&self.after)),
        });
        if let Some(side) = &mut self.before {
            side.go_on(&self.facts, before, &request, past.happened, at);
        }
        self.after.go_on(&self.facts, after, &request, past.happened, at);
    }
}

/// The one action that the account executes.
fn top_level(actions: &[Action]) -> Action {
    tx_file::top_level(actions, MULTI_SEND_1_4_1, MULTI_SEND_CALL_ONLY_1_4_1)
}
