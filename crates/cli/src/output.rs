//! stdout is the result, stderr the talk; colour only where a person reads.

use anstyle::{AnsiColor, Style};
use eyre::{Report, Result, WrapErr};
use portcullis_policy::Diagnostics;
use serde_json::{Value, json};
use std::fmt::Display;

/// The version of every JSON object that this prints.
const FORMAT_VERSION: &str = "1.0";

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON object, instead of text.
    pub(crate) json: bool,
}

impl Output {
    /// Prints the result: text for people, or an object with `format_version`.
    pub(crate) fn result(&self, text: impl FnOnce() -> String, object: Value) -> Result<()> {
        if !self.json {
            anstream::println!("{}", text().trim_end());
            return Ok(());
        }
        let mut result = json!({ "format_version": FORMAT_VERSION });
        if let (Some(result), Value::Object(fields)) = (result.as_object_mut(), object) {
            result.extend(fields);
        }
        let line = serde_json::to_string(&result).wrap_err("the result does not fit in JSON")?;
        anstream::println!("{line}");
        Ok(())
    }
}

/// Says something that is not the result.
pub(crate) fn talk(text: impl Display) {
    anstream::eprintln!("{text}");
}

/// Says what went wrong: a policy's faults as they point into the file, anything else in one line.
pub(crate) fn error(report: &Report, at_length: bool) {
    if at_length {
        anstream::eprintln!("{report:?}");
    } else if let Some(diagnostics) = report.downcast_ref::<Diagnostics>() {
        anstream::eprintln!("{diagnostics}");
    } else {
        // Others' words may be in it.
        let line = format!("{report:#}").replace(char::is_control, " ");
        anstream::eprintln!("{}: {line}", paint("error", AnsiColor::Red));
    }
}

/// Text in a colour, for anstream to strip where nobody sees it.
pub(crate) fn paint(text: impl Display, colour: AnsiColor) -> String {
    let style = Style::new().fg_color(Some(colour.into())).bold();
    format!("{style}{text}{style:#}")
}

/// `allow` in green, anything else in red.
pub(crate) fn paint_verdict(word: &str) -> String {
    paint(word, if word == "allow" { AnsiColor::Green } else { AnsiColor::Red })
}
