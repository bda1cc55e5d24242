//! `attacks`: every attack without Portcullis and with it, judged by what the tests observed.
//!
//! The tests say for each Safe and each turn what the attack moves, before and after (`test/attack/AttackTest.sol`).
//! That a test passed decides nothing here, but one that fails fails the verb.

use crate::{readme, setup, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::process::Stdio;

const TESTS: &str = "test/attack/*Attacks.t.sol";
/// Names every attack, so that one that is gone is missed.
const LIST: &str = "test/attack/README.md";

#[derive(Debug, Args)]
pub(crate) struct AttacksArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// What one run showed.
pub(crate) struct Board {
    pub(crate) attacks: Vec<Attack>,
    /// What is wrong with the run itself: tests that fail, ids that are listed twice or not at all.
    pub(crate) faults: Vec<String>,
    /// The README's table: what is tried, by section of the list.
    scoreboard: String,
}

impl Board {
    /// Fails where the README shows another scoreboard.
    pub(crate) fn is_shown(&self) -> Result<()> {
        readme::table(readme::PAGE, "attacks", &self.scoreboard, true)
    }
}

/// One attack, over all Safes that it was tried on.
pub(crate) struct Attack {
    id: String,
    tries: String,
    safes: usize,
    pub(crate) works_without: bool,
    pub(crate) refused: bool,
}

/// By Safe, whether the attack moved anything.
type Turn = BTreeMap<String, bool>;

#[derive(Default)]
struct Seen {
    tries: String,
    tests: BTreeSet<String>,
    without: Turn,
    with: Turn,
}

pub(crate) fn run(args: &AttacksArgs) -> Result<()> {
    setup::run()?;
    let board = measure()?;
    if args.json {
        let rows: Vec<Value> = board
            .attacks
            .iter()
            .map(|attack| json!({ "id": attack.id, "works_without": attack.works_without, "refused": attack.refused }))
            .collect();
        println!("{}", json!({ "attacks": rows }));
    } else {
        print(&board.attacks);
    }
    readme::table(readme::PAGE, "attacks", &board.scoreboard, false)?;
    let mut faults = board.faults;
    faults.extend(board.attacks.iter().filter(|attack| !attack.held()).map(|attack| attack.id.clone()));
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    Ok(())
}

/// Carries all attacks out.
pub(crate) fn measure() -> Result<Board> {
    stage::must("forge build", tools::foundry("forge", &["build", "--color", "never"])?)?;
    eprintln!(".... attacks");
    // Without -vv forge keeps the logs to itself.
    let mut command = tools::foundry("forge", &["test", "--match-path", TESTS, "--json", "-vv"])?;
    let output = command.stderr(Stdio::inherit()).output().wrap_err("cannot start forge")?;
    let report = serde_json::from_slice(&output.stdout)
        .wrap_err_with(|| format!("forge test printed no JSON object ({})", output.status))?;
    let list = std::fs::read_to_string(tools::root().join(LIST)).wrap_err_with(|| format!("cannot read {LIST}"))?;
    board(&report, &list)
}

impl Attack {
    /// It is an attack, and it fails.
    pub(crate) fn held(&self) -> bool {
        self.works_without && self.refused
    }
}

fn board(report: &Value, list: &str) -> Result<Board> {
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    let mut faults = Vec::new();
    for (contract, suite) in report.as_object().ok_or_else(|| eyre!("forge's report is no object"))? {
        for (name, result) in tools::at(suite, "test_results").as_object().into_iter().flatten() {
            let test = format!("{contract} {name}");
            if tools::at(result, "status").as_str() != Some("Success") {
                let reason = tools::at(result, "reason").as_str().unwrap_or("no reason given");
                faults.push(format!("{test} fails: {reason}"));
            }
            for line in tools::at(result, "decoded_logs").as_array().into_iter().flatten() {
                if let Some(observation) = line.as_str().and_then(|line| line.strip_prefix("attack: ")) {
                    note(&mut seen, &test, observation).wrap_err_with(|| format!("{test} observed {observation}"))?;
                }
            }
        }
    }
    for (id, seen) in seen.iter().filter(|(_, seen)| seen.tests.len() > 1) {
        faults.push(format!("{id} is the id of {} tests", seen.tests.len()));
    }
    let known = listed(list);
    faults.extend(seen.keys().filter(|id| !known.contains(*id)).map(|id| format!("{id} is not in {LIST}")));
    for id in known {
        seen.entry(id).or_insert_with_key(|id| {
            faults.push(format!("{id} is in {LIST} and was not tried"));
            Seen::default()
        });
    }
    if seen.is_empty() {
        bail!("no attack was tried");
    }
    let attacks: Vec<Attack> = seen.into_iter().map(judge).collect();
    let scoreboard = scoreboard(&attacks, list);
    Ok(Board { attacks, faults, scoreboard })
}

/// One row for each section of the list, and their sum.
fn scoreboard(attacks: &[Attack], list: &str) -> String {
    let mut rows =
        vec!["| what they try | attacks | work without | refused with |\n| --- | ---: | ---: | ---: |\n".to_owned()];
    let mut row = |title: &str, named: &BTreeSet<String>| {
        let of = || attacks.iter().filter(|attack| named.contains(&attack.id));
        let (work, refused) =
            (of().filter(|attack| attack.works_without).count(), of().filter(|attack| attack.refused).count());
        rows.push(format!("| {title} | {} | {work} | {refused} |\n", named.len()));
    };
    for section in list.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap_or_default();
        row(title.split(" (`").next().unwrap_or(title), &listed(section));
    }
    row("**all**", &listed(list));
    rows.concat()
}

