//! `bench gas --parts`: what the gas that the hook uses is used for.
//!
//! forge writes every step of a measured transaction down; the compiler says which source an instruction comes from.

use crate::bench_gas::{PROFILE, WORKS};
use crate::{bindings, readme, stage, tools};
use eyre::{Result, WrapErr, bail, eyre};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

/// Where the table stands.
const PAGE: &str = "docs/decisions/0006-gas.md";
const HOOK: &str = "PolicyHook";
/// Of `checkTransaction` and `checkModuleTransaction`.
const ENTRIES: [&str; 2] = ["0x75f0bb52", "0x728c2972"];
/// Of `checkAfterExecution` and `checkAfterModuleExecution`.
const AFTER: [&str; 2] = ["0x93271368", "0x2acc37aa"];

/// What the parts are, in the order in which they are shown.
const PARTS: [&str; 10] = [
    "outside the hook: a cold account is called twice",
    "the account's word, cold",
    "code looked at, cold: program, batch contracts, libraries",
    "other words: limits, read and written",
    "reading the call",
    "taking it apart into effects",
    "finding rules",
    "lists and conditions",
    "charging limits",
    "attestations and other obligations",
];
const OUTSIDE: usize = 0;
const WORD: usize = 1;
const CODE: usize = 2;
const LIMIT: usize = 3;
const READING: usize = 4;
const OBLIGATIONS: usize = 9;

/// Where in [`PARTS`] a source belongs that computes. All others are obligations.
const SOURCES: [(&str, usize); 27] = [
    ("PolicyHook", READING),
    ("TransactionGuard", READING),
    ("ModuleGuard", READING),
    ("ExactCalldata", READING),
    ("Data", READING),
    ("Evaluation", READING),
    ("Services", READING),
    ("", READING),
    ("Engine", 5),
    ("Ruling", 5),
    ("Decoder", 5),
    ("MultiSend", 5),
    ("Calldata", 5),
    ("Program", 6),
    ("Image", 6),
    ("Index", 6),
    ("Buckets", 6),
    ("Rules", 6),
    ("State", 6),
    ("Conditions", 7),
    ("Whitelist", 7),
    ("Lookup", 7),
    ("Cases", 7),
    ("RareConditions", 7),
    ("SpendLimit", 8),
    ("Window", 8),
    ("Charges", 8),
];

/// What forge writes down.
#[derive(Debug, Deserialize)]
struct Dump {
    debug_arena: Vec<Stretch>,
}

