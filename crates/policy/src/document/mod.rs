//! The document: TOML and JSON to a policy, and a policy to either.

mod conditions;
mod facts;
mod obligations;
mod parse;
mod reader;
mod rules;
pub(crate) mod tables;
mod tree;
mod write;
mod write_rule;

use crate::{CompileError, Compiled, Diagnostics, Policy, Problem, compile, compile_off_chain, program};
use tree::{Fault, Node};

impl Policy {
    /// Reads a policy: JSON when the file's name ends in `.json`, else TOML. `file` only names the document
    /// in diagnostics. What parses also compiles.
    ///
    /// # Errors
    /// [`Diagnostics`]: everything that is wrong, with its line and what to write instead.
    pub fn parse(text: &str, file: &str) -> Result<Self, Diagnostics> {
        parse(text, file, compile)
    }

    /// The same for a policy whose program need not fit in a contract: what parses compiles off chain.
    ///
    /// # Errors
    /// [`Diagnostics`], as for [`Policy::parse`].
    pub fn parse_off_chain(text: &str, file: &str) -> Result<Self, Diagnostics> {
        parse(text, file, compile_off_chain)
    }
}

type Compile = fn(&Policy) -> Result<Compiled, CompileError>;

fn parse(text: &str, file: &str, compile: Compile) -> Result<Policy, Diagnostics> {
    let is_json = file.to_ascii_lowercase().ends_with(".json");
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = if is_json { tree::from_json(text) } else { tree::from_toml(text) };
    root.and_then(|root| read(&root, compile)).map_err(|faults| Diagnostics::new(file, text, faults))
}

fn read(root: &Node, compile: Compile) -> Result<Policy, Vec<Fault>> {
    let (policy, mut faults) = parse::policy(root);
    let is_faulty = !faults.is_empty();
    // Values that did not read would only cause errors of their own; names stand for themselves.
    let problems = match &policy {
        Some(policy) if faults.is_empty() => compile(policy).err().map_or_else(Vec::new, |e| e.problems().to_vec()),
        Some(policy) => program::check_names(policy),
        None => Vec::new(),
    };
    for Problem { path, on_key, message, help } in problems {
        let span = root.locate(&path, on_key);
        // What is missing or of another type is reported once, not again as a name that nothing defines.
        if !is_faulty || faults.iter().all(|(other, ..)| *other != span) {
            faults.push((span, message, help));
        }
    }
    match policy {
        Some(policy) if faults.is_empty() => Ok(policy),
        _ => Err(faults),
    }
}