/// Adds one observation. Forge repeats those of earlier Safes, so the same one may come again.
fn note(seen: &mut BTreeMap<String, Seen>, test: &str, observation: &str) -> Result<()> {
    let observation: Value = serde_json::from_str(observation)?;
    let text = |key: &str| tools::at(&observation, key).as_str().map(str::to_owned).ok_or_else(|| eyre!("no {key}"));
    let protected = tools::at(&observation, "protected").as_bool().ok_or_else(|| eyre!("no turn"))?;
    let moved = text("before")? != text("after")?;
    let entry = seen.entry(text("id")?).or_default();
    entry.tries = text("tries")?;
    entry.tests.insert(test.to_owned());
    let turn = if protected { &mut entry.with } else { &mut entry.without };
    if turn.insert(text("safe")?, moved).is_some_and(|earlier| earlier != moved) {
        bail!("another time something else was observed");
    }
    Ok(())
}

/// It works if it moved something on every Safe, and is refused if it moved nothing on any of the same Safes.
fn judge((id, seen): (String, Seen)) -> Attack {
    let works_without = !seen.without.is_empty() && seen.without.values().all(|moved| *moved);
    let refused =
        !seen.with.is_empty() && seen.with.values().all(|moved| !*moved) && seen.with.keys().eq(seen.without.keys());
    Attack { id, tries: seen.tries, safes: seen.with.len(), works_without, refused }
}

/// The ids of the list: the first cell of each row that begins with code.
fn listed(list: &str) -> BTreeSet<String> {
    list.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(id, _)| id.to_owned()).collect()
}

fn print(attacks: &[Attack]) {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let say = |good: bool| match (good, colour) {
        (true, true) => "\u{1b}[32myes\u{1b}[0m",
        (false, true) => "\u{1b}[31mNO \u{1b}[0m",
        (true, false) => "yes",
        (false, false) => "NO ",
    };
    let width = attacks.iter().map(|attack| attack.id.len()).max().unwrap_or(0);
    println!("{:width$}  works without  refused  Safes  tries", "attack");
    for Attack { id, tries, safes, works_without, refused } in attacks {
        println!("{id:width$}  {}            {}      {safes:>5}  {tries}", say(*works_without), say(*refused));
    }
    let works = attacks.iter().filter(|attack| attack.works_without).count();
    let refused = attacks.iter().filter(|attack| attack.refused).count();
    println!("\n{} attacks: {works} work without Portcullis, {refused} are refused with it", attacks.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(id: &str, safe: &str, protected: bool, before: &str, after: &str) -> String {
        let observation =
            json!({ "id": id, "tries": "", "safe": safe, "protected": protected, "before": before, "after": after });
        format!("attack: {observation}")
    }

    fn report(status: &str, logs: &[String]) -> Value {
        json!({ "A.t.sol:A": { "test_results": { "table_a()": { "status": status, "decoded_logs": logs } } } })
    }

    fn one(logs: &[String]) -> Attack {
        board(&report("Success", logs), "| `a` | |").unwrap().attacks.remove(0)
    }

    #[test]
    fn the_scoreboard_counts_what_held_and_no_more() {
        let list = "# All\n\n## Batches (`A`)\n| `a` | |\n| `b` | |\n\n## Tokens (`B`)\n| `c` | |\n";
        let logs = [
            log("a", "1.5.0", false, "0", "1"),
            log("a", "1.5.0", true, "0", "0"),
            log("b", "1.5.0", false, "0", "1"),
            log("b", "1.5.0", true, "0", "1"),
        ];
        let board = board(&report("Success", &logs), list).unwrap();
        let rows: Vec<&str> = board.scoreboard.lines().skip(2).collect();
        assert_eq!(rows, ["| Batches | 2 | 2 | 1 |", "| Tokens | 1 | 0 | 0 |", "| **all** | 3 | 2 | 1 |"]);
    }

    #[test]
    fn an_attack_that_moves_nothing_is_none() {
        let both = [log("a", "1.5.0", false, "0", "0"), log("a", "1.5.0", true, "0", "0")];
        assert!(!one(&both).works_without && one(&both).refused);
    }

    #[test]
    fn an_attack_that_moves_something_is_not_refused() {
        let both = [log("a", "1.5.0", false, "0", "7"), log("a", "1.5.0", true, "0", "7")];
        assert!(one(&both).works_without && !one(&both).refused);
    }

    #[test]
    fn every_safe_has_both_turns() {
        let mut logs = vec![log("a", "1.5.0", false, "0", "7"), log("a", "1.5.0", true, "0", "0")];
        assert!(one(&logs).held());
        logs.push(log("a", "1.3.0", false, "0", "7"));
        assert!(!one(&logs).refused);
        logs.push(log("a", "1.3.0", true, "5", "5"));
        assert!(one(&logs).held());
        logs.push(log("a", "1.4.1", true, "0", "1"));
        assert!(!one(&logs).refused);
    }

    #[test]
    fn missing_unlisted_and_failing_attacks_are_faults() {
        let logs = [log("a", "1.5.0", false, "0", "7"), log("a", "1.5.0", true, "0", "0")];
        let board_of = |status, list| board(&report(status, &logs), list).unwrap();
        assert!(board_of("Success", "| `a` | |").faults.is_empty());
        assert_eq!(board_of("Failure", "| `a` | |").faults.len(), 1);
        assert_eq!(board_of("Success", "").faults.len(), 1);
        let board = board_of("Success", "| `a` | |\n| `b` | |");
        assert_eq!(board.faults.len(), 1);
        assert_eq!(board.attacks.iter().filter(|attack| !attack.held()).count(), 1);
        assert!(super::board(&json!({}), "").is_err());
    }
}
