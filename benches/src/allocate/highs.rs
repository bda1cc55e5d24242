//! HiGHS, in a Python process of its own that lives as long as the value.

use super::linear::Program;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// A Python with `highspy`, which `cargo xtask bench allocate` names.
const PYTHON: &str = "PORTCULLIS_HIGHS_PYTHON";

/// The process, and how long HiGHS itself worked in it.
pub(crate) struct Highs {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(crate) worked: Duration,
}

impl Highs {
    /// Starts it.
    pub(crate) fn start() -> Result<Self> {
        let python = std::env::var_os(PYTHON).ok_or_else(|| eyre!("{PYTHON} names no Python that has highspy"))?;
        let mut command = Command::new(python);
        command.args(["-c", include_str!("highs.py")]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().wrap_err("its Python does not start")?;
        let questions = child.stdin.take().ok_or_else(|| eyre!("its Python has no input"))?;
        let answers = BufReader::new(child.stdout.take().ok_or_else(|| eyre!("its Python has no output"))?);
        let mut highs = Self { child, questions, answers, worked: Duration::ZERO };
        let first = highs.answer().wrap_err("its Python has no highspy")?;
        eprintln!("HiGHS {}", first["version"].as_str().unwrap_or("of an unknown version"));
        Ok(highs)
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("it ended");
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Solves a program; what it takes to tell it there and back is not counted.
    pub(crate) fn solve(&mut self, program: &Program) -> Result<Vec<f64>> {
        let mut rows = vec![Vec::new(); program.bounds.len()];
        for (row, column, factor) in &program.places {
            rows[*row].push((*column, *factor));
        }
        let (mut starts, mut columns, mut factors) = (vec![0], Vec::new(), Vec::new());
        for row in rows {
            for (column, factor) in row {
                columns.push(column);
                factors.push(factor);
            }
            starts.push(columns.len());
        }
        let question = json!({
            "cost": program.cost, "bounds": program.bounds, "starts": starts, "columns": columns, "factors": factors,
        });
        writeln!(self.questions, "{question}")?;
        self.questions.flush()?;
        let answer = self.answer()?;
        if answer["status"] != "Optimal" {
            bail!("highs: {}", answer["status"]);
        }
        let seconds = answer["seconds"].as_f64().ok_or_else(|| eyre!("highs tells no time"))?;
        self.worked += Duration::from_secs_f64(seconds);
        let amounts = answer["x"].as_array().ok_or_else(|| eyre!("highs tells no solution"))?;
        amounts.iter().map(|amount| amount.as_f64().ok_or_else(|| eyre!("highs tells no number"))).collect()
    }
}

impl Drop for Highs {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
