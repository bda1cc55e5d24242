//! A report as plain text, without colours.

use crate::Report;
use crate::document::{Block, Document, Line, plain};
use crate::show::document;

/// The report for a terminal or a mail.
#[must_use]
pub fn text(report: &Report) -> String {
    let Document { word, sentence, sections, .. } = document(report);
    let mut text = format!("{}\n{sentence}\n", word.to_uppercase());
    for section in sections {
        text.push_str(&format!("\n{}\n{}\n", section.title, "-".repeat(section.title.len())));
        for block in &section.blocks {
            write(block, &mut text);
        }
    }
    text
}

fn write(block: &Block<'_>, text: &mut String) {
    let mut line = |indent: usize, head: &str, line: &Line| {
        let shown = plain(line);
        let shown = [head, shown.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        text.push_str(&format!("{:indent$}{}\n", "", shown.trim_end()));
    };
    match block {
        Block::Facts(facts) => facts.iter().for_each(|(name, value)| line(0, &format!("{name}:"), value)),
        Block::List(lines) => lines.iter().for_each(|one| line(0, "-", one)),
        Block::Table(title, head, rows) => {
            line(0, &format!("{title}:"), &Vec::new());
            for row in rows {
                let mut indent = ("- ", 2);
                for (name, cell) in head.iter().zip(row).filter(|(_, cell)| !plain(cell).trim().is_empty()) {
                    let (bullet, spaces) = indent;
                    line(spaces, &format!("{bullet}{name}:"), cell);
                    indent = ("", 4);
                }
            }
        }
        Block::Calls(calls) => {
            for (call, head, below) in calls {
                let depth = usize::try_from(call.depth).unwrap_or(usize::MAX);
                let (indent, mark) = if depth > 20 { (40, format!("[{depth}]")) } else { (depth * 2, String::new()) };
                line(indent, &mark, head);
                below.iter().for_each(|one| line(indent.saturating_add(4), "", one));
            }
        }
        // The rows say the same.
        Block::Picture(_) => {}
    }
}
