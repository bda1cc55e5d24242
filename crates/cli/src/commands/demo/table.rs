//! The demo's table.

use super::Step;
use anstream::ColorChoice;
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, presets};

/// One row a step; verdicts in colour only where a person reads.
pub(super) fn draw(steps: &[Step]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    table.set_header(["Safe", "step", "rule", "chain", "rust", "gas", "reason"]);
    if anstream::AutoStream::choice(&std::io::stdout()) == ColorChoice::Never {
        table.force_no_tty();
    } else {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    let mut before = None;
    for step in steps {
        // The version once, where it begins.
        let safe = if before == Some(step.safe) { String::new() } else { step.safe.to_string() };
        before = Some(step.safe);
        table.add_row([
            Cell::new(safe),
            Cell::new(&step.step),
            Cell::new(&step.rule),
            verdict(step.chain),
            verdict(step.rust),
            Cell::new(step.gas).set_alignment(CellAlignment::Right),
            Cell::new(&step.reason),
        ]);
    }
    table.trim_fmt()
}

fn verdict(word: &str) -> Cell {
    Cell::new(word).fg(if word == "allow" { Color::Green } else { Color::Red })
}
