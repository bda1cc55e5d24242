//! Small files, and nothing of one machine in the tree.

use crate::tools;
use eyre::{Result, bail};
use std::fs;

/// Longest Solidity contract and longest Rust file, in lines.
const CONTRACT: usize = 300;
const RUST: usize = 400;
/// Tests are lists of cases.
const TESTS: usize = 800;

/// Fails with every file that is too long or that names a place on somebody's machine.
pub(crate) fn run() -> Result<()> {
    // Put together here so that this file does not find itself.
    let places = [["/ho", "me/"], ["/Us", "ers/"], ["/ro", "ot/"], ["/wo", "rk/"], ["C:\\", "Users"]]
        .map(|parts| parts.concat());
    let mut wrong = Vec::new();
    for path in tools::tracked_files()? {
        let Ok(text) = fs::read_to_string(tools::root().join(&path)) else {
            continue;
        };
        if let Some(complaint) = too_long(&path, text.lines().count()) {
            wrong.push(complaint);
        }
        for (number, line) in text.lines().enumerate() {
            if let Some(place) = places.iter().find(|place| line.contains(place.as_str())) {
                wrong.push(format!("{path}:{}: a path of one machine ({place})", number.saturating_add(1)));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("; "));
    }
    Ok(())
}

fn too_long(path: &str, lines: usize) -> Option<String> {
    let limit = if path.starts_with("contracts/") && path.ends_with(".sol") {
        CONTRACT
    } else if path.ends_with(".rs") {
        if path.contains("/tests/") { TESTS } else { RUST }
    } else {
        return None;
    };
    (lines > limit).then(|| format!("{path} has {lines} lines, more than {limit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sources_have_a_limit() {
        assert_eq!(too_long("contracts/A.sol", 301).unwrap(), "contracts/A.sol has 301 lines, more than 300");
        assert_eq!(too_long("crates/a/src/lib.rs", 401).unwrap(), "crates/a/src/lib.rs has 401 lines, more than 400");
        assert!(too_long("crates/a/tests/a.rs", 800).is_none() && too_long("crates/a/tests/a.rs", 801).is_some());
        assert!(too_long("contracts/A.sol", 300).is_none());
        assert!(too_long("package-lock.json", 9000).is_none());
    }
}