/// What a contract does between two calls.
#[derive(Debug, Deserialize)]
struct Stretch {
    address: String,
    calldata: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Step {
    pc: usize,
    op: u8,
    gas_remaining: u64,
}

/// The sources by instruction.
struct Sources {
    of: BTreeMap<usize, String>,
}

pub(crate) fn run(json: bool) -> Result<()> {
    let mut build = tools::foundry("forge", &["build", "--color", "never", "contracts"])?;
    build.env("FOUNDRY_PROFILE", "final");
    stage::must("forge build (final)", build)?;
    let sources = Sources::read(&tools::root())?;
    let committed = bindings::read(&tools::root().join("snapshots/gas.json"))?;
    let works = tools::at(&committed, "works").as_array().cloned().unwrap_or_default();
    let mut columns = Vec::new();
    for (id, ..) in WORKS {
        let work = works.iter().find(|work| tools::at(work, "id").as_str() == Some(id));
        let over = work.and_then(|work| tools::at(work, "portcullis").as_u64());
        let over = over.ok_or_else(|| eyre!("{id} was not measured; run `cargo xtask bench gas`"))?;
        columns.push((id, parts(&dump(id)?, &sources, over).wrap_err(id)?));
    }
    if json {
        let one = |parts: &[u64; PARTS.len()]| PARTS.iter().copied().zip(*parts).collect::<BTreeMap<_, _>>();
        let works: BTreeMap<_, _> = columns.iter().map(|(id, parts)| (*id, one(parts))).collect();
        println!("{}", serde_json::to_string(&works).wrap_err("cannot write JSON")?);
        return Ok(());
    }
    let table = table(&columns);
    print!("{table}");
    readme::table(PAGE, "parts", &table, false)
}

fn dump(id: &str) -> Result<Dump> {
    let path = tools::root().join("target/xtask/steps.json");
    let test = format!("test_parts_{}", id.replace('-', "_"));
    let to = path.to_string_lossy().into_owned();
    let mut trace =
        tools::foundry("forge", &["test", "--color", "never", "--match-test", &test, "--debug", "--dump", &to])?;
    trace.env("FOUNDRY_PROFILE", PROFILE);
    stage::must(&format!("trace {id}"), trace)?;
    let file = File::open(&path).wrap_err_with(|| format!("forge wrote no steps of {id}"))?;
    let read = serde_json::from_reader(BufReader::new(file)).wrap_err("forge writes steps down in another way");
    fs::remove_file(&path).wrap_err("cannot remove the steps")?;
    read
}

/// Gas by part, of what a work costs over no guard.
fn parts(dump: &Dump, sources: &Sources, over: u64) -> Result<[u64; PARTS.len()]> {
    let begins = |stretch: &Stretch, calls: &[&str]| calls.iter().any(|call| stretch.calldata.starts_with(call));
    let hook = dump.debug_arena.iter().find(|stretch| begins(stretch, &ENTRIES));
    let hook = &hook.ok_or_else(|| eyre!("the hook was not called"))?.address;
    let mut parts = [0_u64; PARTS.len()];
    let mut words = 0;
    for calls in [ENTRIES, AFTER] {
        let own = |stretch: &&Stretch| stretch.address == *hook && begins(stretch, &calls);
        let steps: Vec<Step> = dump.debug_arena.iter().filter(own).flat_map(|one| one.steps.clone()).collect();
        // A step costs what is gone before the next one, with all that it calls.
        for (step, next) in steps.iter().zip(steps.iter().skip(1)) {
            let used = step.gas_remaining.checked_sub(next.gas_remaining);
            let used = used.ok_or_else(|| eyre!("gas came back at {}", step.pc))?;
            let part = match step.op {
                // SLOAD: the first is of the account.
                0x54 => {
                    words += 1;
                    if words == 1 { WORD } else { LIMIT }
                }
                // SSTORE.
                0x55 => LIMIT,
                // EXTCODESIZE, EXTCODECOPY, EXTCODEHASH.
                0x3b | 0x3c | 0x3f => CODE,
                // Whatever is called.
                0xf1 | 0xf4 | 0xfa => OBLIGATIONS,
                _ => sources.part(step.pc),
            };
            let sum = parts.get_mut(part).ok_or_else(|| eyre!("there is no part {part}"))?;
            *sum = sum.saturating_add(used);
        }
    }
    let inside: u64 = parts.iter().sum();
    if words == 0 || inside > over {
        bail!("the steps say {inside}, and the measurement {over} in all");
    }
    if let Some(outside) = parts.get_mut(OUTSIDE) {
        *outside = over.saturating_sub(inside);
    }
    Ok(parts)
}

impl Sources {
    /// Of the hook as the final profile compiles it, which must be as it is committed.
    fn read(root: &Path) -> Result<Self> {
        let compiled = bindings::read(&root.join(format!("out/final/{HOOK}.sol/{HOOK}.json")))?;
        let deployed = tools::at(&compiled, "deployedBytecode");
        let text = |key: &str| tools::at(deployed, key).as_str().unwrap_or_default().to_owned();
        let committed = bindings::read(&root.join(format!("crates/bindings/artifacts/{HOOK}.json")))?;
        let linked = tools::at(&committed, "deployedBytecode").as_str().unwrap_or_default();
        if !is_linked(&text("object"), linked) {
            bail!("the committed hook is not what its sources compile to; run `cargo xtask bindings`");
        }
        let code = instructions(&text("object"))?;
        Self::of(&code, &text("sourceMap"), &names(root)?)
    }

    /// From a source map: `start:length:file:jump:depth` by instruction, where what is left out is as before.
    fn of(code: &[usize], map: &str, names: &BTreeMap<String, String>) -> Result<Self> {
        let mut file = String::new();
        let mut of = BTreeMap::new();
        for (at, entry) in code.iter().zip(map.split(';')) {
            if let Some(named) = entry.split(':').nth(2).filter(|named| !named.is_empty()) {
                named.clone_into(&mut file);
            }
            of.insert(*at, names.get(&file).cloned().unwrap_or_default());
        }
        if of.values().all(String::is_empty) {
            bail!("the compiler's source map names no source");
        }
        Ok(Self { of })
    }

