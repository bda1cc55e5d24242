//! A report, or several in order, as one page of HTML: no script, nothing from elsewhere. maud escapes every text.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::document::{Block, Document, Line, Section, Span, Tone};
use crate::picture::picture;
use crate::show::document;
use crate::{Call, Report};

/// Nested deeper, browsers stop nesting.
const DEEPEST: u32 = 64;

/// The report as a page to open in a browser, to print, or to attach.
#[must_use]
pub fn html(report: &Report) -> String {
    html_series(std::slice::from_ref(report))
}

/// Reports of requests that ran one after the other, on one page.
#[must_use]
pub fn html_series(reports: &[Report]) -> String {
    let documents: Vec<_> = reports.iter().map(|report| (report, document(report))).collect();
    let title = match &documents[..] {
        [(report, only)] => format!("{}: Safe {}", only.word, report.safe.address),
        several => {
            let safe = several.first().map(|(report, _)| format!(": Safe {}", report.safe.address));
            format!("{} requests in order{}", several.len(), safe.unwrap_or_default())
        }
    };
    let is_series = documents.len() > 1;
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                // Nothing in this page may ask anybody for anything, whatever gets into it.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(include_str!("report.css"))) }
            }
            body {
                @if is_series {
                    nav aria-label="Requests" {
                        ol { @for (index, (_, one)) in documents.iter().enumerate() {
                            li { a href={ "#request-" (index + 1) } { (one.word) ": " (one.sentence) } }
                        } }
                    }
                }
                @for (index, (report, one)) in documents.iter().enumerate() {
                    (article(report, one, is_series.then_some((index + 1, documents.len()))))
                }
            }
        }
    };
    page.into_string() + "\n"
}

/// One report; of several, with its number.
fn article(report: &Report, document: &Document<'_>, number: Option<(usize, usize)>) -> Markup {
    let class = match document.tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Alarm => "alarm",
    };
    markup! {
        header class=(class) id=[number.map(|(number, _)| format!("request-{number}"))] {
            p class="tool" {
                "Portcullis simulation report"
                @if let Some((number, all)) = number { ", request " (number) " of " (all) }
            }
            h1 { (document.word) }
            p { (document.sentence) }
        }
        main {
            @for section in &document.sections { (part(section, report)) }
        }
    }
}

fn part(section: &Section<'_>, report: &Report) -> Markup {
    markup! {
        section {
            h2 { (section.title) }
            @for block in &section.blocks { (shown(block, report)) }
        }
    }
}

fn shown(block: &Block<'_>, report: &Report) -> Markup {
    match block {
        Block::Facts(facts) => markup! {
            dl { @for (name, value) in facts { div { dt { (name) } dd { (line(value)) } } } }
        },
        Block::List(lines) => markup! { ul { @for one in lines { li { (line(one)) } } } },
        Block::Table(title, _, rows) if rows.is_empty() => markup! { p { (title) ": nothing." } },
        Block::Table(title, head, rows) => markup! {
            div class="wide" tabindex="0" {
                table {
                    caption { (title) }
                    thead { tr { @for name in head { th scope="col" { (name) } } } }
                    tbody {
                        @for row in rows {
                            // Where there is no room for columns, each cell says what it is.
                            tr { @for (cell, name) in row.iter().zip(head) { td data-name=(name) { (line(cell)) } } }
                        }
                    }
                }
            }
        },
        Block::Calls(calls) => tree(calls),
        Block::Picture(transfers) => picture(transfers, report),
    }
}

fn line(line: &Line) -> Markup {
    markup! {
        @for (index, span) in line.iter().enumerate() {
            @if index > 0 { " " }
            @match span {
                Span::Words(text) => (text),
                Span::Exact(text) => code { (text) },
                // Apart from the text around it, whatever direction its letters have.
                Span::Quoted(text) => bdi class="said" { (text) },
            }
        }
    }
}

/// Calls within calls, which fold.
fn tree(calls: &[(&Call, Line, Vec<Line>)]) -> Markup {
    let mut html = String::from("<div class=\"tree\">");
    let mut open = 0_u32;
    for (call, head, below) in calls {
        let depth = call.depth.min(DEEPEST);
        while open > depth {
            html.push_str("</details>");
            open = open.saturating_sub(1);
        }
        let class = if call.undone { "undone" } else { "done" };
        let lines = markup! {
            summary { @if call.depth > DEEPEST { "depth " (call.depth) ": " } (line(head)) }
            @for one in below { p { (line(one)) } }
        };
        html.push_str(&format!("<details open class=\"{class}\">{}", lines.0));
        open = open.saturating_add(1);
    }
    for _ in 0..open {
        html.push_str("</details>");
    }
    html.push_str("</div>");
    PreEscaped(html)
}
