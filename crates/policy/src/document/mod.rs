//! The document: TOML and JSON to a policy, and a policy to either.

pub(crate) mod conditions;
pub(crate) mod facts;
pub(crate) mod messages;
pub(crate) mod obligations;
pub(crate) mod parse;
pub(crate) mod reader;
pub(crate) mod rules;
pub(crate) mod tables;
pub(crate) mod tree;
pub(crate) mod write;
mod write_rule;

use crate::{
    CompileError, Compiled, Diagnostic, Diagnostics, Finding, Load, Policy, Problem, Report, compile,
    compile_off_chain, imports, program,
};
use tree::{Fault, Node};

impl Policy {
    /// Reads a policy: JSON when the file's name ends in `.json`, else TOML. `file` only names the document
    /// in diagnostics. What parses also compiles.
    ///
    /// # Errors
    /// [`Diagnostics`]: everything that is wrong, with its line and what to write instead.
    pub fn parse(text: &str, file: &str) -> Result<Self, Diagnostics> {
        Self::parse_with(text, file, &no_files)
    }

    /// The same for a policy that may import lists: `load` reads their files, which are used only if their hash is
    /// the one that the policy pins.
    ///
    /// # Errors
    /// [`Diagnostics`], as for [`Policy::parse`], those of imported files under their own names.
    pub fn parse_with(text: &str, file: &str, load: &Load<'_>) -> Result<Self, Diagnostics> {
        parse(text, file, compile, load)
    }

    /// The same for a policy whose program need not fit in a contract: what parses compiles off chain.
    ///
    /// # Errors
    /// [`Diagnostics`], as for [`Policy::parse`].
    pub fn parse_off_chain(text: &str, file: &str) -> Result<Self, Diagnostics> {
        parse(text, file, compile_off_chain, &no_files)
    }
}

impl Report {
    /// Where in the document's text each finding is, in their order.
    ///
    /// # Errors
    /// [`Diagnostics`] when the text does not read.
    pub fn locate(&self, text: &str, file: &str) -> Result<Vec<Diagnostic>, Diagnostics> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = tree(text, file).map_err(|faults| Diagnostics::new(file, text, faults))?;
        let place = |finding: &Finding| {
            let fault = (root.locate(&finding.path, false), finding.message.clone(), finding.help.clone());
            Diagnostics::new(file, text, vec![fault])
        };
        Ok(self.findings.iter().flat_map(place).collect())
    }
}

type Compile = fn(&Policy) -> Result<Compiled, CompileError>;

fn no_files(_: &str) -> Result<Vec<u8>, String> {
    Err("a policy on its own has no other files".to_owned())
}

fn parse(text: &str, file: &str, compile: Compile, load: &Load<'_>) -> Result<Policy, Diagnostics> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let placed = |faults| Diagnostics::new(file, text, faults);
    let mut root = tree(text, file).map_err(placed)?;
    let (faults, files) = imports::resolve(&mut root, file, load);
    match read(&root, compile, faults, files.is_empty()) {
        Ok(policy) => Ok(policy),
        Err(faults) => Err(files.into_iter().fold(placed(faults), Diagnostics::and)),
    }
}

fn tree(text: &str, file: &str) -> Result<Node, Vec<Fault>> {
    if file.to_ascii_lowercase().ends_with(".json") { tree::from_json(text) } else { tree::from_toml(text) }
}

/// `faults` were found before; `is_whole` tells whether every imported list was read.
fn read(root: &Node, compile: Compile, mut faults: Vec<Fault>, is_whole: bool) -> Result<Policy, Vec<Fault>> {
    let (policy, found) = parse::policy(root);
    faults.extend(found);
    let is_faulty = !faults.is_empty();
    // Values that did not read would only cause errors of their own; names stand for themselves.
    let problems = match &policy {
        Some(policy) if faults.is_empty() && is_whole => {
            compile(policy).err().map_or_else(Vec::new, |e| e.problems().to_vec())
        }
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
        Some(policy) if faults.is_empty() && is_whole => Ok(policy),
        _ => Err(faults),
    }
}
