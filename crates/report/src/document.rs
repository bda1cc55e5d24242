//! A report as something to read: sections of words, before any format.

use crate::{Call, Transfer, Untrusted};

/// A piece of a line.
#[derive(Clone, Debug)]
pub(crate) enum Span {
    /// This crate's own words.
    Words(String),
    /// An address, a hash or a number: to the letter.
    Exact(String),
    /// Somebody else's words: set apart and escaped by every format.
    Quoted(Untrusted),
}

/// A line of it.
pub(crate) type Line = Vec<Span>;

/// What a section holds.
#[derive(Debug)]
pub(crate) enum Block<'a> {
    /// Names and values.
    Facts(Vec<(&'static str, Line)>),
    /// One below the other.
    List(Vec<Line>),
    /// Rows of columns.
    Table(&'static str, Vec<&'static str>, Vec<Vec<Line>>),
    /// Calls within calls: each with its line and what stands below it.
    Calls(Vec<(&'a Call, Line, Vec<Line>)>),
    /// Who gives what to whom.
    Picture(&'a [Transfer]),
}

/// A part of a report.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) title: &'static str,
    pub(crate) blocks: Vec<Block<'a>>,
}

/// How loud the conclusion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Alarm,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    pub(crate) tone: Tone,
    /// In a word.
    pub(crate) word: &'static str,
    /// In a sentence.
    pub(crate) sentence: &'static str,
    pub(crate) sections: Vec<Section<'a>>,
}

pub(crate) fn words(text: impl Into<String>) -> Span {
    Span::Words(text.into())
}

pub(crate) fn exact(text: impl ToString) -> Span {
    Span::Exact(text.to_string())
}

pub(crate) fn quoted(text: &Untrusted) -> Span {
    // Nothing said is something to see.
    Span::Quoted(if text.as_str().is_empty() { "(empty)".into() } else { text.clone() })
}

/// As plain text.
pub(crate) fn plain(line: &Line) -> String {
    let spans = line.iter().map(|span| match span {
        Span::Words(text) | Span::Exact(text) => text.as_str(),
        Span::Quoted(text) => text.as_str(),
    });
    spans.collect::<Vec<_>>().join(" ")
}
