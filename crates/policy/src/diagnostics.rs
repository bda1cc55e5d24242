//! What is wrong with a document, where, and what to write instead.

use std::{fmt, ops::Range};

/// One step into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSegment {
    /// A key of a table.
    Key(String),
    /// A position in an array, from 0.
    Index(usize),
}

impl From<&str> for PathSegment {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<&String> for PathSegment {
    fn from(key: &String) -> Self {
        Self::Key(key.clone())
    }
}

impl From<usize> for PathSegment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// The steps to a value, each a key or an index.
macro_rules! steps {
    ($($segment:expr),* $(,)?) => { vec![$($crate::PathSegment::from($segment)),*] };
}
pub(crate) use steps;

/// The steps to a value within another, whose steps come first.
macro_rules! below {
    ($base:expr, $($segment:expr),* $(,)?) => {
        $base.iter().cloned().chain([$($crate::PathSegment::from($segment)),*]).collect::<Vec<$crate::PathSegment>>()
    };
}
pub(crate) use below;

/// Something wrong with a policy, located by its path rather than by a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub path: Vec<PathSegment>,
    /// Whether the last key is at fault, rather than its value.
    pub on_key: bool,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Problem {
    pub(crate) fn new(path: Vec<PathSegment>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { path, on_key: false, message: message.into(), help: help.into() }
    }

    pub(crate) fn on_key(mut self) -> Self {
        self.on_key = true;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.path.iter().enumerate() {
            match segment {
                PathSegment::Key(key) if position == 0 => f.write_str(key)?,
                PathSegment::Key(key) => write!(f, ".{key}")?,
                PathSegment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        write!(f, ": {}; {}", self.message, self.help)
    }
}

/// Something wrong at a place in a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    /// The file's name as given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// The line, and how many of its characters are at fault.
    #[serde(skip)]
    excerpt: (String, usize),
}

/// Everything wrong with a document, in the order of its lines; never empty.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl std::error::Error for Diagnostics {}

impl Diagnostics {
    /// The single diagnostics.
    #[must_use]
    pub fn items(&self) -> &[Diagnostic] {
        &self.0
    }

    /// These, then those of another file.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others);
        self
    }

    /// Places each `(span, message, help)` in its file.
    pub(crate) fn new(file: &str, text: &str, found: Vec<(Range<usize>, String, String)>) -> Self {
        let mut items: Vec<_> = found
            .into_iter()
            .map(|(span, message, help)| {
                let (line, column, excerpt) = locate(text, span);
                Diagnostic { file: file.to_owned(), line, column, message, help, excerpt }
            })
            .collect();
        items.sort_by_key(|item| (item.line, item.column));
        items.dedup();
        Self(items)
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, item) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{item}")?;
        }
        Ok(())
    }
}

/// How many characters of a long line are shown before the fault.
const CONTEXT: usize = 60;
/// How many characters of a line are shown.
const WIDTH: usize = 120;

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "error")
    }
}

impl Diagnostic {
    /// The same under another word than `error`.
    pub fn titled<'a>(&'a self, word: &'a str) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| self.write(f, word))
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
        let (line, length) = (&self.excerpt.0, self.excerpt.1);
        let before = self.column.saturating_sub(1);
        let skip = if line.chars().count() > WIDTH { before.saturating_sub(CONTEXT) } else { 0 };
        let shown: String = line.chars().skip(skip).take(WIDTH).map(printable).collect();
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = before.saturating_sub(skip);
        let carets = length.clamp(1, WIDTH.saturating_sub(indent).max(1));
        writeln!(f, "{word}: {}", printable_text(&self.message))?;
        writeln!(f, "{margin}--> {}:{}:{}", printable_text(&self.file), self.line, self.column)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", shown.trim_end())?;
        writeln!(f, "{margin} | {}{}", " ".repeat(indent), "^".repeat(carets))?;
        write!(f, "{margin} = help: {}", printable_text(&self.help))
    }
}

/// Line, column, the line's text and the length of the fault on it.
fn locate(text: &str, span: Range<usize>) -> (usize, usize, (String, usize)) {
    let start = floor(text, span.start);
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let rest = text.get(line_start..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
    let number = before.matches('\n').count().saturating_add(1);
    let column = text.get(line_start..start).unwrap_or_default().chars().count().saturating_add(1);
    let fault = text.get(start..floor(text, span.end).max(start)).unwrap_or_default();
    let length = fault.split('\n').next().unwrap_or_default().trim_end().chars().count();
    (number, column, (line.to_owned(), length))
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A document must not drive the terminal that shows it.
fn printable(letter: char) -> char {
    if letter == '\t' {
        ' '
    } else if letter.is_control() {
        char::REPLACEMENT_CHARACTER
    } else {
        letter
    }
}

fn printable_text(text: &str) -> String {
    text.chars().map(printable).collect()
}
