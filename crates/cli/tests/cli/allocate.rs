//! What the page on allocation shows works as it is written there, on the portfolio of `examples/staking`.

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const AT: &str = "2026-11-20T12:00:00Z";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder in which the examples are where the page says.
fn place() -> TempDir {
    let folder = TempDir::new().unwrap();
    let examples = root().join("examples").canonicalize().unwrap();
    std::os::unix::fs::symlink(examples, folder.path().join("examples")).unwrap();
    let modules = root().join("node_modules").canonicalize().unwrap();
    std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).unwrap();
    folder
}

/// Exit code, result and talk of a command.
fn run(folder: &TempDir, command: &str) -> (i32, String, String) {
    let mut portcullis = Command::cargo_bin("portcullis").unwrap();
    let output = portcullis.current_dir(folder.path()).args(command.split_whitespace()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(folder: &TempDir, command: &str, code: i32) -> Value {
    let (ended, result, talk) = run(folder, &format!("{command} --json"));
    assert_eq!(ended, code, "{command}: {talk}");
    serde_json::from_str(&result).unwrap()
}

#[test]
fn every_command_of_the_page_runs_on_the_staking_portfolio() {
    let page = fs::read_to_string(root().join("docs/allocation.md")).unwrap();
    let shell: String = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let commands: Vec<&str> = shell.lines().filter_map(|line| line.strip_prefix("portcullis ")).collect();
    assert_eq!(commands.len(), 13, "{commands:?}");
    let folder = place();
    for command in commands {
        // What is breached, moves or differs ends with 2, and what nobody has attested with 3.
        let is = |words: &[&str]| words.iter().any(|word| command.contains(&format!("allocate {word}")));
        let ends = match command {
            _ if is(&["check", "propose", "compare"]) => 2,
            _ if is(&["simulate"]) => 3,
            _ => 0,
        };
        let (code, result, talk) = run(&folder, command);
        assert_eq!(code, ends, "portcullis {command}\n{talk}");
        assert!(ends != 3 || result.contains("attest"), "portcullis {command}\n{result}");
        assert!(!result.is_empty(), "portcullis {command}");
    }
}

#[test]
fn the_incident_stops_increases_and_the_rest_comes_back_within_its_limits() {
    let folder = place();
    let propose = format!("allocate propose examples/staking --at {AT} --out proposal.json");
    let proposal = json(&folder, &propose, 2)["proposal"].clone();
    assert_eq!(proposal["totals"]["violation_after"], "0", "{}", proposal["collisions"]);
    assert_ne!(proposal["totals"]["violation_now"], "0");
    assert_eq!(proposal["manual_review"], true);
    assert_eq!(proposal["subjects"].as_array().unwrap().len(), 200);
    assert!(proposal["phases"].as_array().unwrap().len() > 1);
    let cedar = json(&folder, "allocate explain proposal.json examples/staking cedar --report cedar.html", 0);
    let page = fs::read_to_string(folder.path().join("cedar.html")).unwrap();
    assert_eq!(page.matches("<rect").count(), cedar["course"].as_array().unwrap().len());
    assert!(page.contains("slashing-cedar-1") && !page.contains('\u{1b}'), "{page}");
    let flows = cedar["flows"].as_array().unwrap();
    assert!(flows.iter().all(|flow| flow["move"] == "decrease"), "{flows:?}");
    let records = cedar["records"].as_array().unwrap();
    assert!(
        records.iter().any(|record| record["clause"] == "incident" && record["values"]["event"] == "slashing-cedar-1")
    );
}

#[test]
fn a_proposal_that_somebody_changed_is_refused() {
    let folder = place();
    json(&folder, &format!("allocate propose examples/staking --at {AT} --out proposal.json"), 2);
    let file = folder.path().join("proposal.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("\"manual_review\": true", "\"manual_review\": false", 1)).unwrap();
    let (code, _, talk) = run(&folder, "allocate verify proposal.json examples/staking");
    assert_eq!(code, 1);
    assert!(talk.contains("the id is not the hash of the proposal"), "{talk}");
}

#[test]
fn a_profile_that_is_too_old_is_an_error_that_says_what_to_do() {
    let (code, result, talk) = run(&place(), "allocate check examples/staking --at 2026-11-25T00:00:00Z");
    assert_eq!((code, result.as_str()), (1, ""));
    assert!(talk.contains("examples/staking/risk.toml: profiles[alder].at"), "{talk}");
    assert!(talk.contains("measure alder again"), "{talk}");
    assert_eq!(talk.lines().count(), 1);
}

const BUILD: &str = "allocate build proposal.json examples/staking --mapping examples/staking/safe/mapping.toml \
                     --nonce 1 --safe-version 1.4.1 --out batch.json";
/// A key that anvil publishes, and whose it is.
const KEY: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const REVIEWER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/// What a command says that ends with 1.
fn refused(folder: &TempDir, command: &str) -> String {
    let (code, _, talk) = run(folder, command);
    assert_eq!(code, 1, "{command}: {talk}");
    assert_eq!(talk.matches("error: ").count(), 1, "{talk}");
    talk
}

fn decide(folder: &TempDir, word: &str, out: &str, key: bool) {
    let mut portcullis = Command::cargo_bin("portcullis").unwrap();
    portcullis.current_dir(folder.path()).args(["allocate", word, "proposal.json", "--by", "ana"]);
    portcullis.args(["--why", "the incident is over", "--out", out]);
    if key {
        portcullis.args(["--key-env", "REVIEWER"]).env("REVIEWER", KEY);
    }
    portcullis.assert().success();
}

#[test]
fn nothing_is_built_of_a_proposal_that_was_rejected_or_lacks_its_review() {
    let folder = place();
    json(&folder, &format!("allocate propose examples/staking --at {AT} --out proposal.json"), 2);
    let (lacks, unsigned) = ("a person must review it first", "no reviewer approved it with their key");
    assert!(refused(&folder, BUILD).contains(lacks));
    decide(&folder, "approve", "yes.json", false);
    decide(&folder, "approve", "signed.json", true);
    decide(&folder, "reject", "no.json", false);
    json(&folder, &format!("{BUILD} --decision yes.json"), 0);
    // One who rejects is enough, whoever approved.
    let both = refused(&folder, &format!("{BUILD} --decision yes.json --decision no.json"));
    assert!(both.contains("ana rejected the proposal: the incident is over"), "{both}");
    // Whose signature is asked for is not replaced by a name.
    let by_name = refused(&folder, &format!("{BUILD} --decision yes.json --reviewer {REVIEWER}"));
    assert!(by_name.contains("unsigned, which no reviewer signed") && by_name.contains(unsigned), "{by_name}");
    json(&folder, &format!("{BUILD} --decision signed.json --reviewer {REVIEWER}"), 0);
    let other = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
    assert!(refused(&folder, &format!("{BUILD} --decision signed.json --reviewer {other}")).contains(unsigned));
    // A signature is of all that the decision says.
    let signed = fs::read_to_string(folder.path().join("signed.json")).unwrap();
    let of = |from: &str, to: &str| {
        fs::write(folder.path().join("changed.json"), signed.replacen(from, to, 1)).unwrap();
        refused(&folder, &format!("{BUILD} --decision changed.json"))
    };
    for (from, to) in [("approved", "rejected"), ("\"ana\"", "\"ben\""), ("is over", "is"), ("T", "T0")] {
        let talk = of(from, to);
        assert!(talk.contains("the signature is not that of") || talk.contains("changed.json: at"), "{from}: {talk}");
    }
    // Decisions that lie with the documents count as well.
    let records = "allocate put records examples/staking proposal.json";
    json(&folder, &format!("{records} signed.json"), 0);
    let build = BUILD.replace("examples/staking --mapping", "records --mapping");
    json(&folder, &build, 0);
    json(&folder, &format!("{records} no.json"), 0);
    assert!(refused(&folder, &build).contains("ana rejected the proposal"));
}

#[test]
fn a_reviewer_is_asked_for_whether_or_not_a_policy_asks() {
    let folder = place();
    fs::create_dir(folder.path().join("calm")).unwrap();
    for file in fs::read_dir(root().join("examples/staking")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "toml" || ending == "json") {
            let text = fs::read_to_string(&file).unwrap().replace("\"manual-review\"", "\"suspend-increases\"");
            fs::write(folder.path().join("calm").join(file.file_name().unwrap()), text).unwrap();
        }
    }
    let proposed = json(&folder, &format!("allocate propose calm --at {AT} --out proposal.json"), 2);
    assert_eq!(proposed["proposal"]["manual_review"], false);
    let build = BUILD.replace("examples/staking --mapping", "calm --mapping");
    json(&folder, &build, 0);
    let asked = format!("{build} --reviewer {REVIEWER}");
    assert!(refused(&folder, &asked).contains("no reviewer approved it with their key"));
    decide(&folder, "approve", "signed.json", true);
    json(&folder, &format!("{asked} --decision signed.json"), 0);
}

