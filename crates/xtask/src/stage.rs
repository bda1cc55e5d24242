//! One step of a long run: a live line with the elapsed time, the whole output in a log, its tail on failure.

use crate::tools::root;
use eyre::{Result, WrapErr, bail};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// Lines shown when a stage fails.
const TAIL: usize = 80;
/// How often a stage without a terminal says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The live lines of all stages that run at once.
static LIVE: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// How a stage ended, with everything it printed.
pub(crate) struct Outcome {
    pub(crate) passed: bool,
    pub(crate) lines: Vec<String>,
}

/// Runs a command as a stage. An error means that it could not be started; a failure is an outcome.
pub(crate) fn run(name: &str, mut command: Command) -> Result<Outcome> {
    let logs = root().join("target/xtask");
    std::fs::create_dir_all(&logs).wrap_err("cannot create target/xtask")?;
    let file = format!("{}.log", name.replace([' ', '/'], "-"));
    let mut log = File::create(logs.join(&file)).wrap_err("cannot write a log in target/xtask")?;

    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .wrap_err_with(|| format!("cannot start `{}`", command.get_program().to_string_lossy()))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender);
    }

    let live = live_line(name);
    let mut heard = Instant::now();
    let mut lines: Vec<String> = Vec::new();
    loop {
        match receiver.recv_timeout(Duration::from_millis(200)) {
            Ok(line) => {
                writeln!(log, "{line}").wrap_err("cannot write a log in target/xtask")?;
                if !line.trim().is_empty() {
                    live.set_message(line.trim().chars().take(90).collect::<String>());
                }
                lines.push(line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if live.is_hidden() && heard.elapsed() >= HEARTBEAT {
            heard = Instant::now();
            let last = lines.iter().rev().find(|line| !line.trim().is_empty());
            eprintln!("  {name}: {} s, {}", started.elapsed().as_secs(), last.map_or("", |line| line.trim()));
        }
    }
    let passed = child.wait().wrap_err("cannot wait for a command")?.success();
    live.finish_and_clear();
    let mark = if passed { "ok  " } else { "FAIL" };
    LIVE.suspend(|| {
        eprintln!("{mark} {name} ({:.1} s)", started.elapsed().as_secs_f64());
        if !passed {
            let skip = lines.len().saturating_sub(TAIL);
            for line in lines.iter().skip(skip) {
                eprintln!("    {line}");
            }
            eprintln!("    (all of it: target/xtask/{file})");
        }
    });
    Ok(Outcome { passed, lines })
}

/// Runs a command as a stage that must pass.
pub(crate) fn must(name: &str, command: Command) -> Result<Vec<String>> {
    let outcome = run(name, command)?;
    if !outcome.passed {
        bail!("{name} failed");
    }
    Ok(outcome.lines)
}

fn forward(stream: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
}

fn live_line(name: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        eprintln!(".... {name}");
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let bar = LIVE.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} [{elapsed}] {wide_msg:.dim}") {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
