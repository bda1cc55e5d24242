//! The tables of the README and of other pages that a measurement writes.

use crate::tools;
use eyre::{Result, WrapErr, bail, eyre};
use std::fs;

pub(crate) const PAGE: &str = "README.md";

/// Writes the table between its two marks, or with `check` fails where another stands there.
pub(crate) fn table(file: &str, name: &str, table: &str, check: bool) -> Result<()> {
    let path = tools::root().join(file);
    let page = fs::read_to_string(&path).wrap_err_with(|| format!("cannot read {file}"))?;
    let wanted = replaced(&page, name, table).wrap_err_with(|| format!("cannot show the table in {file}"))?;
    if wanted == page {
        return Ok(());
    }
    if check {
        bail!("{file} shows another table than what was measured ({name})");
    }
    fs::write(&path, wanted).wrap_err_with(|| format!("cannot write {file}"))
}

fn replaced(page: &str, name: &str, table: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let lacking = || eyre!("there are no marks for the table `{name}`");
    let (before, rest) = page.split_once(&begin).ok_or_else(lacking)?;
    let (_, after) = rest.split_once(&end).ok_or_else(lacking)?;
    Ok(format!("{before}{begin}{}\n{end}{after}", table.trim_end()))
}

/// With a comma between thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_without_its_marks_is_never_written_anywhere() {
        assert!(replaced("a\n<!-- gas -->\nold\n", "gas", "new").is_err());
        assert!(replaced("a\n", "gas", "new").is_err());
    }

    #[test]
    fn only_what_stands_between_the_marks_changes() {
        let page = "a\n<!-- gas -->\nold\n<!-- /gas -->\nb\n";
        assert_eq!(replaced(page, "gas", "new\n").unwrap(), "a\n<!-- gas -->\nnew\n<!-- /gas -->\nb\n");
        assert_eq!(replaced(page, "gas", "old").unwrap(), page);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([7, 999, 1_000, 24_576, 12_487_889].map(thousands), ["7", "999", "1,000", "24,576", "12,487,889"]);
    }
}