#[test]
fn records_are_never_changed() {
    let folder = place();
    json(&folder, &format!("allocate propose examples/staking --at {AT} --out proposal.json"), 2);
    let put = json(&folder, "allocate put records examples/staking proposal.json", 0);
    assert_eq!((&put["documents"], put["put"].as_array().unwrap().len()), (&5.into(), 5));
    let again = json(&folder, "allocate put records examples/staking proposal.json", 0);
    assert_eq!((&again["documents"], again["put"].as_array().unwrap().len()), (&5.into(), 0));
    // They are documents like any others, and lead to the same.
    let same = json(&folder, &format!("allocate propose records --at {AT}"), 2);
    assert_eq!(same["proposal"]["id"], put["put"][4]["id"]);
    json(&folder, "allocate verify proposal.json records", 0);
    // Another content under the same name is refused, and nothing of what comes with it is put there.
    let care = fs::read_to_string(root().join("examples/staking/care.toml")).unwrap();
    fs::write(folder.path().join("care.toml"), care.replace("author = \"ben\"", "author = \"eve\"")).unwrap();
    fs::copy(root().join("examples/staking/next/care.toml"), folder.path().join("next.toml")).unwrap();
    let talk = refused(&folder, "allocate put records next.toml care.toml");
    assert!(talk.contains("the policy `care@1` is there with other content"), "{talk}");
    assert_eq!(fs::read_dir(folder.path().join("records")).unwrap().count(), 5);
    // A reference to what is not there says so.
    json(&folder, "allocate put alone proposal.json", 0);
    let (code, shown, _) = run(&folder, "allocate show alone 0x5b3dbfda");
    assert!(code == 0 && shown.contains("which is not there"), "{shown}");
    assert!(refused(&folder, "allocate show records 2026-11-20").contains("name it by its hash"));
    assert!(refused(&folder, "allocate show records nobody").contains("is called `nobody`"));
    // What was edited is found out, and so is a proposal that was forged.
    let kept = fs::read_dir(folder.path().join("alone")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&kept).unwrap();
    let forged = text.replacen("\"manual_review\":true", "\"manual_review\":false", 1);
    assert_ne!(forged, text);
    fs::write(&kept, forged).unwrap();
    assert!(refused(&folder, "allocate list alone").contains("the id is not the hash of the proposal"));
    let risk = fs::read_dir(folder.path().join("records")).unwrap().map(|entry| entry.unwrap().path());
    let risk = risk.into_iter().find(|path| path.display().to_string().contains("-risk-")).unwrap();
    let text = fs::read_to_string(&risk).unwrap();
    fs::write(&risk, text.replacen("94.8", "99.9", 1)).unwrap();
    assert!(refused(&folder, "allocate list records").contains("it is not the document that its name says"));
}

#[test]
fn a_phase_is_simulated_only_on_the_account_that_its_mapping_names() {
    let folder = place();
    json(&folder, &format!("allocate propose examples/staking --at {AT} --out proposal.json"), 2);
    let policy = fs::read_to_string(root().join("examples/staking/safe/policy.toml")).unwrap();
    let mine = "eth:0x1000000000000000000000000000000000000000";
    let other = policy.replace(mine, "eth:0x1000000000000000000000000000000000000009");
    assert_ne!(other, policy);
    fs::write(folder.path().join("other.toml"), other).unwrap();
    let simulate = "allocate simulate proposal.json examples/staking --mapping examples/staking/safe/mapping.toml";
    let talk = refused(&folder, &format!("{simulate} --policy other.toml"));
    assert!(talk.contains("is of the Safe `0x1000000000000000000000000000000000000000`, not of"), "{talk}");
}
