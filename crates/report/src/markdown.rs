//! A report as Markdown (GitHub's), for a pull request.

use crate::Report;
use crate::document::{Block, Document, Line, Section, Span, Tone};
use crate::show::document;

/// The report for a pull request or a wiki.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let Document { tone, word, sentence, sections } = document(report);
    let mark = if tone == Tone::Good { "" } else { "⚠ " };
    let mut text = format!("# {mark}{word}\n\n**{sentence}**\n");
    for Section { title, blocks } in sections {
        text.push_str(&format!("\n## {title}\n"));
        for block in &blocks {
            text.push('\n');
            write(block, &mut text);
        }
    }
    text
}

fn write(block: &Block<'_>, text: &mut String) {
    match block {
        Block::Facts(facts) => {
            for (name, value) in facts {
                text.push_str(&format!("- {name}: {}\n", inline(value)));
            }
        }
        Block::List(lines) => lines.iter().for_each(|line| text.push_str(&format!("- {}\n", inline(line)))),
        Block::Table(title, _, rows) if rows.is_empty() => text.push_str(&format!("{title}: nothing.\n")),
        Block::Table(title, head, rows) => {
            text.push_str(&format!("{title}:\n\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len())));
            for row in rows {
                let cells: Vec<_> = row.iter().map(inline).collect();
                text.push_str(&format!("| {} |\n", cells.join(" | ")));
            }
        }
        Block::Calls(calls) => {
            for (call, head, below) in calls {
                let depth = usize::try_from(call.depth).unwrap_or(usize::MAX).min(20);
                let mark = if depth == 20 { format!("[depth {}] ", call.depth) } else { String::new() };
                let below: Vec<_> = below.iter().map(inline).collect();
                let below = if below.is_empty() { String::new() } else { format!(" ({})", below.join("; ")) };
                text.push_str(&format!("{}- {mark}{}{below}\n", "  ".repeat(depth), inline(head)));
            }
        }
        // The rows say the same.
        Block::Picture(_) => {}
    }
}

fn inline(line: &Line) -> String {
    let spans = line.iter().map(|span| match span {
        Span::Words(text) => escaped(text),
        Span::Exact(text) => code(text),
        Span::Quoted(text) => code(text.as_str()),
    });
    spans.filter(|span| !span.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Words of this crate: what would be markup stands as itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '<' | '>' | '|' | '[' | ']' | '#' | '&' | '~') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Set apart so that nothing in it is markup, a link or a mention. What could end a code span or a cell stands as an
/// entity, which no reader takes for structure.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    if !text.contains(['`', '|', '\\', '\n', '\r']) {
        return format!("`{text}`");
    }
    let mut escaped = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || character == ' ' {
            escaped.push(character);
        } else {
            escaped.push_str(&format!("&#{};", u32::from(character)));
        }
    }
    format!("<code>{escaped}</code>")
}
