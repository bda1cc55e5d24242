//! Lines laid out.

use super::syntax::{Entry, Group, Line, Value};

/// The longest line that a value is kept on.
const WIDTH: usize = 120;
const STEP: usize = 2;

pub(super) fn document(lines: &[Line<'_>]) -> String {
    let mut text = String::new();
    // Whether a blank line was asked for since the last line that is printed.
    let mut gap = false;
    let mut after_header = true;
    let mut after_comment = false;
    let mut rest = lines;
    while let Some((line, more)) = rest.split_first() {
        let (gap_before, printed, used) = match line {
            Line::Blank => {
                gap = !after_header;
                rest = more;
                continue;
            }
            Line::Comment(comment) => (gap || (!after_comment && leads_to_header(rest)), (*comment).to_owned(), 1),
            Line::Header(header, comment) => (gap || !after_comment, format!("{header}{}", behind(*comment)), 1),
            Line::Entry(_) => {
                let run: Vec<&Entry<'_>> = rest.iter().map_while(entry).collect();
                let width = run.iter().map(|entry| key_width(entry)).max().unwrap_or(0);
                let printed: Vec<String> = run.iter().map(|entry| top_level(entry, width)).collect();
                (gap, printed.join("\n"), run.len())
            }
        };
        if gap_before && !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&printed);
        text.push('\n');
        gap = false;
        after_header = matches!(line, Line::Header(..));
        after_comment = matches!(line, Line::Comment(_));
        rest = rest.get(used..).unwrap_or_default();
    }
    text
}

const fn entry<'a, 'b>(line: &'b Line<'a>) -> Option<&'b Entry<'a>> {
    if let Line::Entry(entry) = line { Some(entry) } else { None }
}

/// Whether these comments stand right above a header, and so belong to it: the first of them takes the blank line.
fn leads_to_header(rest: &[Line<'_>]) -> bool {
    let mut after = rest.iter().skip_while(|line| matches!(line, Line::Comment(_)));
    matches!(after.next(), Some(Line::Header(..)))
}

fn behind(comment: Option<&str>) -> String {
    comment.map_or_else(String::new, |comment| format!(" {comment}"))
}

fn key_width(entry: &Entry<'_>) -> usize {
    entry.key.as_ref().map_or(0, |key| key.chars().count())
}

fn top_level(entry: &Entry<'_>, width: usize) -> String {
    let key = format!("{:width$} = ", entry.key.as_deref().unwrap_or_default());
    let value = value(&entry.value, 0, key.chars().count());
    format!("{key}{value}{}", behind(entry.after))
}

/// A value that begins in this column and whose further lines are indented by so much.
fn value(value: &Value<'_>, indent: usize, column: usize) -> String {
    let short = if has_comments(value) { None } else { Some(one_line(value)) };
    match (short, value) {
        (Some(short), _) if column.saturating_add(short.chars().count()) <= WIDTH => short,
        (None, Value::Table(group)) => lines('{', group, '}', indent),
        (Some(_), Value::Table(group)) => broken_table(group, indent, column),
        (_, Value::Array(group)) if !is_empty(group) => lines('[', group, ']', indent),
        (short, _) => short.unwrap_or_default(),
    }
}

const fn is_empty(group: &Group<'_>) -> bool {
    group.entries.is_empty() && group.end.is_empty()
}

fn has_comments(value: &Value<'_>) -> bool {
    let (Value::Array(group) | Value::Table(group)) = value else { return false };
    let entries = &group.entries;
    !group.end.is_empty()
        || entries.iter().any(|entry| !entry.before.is_empty() || entry.after.is_some() || has_comments(&entry.value))
}

fn one_line(value: &Value<'_>) -> String {
    let join = |group: &Group<'_>| {
        let all = group.entries.iter().map(|entry| format!("{}{}", name(entry), one_line(&entry.value)));
        all.collect::<Vec<_>>().join(", ")
    };
    match value {
        Value::Scalar(text) => (*text).to_owned(),
        Value::Array(group) => format!("[{}]", join(group)),
        Value::Table(group) if group.entries.is_empty() => "{}".to_owned(),
        Value::Table(group) => format!("{{ {} }}", join(group)),
    }
}

fn name(entry: &Entry<'_>) -> String {
    entry.key.as_ref().map_or_else(String::new, |key| format!("{key} = "))
}

/// One entry per line.
fn lines(open: char, group: &Group<'_>, close: char, indent: usize) -> String {
    let inner = indent.saturating_add(STEP);
    let margin = " ".repeat(inner);
    let mut text = format!("{open}\n");
    for entry in &group.entries {
        for comment in &entry.before {
            text.push_str(&format!("{margin}{comment}\n"));
        }
        let name = name(entry);
        let value = value(&entry.value, inner, inner.saturating_add(name.chars().count()));
        text.push_str(&format!("{margin}{name}{value},{}\n", behind(entry.after)));
    }
    for comment in &group.end {
        text.push_str(&format!("{margin}{comment}\n"));
    }
    text.push_str(&format!("{}{close}", " ".repeat(indent)));
    text
}

/// An inline table that is too long for its line, without comments: its longest arrays, or those of its tables, are
/// laid out one value per line until every line fits.
fn broken_table(group: &Group<'_>, indent: usize, column: usize) -> String {
    let mut broken = vec![false; group.entries.len()];
    loop {
        let fields = group.entries.iter().zip(&broken).map(|(entry, is_broken)| {
            let value = match &entry.value {
                Value::Array(array) if *is_broken => lines('[', array, ']', indent),
                Value::Table(table) if *is_broken => broken_table(table, indent, WIDTH),
                other => one_line(other),
            };
            format!("{}{value}", name(entry))
        });
        let text = format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "));
        let fits = text.lines().enumerate().all(|(number, line)| {
            let before = if number == 0 { column } else { 0 };
            before.saturating_add(line.chars().count()) <= WIDTH
        });
        let left =
            group.entries.iter().zip(&mut broken).filter(|(entry, is_broken)| !**is_broken && breaks(&entry.value));
        let longest = left.max_by_key(|(entry, _)| one_line(&entry.value).chars().count());
        match longest {
            Some((_, is_broken)) if !fits => *is_broken = true,
            _ => return text,
        }
    }
}

/// Whether a value can take more than one line.
fn breaks(value: &Value<'_>) -> bool {
    match value {
        Value::Scalar(_) => false,
        Value::Array(group) => !group.entries.is_empty(),
        Value::Table(group) => group.entries.iter().any(|entry| breaks(&entry.value)),
    }
}
