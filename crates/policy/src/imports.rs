//! Lists that stand in files of their own, pinned by their hash.
//!
//! An import is resolved before anything else is read, to the same list written inline: so it compiles to the same
//! bytes. Nothing of a file is looked at, or shown, before its hash is the pinned one.

use std::{collections::BTreeMap, path::Path};

use alloy_primitives::{Address, hex};
use sha2::{Digest, Sha256};

use crate::{
    Diagnostics,
    document::{
        reader::{Reader, Table},
        tree::{Fault, Field, Node, Value},
    },
    text::account::parse_address,
};

/// Reads a file that a policy imports, by its path as the policy writes it: relative to the policy's folder.
pub type Load<'a> = dyn Fn(&str) -> Result<Vec<u8>, String> + 'a;

/// The keys of an import.
pub(crate) const KEYS: [&str; 2] = ["import", "sha256"];

const PATH_HELP: &str = "write a path from the policy's folder, with `/` between folders";

/// Puts the addresses of every imported list in its place. What is wrong with the policy's side of it, and with each
/// file.
pub(crate) fn resolve(root: &mut Node, file: &str, load: &Load<'_>) -> (Vec<Fault>, Vec<Diagnostics>) {
    let mut reader = Reader::default();
    let mut files = Vec::new();
    let Value::Table(tables) = &mut root.value else { return (Vec::new(), files) };
    for table in tables.iter_mut().filter(|field| ["groups", "lists"].contains(&field.key.as_str())) {
        let Value::Table(lists) = &mut table.node.value else { continue };
        for list in lists.iter_mut().filter(|list| is_import(list)) {
            let addresses = match import(&mut reader, list, load) {
                Some((path, text)) => addresses(&text).map_err(|faults| {
                    let name = Path::new(file).parent().unwrap_or(Path::new("")).join(path);
                    files.push(Diagnostics::new(&name.display().to_string(), &text, faults));
                }),
                None => Err(()),
            };
            // What does not read still is a list, so that uses of it are not reported as well.
            let addresses = addresses.unwrap_or_else(|()| vec![Address::ZERO]);
            let span = list.node.span.clone();
            let items = addresses.iter().map(|one| Node { span: span.clone(), value: Value::Text(one.to_string()) });
            list.node.value = Value::Array(items.collect());
        }
    }
    (reader.faults, files)
}

fn is_import(list: &Field) -> bool {
    matches!(&list.node.value, Value::Table(fields) if fields.iter().any(|field| KEYS.contains(&field.key.as_str())))
}

/// The path and the text of an import whose file is the pinned one.
fn import(reader: &mut Reader, list: &Field, load: &Load<'_>) -> Option<(String, String)> {
    let table = reader.field(list, &KEYS)?;
    let node = reader.require(table, "import", PATH_HELP)?;
    let path = reader.text(node, PATH_HELP)?;
    let is_plain = !path.is_empty() && !path.starts_with('/') && !path.contains(['\\', ':']);
    if !is_plain || path.chars().any(char::is_control) {
        reader.fault(node, format!("`{path}` is no path from the policy's folder"), PATH_HELP);
        return None;
    }
    let bytes = match load(path) {
        Ok(bytes) => bytes,
        Err(why) => {
            reader.fault(node, format!("cannot read `{path}`: {why}"), PATH_HELP);
            return None;
        }
    };
    is_pinned(reader, table, path, &hex::encode(Sha256::digest(&bytes))).then_some(())?;
    match String::from_utf8(bytes) {
        Ok(text) => Some((path.to_owned(), text)),
        Err(_) => {
            reader.fault(node, format!("`{path}` is not text"), "write one address per line, in UTF-8");
            None
        }
    }
}

/// Whether the file's hash is the one that the policy pins.
fn is_pinned(reader: &mut Reader, table: Table<'_>, path: &str, found: &str) -> bool {
    let pin = format!("look `{path}` over; if it is the list you mean, write `sha256 = \"{found}\"`");
    let Some(node) = reader.require(table, "sha256", &pin) else { return false };
    let Some(pinned) = reader.text(node, &pin) else { return false };
    if pinned == found {
        return true;
    }
    if pinned.len() == found.len() && pinned.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let help = format!("compare it with the list that was agreed; if the change is meant, write `{found}`");
        reader.fault(node, format!("`{path}` is not the file that was pinned: its SHA-256 is `{found}`"), help);
    } else {
        reader.fault(node, format!("`{pinned}` is no SHA-256 hash: that is 64 hexadecimal digits"), pin);
    }
    false
}

/// One address per line, then a name or nothing; `#` begins a comment.
fn addresses(text: &str) -> Result<Vec<Address>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut found = BTreeMap::new();
    let mut all = Vec::new();
    let mut at = 0_usize;
    for (number, line) in (1_usize..).zip(text.split('\n')) {
        let start = at;
        at = at.saturating_add(line.len()).saturating_add(1);
        let content = line.split('#').next().unwrap_or_default().trim_start_matches('\u{feff}');
        let Some(word) = content.split_whitespace().next() else { continue };
        let from = start.saturating_add(line.find(word).unwrap_or_default());
        let span = from..from.saturating_add(word.len());
        match parse_address(word) {
            Err((message, help)) => faults.push((span, message, help)),
            Ok(address) => match found.insert(address, number) {
                None => all.push(address),
                Some(first) => {
                    let message = format!("`{word}` is listed twice, first on line {first}");
                    faults.push((span, message, "leave one of them out".to_owned()));
                }
            },
        }
    }
    if all.is_empty() && faults.is_empty() {
        faults.push((0..0, "the list is empty".to_owned(), "write at least one address, each on its line".to_owned()));
    }
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}
