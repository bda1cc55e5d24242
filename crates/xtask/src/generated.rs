//! `docs`: pages that are written from the sources.

use crate::{demo, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use std::fmt::Write;
use std::fs;

const SOURCE: &str = "contracts/types/Reason.sol";
const PAGE: &str = "docs/reason-codes.md";
const SCHEMAS: [(&str, &[&str], &str); 2] = [
    ("docs/policy.schema.json", &["schema"], "what `portcullis schema` prints"),
    ("docs/report.schema.json", &["schema", "--report"], "what `portcullis schema --report` prints"),
];

#[derive(Debug, Args)]
pub(crate) struct DocsArgs {
    /// Compare instead of writing
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(args: &DocsArgs) -> Result<()> {
    let source = fs::read_to_string(tools::root().join(SOURCE)).wrap_err_with(|| format!("cannot read {SOURCE}"))?;
    settle(PAGE, SOURCE, &reasons(&source)?, args.check)?;
    demo::build()?;
    for (page, command, source) in SCHEMAS {
        let mut run = tools::built("portcullis")?;
        run.args(command);
        settle(page, source, &tools::capture(run)?, args.check)?;
    }
    Ok(())
}

/// Writes a generated file, or compares it with its source.
fn settle(file: &str, source: &str, text: &str, check: bool) -> Result<()> {
    let path = tools::root().join(file);
    if check {
        if fs::read_to_string(&path).unwrap_or_default() != text {
            bail!("{file} differs from {source}; run `cargo xtask docs`");
        }
        return Ok(());
    }
    fs::write(&path, text).wrap_err_with(|| format!("cannot write {file}"))?;
    eprintln!("wrote {file}");
    Ok(())
}

/// The table of reasons, from the enum's comments: cause | remedy | detail | have | need.
fn reasons(source: &str) -> Result<String> {
    let (_, body) = source.split_once("enum Reason {").ok_or_else(|| eyre!("{SOURCE} has no enum Reason"))?;
    let (body, _) = body.split_once('}').ok_or_else(|| eyre!("{SOURCE} does not close enum Reason"))?;
    let mut page = String::from(
        "# Reason codes\n\n\
         Generated from `contracts/types/Reason.sol` by `cargo xtask docs`; change that file instead.\n\
         Numbers are append-only. A denied request reverts with `Denied(reason, effect, rule, detail, have, need)`:\n\
         the index of the deciding effect, the rule (65535 when none decided), and the values this table names.\n\n\
         | number | reason | cause | remedy | detail | have | need |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let mut comment = String::new();
    let mut number = 0_u32;
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(text) = line.strip_prefix("///") {
            comment = format!("{} {}", comment, text.trim()).trim().to_owned();
            continue;
        }
        let name = line.trim_end_matches(',');
        let columns: Vec<&str> = comment.split('|').map(str::trim).collect();
        let [cause, remedy, detail, have, need] = columns.as_slice() else {
            bail!("{SOURCE}: the comment of {name} has {} columns, not 5", columns.len());
        };
        writeln!(page, "| {number} | `{name}` | {cause} | {remedy} | {detail} | {have} | {need} |")?;
        comment.clear();
        number = number.saturating_add(1);
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_enum_and_comments_may_span_lines() {
        let page = reasons(
            "enum Reason {\n /// Fine. | - |\n /// - | - | -\n Allowed,\n /// Bad. | Stop. | - | x | y\n Bad\n}",
        )
        .unwrap();
        assert!(page.contains("| 0 | `Allowed` | Fine. | - | - | - | - |\n| 1 | `Bad` | Bad. | Stop. | - | x | y |\n"));
    }

    #[test]
    fn a_reason_without_its_five_columns_is_an_error() {
        let error = reasons("enum Reason {\n /// Fine.\n Allowed\n}").unwrap_err().to_string();
        assert_eq!(error, "contracts/types/Reason.sol: the comment of Allowed has 1 columns, not 5");
    }
}
