//! What is told of a backtest.

use crate::exit::Exit;
use crate::output::{Output, talk};
use crate::units;
use anstream::ColorChoice;
use comfy_table::{Cell, Color, ContentArrangement, LineStyle, Table, presets};
use eyre::Result;
use portcullis_replay::Change;
use serde_json::{Value, json};

/// The most rows of the table that people read.
const ROWS: usize = 100;

/// The verdict's word and why, before and after.
pub(super) struct Told {
    pub(super) before: (&'static str, String),
    pub(super) after: (&'static str, String),
}

/// What came of every request.
pub(super) struct Report {
    tells_all: bool,
    counts: [(Change, u64); 4],
    span: Option<(u64, u64)>,
    rows: Vec<(u64, u64, Change, Told)>,
}

impl Report {
    pub(super) const fn new(tells_all: bool) -> Self {
        let counts = [(Change::Same, 0), (Change::Looser, 0), (Change::Stricter, 0), (Change::Indeterminate, 0)];
        Self { tells_all, counts, span: None, rows: Vec::new() }
    }

    pub(super) fn count(&mut self, line: u64, at: u64, change: Change, told: impl FnOnce() -> Told) {
        for (which, count) in &mut self.counts {
            *count += u64::from(*which == change);
        }
        self.span = Some((self.span.map_or(at, |(from, _)| from), at));
        if self.tells_all || change != Change::Same {
            self.rows.push((line, at, change, told()));
        }
    }

    fn total(&self, wanted: Change) -> u64 {
        self.counts.iter().filter(|(change, _)| *change == wanted).map(|(_, count)| count).sum()
    }

    pub(super) fn print(&self, output: &Output) -> Result<Exit> {
        let rows = self.rows.iter().map(|(line, at, change, told)| {
            let side = |(verdict, why): &(&str, String)| json!({ "verdict": verdict, "why": why });
            json!({
                "line": line, "at": at, "change": word(*change), "before": side(&told.before),
                "after": side(&told.after),
            })
        });
        let summary: serde_json::Map<String, Value> =
            self.counts.iter().map(|(change, count)| (word(*change).to_owned(), json!(count))).collect();
        let rows = if output.json { rows.collect() } else { Vec::new() };
        output.result(|| self.text(), json!({ "summary": summary, "requests": rows }))?;
        let hidden = self.rows.len().saturating_sub(ROWS);
        if hidden > 0 && !output.json {
            talk(format!("{hidden} more; --json tells them all"));
        }
        Ok(if self.total(Change::Looser) + self.total(Change::Stricter) > 0 {
            Exit::Changed
        } else if self.total(Change::Indeterminate) > 0 {
            Exit::Undecided
        } else {
            Exit::Done
        })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if !self.rows.is_empty() {
            text.push_str(&self.table());
            text.push_str("\n\n");
        }
        let requests: u64 = self.counts.iter().map(|(_, count)| count).sum();
        text.push_str(&format!("{requests} requests"));
        if let Some((from, to)) = self.span {
            text.push_str(&format!(", {} to {}", units::time(from), units::time(to)));
        }
        for (change, count) in self.counts {
            text.push_str(&format!("\n  {:<13} {count}", word(change)));
        }
        text
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
        table.set_header(["line", "time", "change", "before", "after"]);
        if anstream::AutoStream::choice(&std::io::stdout()) == ColorChoice::Never {
            table.force_no_tty();
        } else {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        for (line, at, change, told) in self.rows.iter().take(ROWS) {
            let side = |(verdict, why): &(&str, String)| Cell::new(format!("{verdict}: {why}"));
            table.add_row([
                Cell::new(line),
                Cell::new(units::time(*at)),
                Cell::new(word(*change)).fg(colour(*change)),
                side(&told.before),
                side(&told.after),
            ]);
        }
        table.trim_fmt()
    }
}

const fn word(change: Change) -> &'static str {
    match change {
        Change::Same => "same",
        Change::Looser => "looser",
        Change::Stricter => "stricter",
        Change::Indeterminate => "indeterminate",
    }
}

/// Looser is what a reviewer looks at first.
const fn colour(change: Change) -> Color {
    match change {
        Change::Same => Color::Reset,
        Change::Looser => Color::Red,
        Change::Stricter => Color::Yellow,
        Change::Indeterminate => Color::Cyan,
    }
}