    fn part(&self, at: usize) -> usize {
        let source = self.of.get(&at).map_or("", String::as_str);
        SOURCES.iter().find(|(name, _)| *name == source).map_or(OBLIGATIONS, |(_, part)| *part)
    }
}

/// Whether both are the same code, but for the addresses of libraries.
fn is_linked(compiled: &str, linked: &str) -> bool {
    let mut left = compiled;
    let mut rest = linked;
    while let Some((before, behind)) = left.split_once("__$") {
        let (Some(after), Some(same)) = (behind.get(37..), rest.strip_prefix(before)) else { return false };
        let Some(after_address) = same.get(40..) else { return false };
        (left, rest) = (after, after_address);
    }
    !compiled.is_empty() && left == rest
}

/// Where instructions are. Placeholders of libraries are in hex no digits, but as long as addresses.
fn instructions(hex: &str) -> Result<Vec<usize>> {
    let digits = hex.strip_prefix("0x").ok_or_else(|| eyre!("the hook was not compiled"))?.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(op) = digits.get(2 * at..2 * at + 2) {
        found.push(at);
        let op = std::str::from_utf8(op).ok().and_then(|op| u8::from_str_radix(op, 16).ok());
        // PUSH1 to PUSH32 bring their bytes.
        let op = op.ok_or_else(|| eyre!("the hook's code is no hex at {at}"))?;
        at += 1 + usize::from(if (0x60..=0x7f).contains(&op) { op - 0x5f } else { 0 });
    }
    Ok(found)
}

/// The names of sources, without folder and ending, by the numbers that the compiler gave them when it compiled the hook:
/// forge keeps the numbers of other builds beside them.
fn names(root: &Path) -> Result<BTreeMap<String, String>> {
    let cache = bindings::read(&root.join("cache/final/solidity-files-cache.json"))?;
    let builds = cache.pointer(&format!("/files/contracts~1{HOOK}.sol/artifacts/{HOOK}")).unwrap_or(&Value::Null);
    let mut builds = builds.as_object().into_iter().flat_map(|versions| versions.values());
    let profiles = builds.next().and_then(Value::as_object).into_iter().flat_map(|profiles| profiles.values());
    let build = profiles.map(|one| tools::at(one, "build_id")).find_map(Value::as_str);
    let build = build.ok_or_else(|| eyre!("forge does not say in which build it compiled the hook"))?;
    let info = bindings::read(&root.join(format!("out/final/build-info/{build}.json")))?;
    let of = tools::at(&info, "source_id_to_path").as_object().cloned().unwrap_or_default();
    let stem = |path: &Value| Some(Path::new(path.as_str()?).file_stem()?.to_string_lossy().into_owned());
    Ok(of.iter().filter_map(|(id, path)| Some((id.clone(), stem(path)?))).collect())
}

fn table(columns: &[(&str, [u64; PARTS.len()])]) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = row(std::iter::once(String::new()).chain(columns.iter().map(|(id, _)| (*id).to_owned())).collect());
    text += &row((0..=columns.len()).map(|at| if at == 0 { "---" } else { "---:" }.to_owned()).collect());
    for (at, part) in PARTS.iter().enumerate() {
        let gas = |parts: &[u64; PARTS.len()]| parts.get(at).copied().map_or_else(String::new, readme::thousands);
        text += &row(std::iter::once((*part).to_owned()).chain(columns.iter().map(|(_, all)| gas(all))).collect());
    }
    let sum = |parts: &[u64; PARTS.len()]| format!("**{}**", readme::thousands(parts.iter().sum()));
    text + &row(std::iter::once("**over no guard**".to_owned())
        .chain(columns.iter().map(|(_, all)| sum(all)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_counted_past_what_they_push_and_past_libraries() {
        let library = format!("0x73__${}$__5f6001", "ab".repeat(17));
        assert_eq!(instructions(&library).unwrap(), [0, 21, 22]);
        assert!(instructions("0x5fzz").is_err());
    }

    #[test]
    fn other_code_than_the_committed_is_never_told_by_these_sources() {
        let compiled = format!("0x73__${}$__5f", "ab".repeat(17));
        let linked = |end: &str| format!("0x73{}{end}", "11".repeat(20));
        assert!(is_linked(&compiled, &linked("5f")));
        for other in [linked("5b"), linked("5f00"), linked(""), "0x735f".to_owned(), String::new()] {
            assert!(!is_linked(&compiled, &other), "{other}");
        }
    }

    fn stretch(calldata: &str, steps: &[(usize, u8, u64)]) -> Stretch {
        let steps =
            steps.iter().map(|(pc, op, gas_remaining)| Step { pc: *pc, op: *op, gas_remaining: *gas_remaining });
        Stretch { address: "0xhook".to_owned(), calldata: calldata.to_owned(), steps: steps.collect() }
    }

    #[test]
    fn a_step_costs_what_is_gone_before_the_next_and_a_call_what_it_calls() {
        let names = BTreeMap::from([("3".to_owned(), "Index".to_owned()), ("4".to_owned(), HOOK.to_owned())]);
        let sources = Sources::of(&[0, 1, 3], "0:1:4:-:0;;5:1:3", &names).unwrap();
        let arena = vec![
            stretch("0x75f0bb52", &[(0, 0x60, 1_000), (1, 0x54, 990), (3, 0x01, 700), (3, 0xfa, 690)]),
            stretch("0x75f0bb52", &[(0, 0x00, 600)]),
            stretch("0x93271368", &[(0, 0x5f, 50), (1, 0x00, 48)]),
        ];
        let found = parts(&Dump { debug_arena: arena }, &sources, 500).unwrap();
        let named: Vec<_> = PARTS.iter().zip(found).filter(|(_, gas)| *gas != 0).map(|(_, gas)| gas).collect();
        assert_eq!(named, [98, 290, 12, 10, 90]);
        let nobody = Dump { debug_arena: vec![stretch("0x00", &[])] };
        assert!(parts(&nobody, &sources, 500).is_err());
    }
}
