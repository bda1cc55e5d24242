//! Bad input ends in one clear answer, a non-zero exit code, and nothing written.

use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const TREASURY: &str = "examples/treasury/policy.toml";
const SOMEBODY: &str = "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn portcullis() -> Command {
    let mut command = Command::cargo_bin("portcullis").unwrap();
    // A backtrace is for those who ask with --verbose, whatever the environment says.
    command.current_dir(root()).env("RUST_BACKTRACE", "1");
    command
}

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

fn end(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The treasury's policy with one thing replaced, compiled to a file that must not come to be.
fn broken_policy(from: &str, to: &str) -> Ended {
    let text = fs::read_to_string(root().join(TREASURY)).unwrap();
    assert!(text.contains(from), "the policy has no `{from}`");
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("policy.toml"), text.replacen(from, to, 1)).unwrap();
    let ended = end(portcullis().current_dir(folder.path()).args(["compile", "policy.toml", "-o", "program.bin"]));
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["policy.toml"], "something was written");
    ended
}

/// Message, place and remedy of the first fault.
fn fault(ended: &Ended) -> (String, String, String) {
    let mut lines = ended.stderr.lines();
    let message = lines.next().unwrap_or_default().to_owned();
    let place = lines.next().unwrap_or_default().trim().trim_start_matches("--> ").to_owned();
    let help = lines.find_map(|line| line.trim().strip_prefix("= help: ")).unwrap_or_default().to_owned();
    (message, place, help)
}

fn transaction(text: &str) -> Ended {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tx.json");
    fs::write(&file, text).unwrap();
    let mut ended = end(portcullis().args(["explain", TREASURY]).arg(&file));
    ended.stderr = ended.stderr.replace(&file.display().to_string(), "tx.json");
    ended
}

#[test]
fn an_unknown_key_is_not_ignored() {
    let found = fault(&broken_policy("then = { allow = true }", "then = { allow = true, alow = true }"));
    assert_eq!(found.0, "error: unknown key `alow`");
    assert_eq!(found.1, "policy.toml:65:24");
    assert!(found.2.contains("`allow`"), "{}", found.2);
}

#[test]
fn a_wrong_checksum_is_not_corrected() {
    let (message, place, help) = fault(&broken_policy("0x3A492A4B22aB8a26", "0x3a492A4B22aB8a26"));
    assert_eq!(message, "error: address `0x3a492A4B22aB8a26f74294c2aC053220c8ce88A3` has a wrong checksum");
    assert_eq!(place, "policy.toml:21:3");
    assert!(help.contains("write `0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3`"), "{help}");
}

#[test]
fn decimals_that_the_asset_does_not_have_are_not_rounded() {
    let (message, place, help) = fault(&broken_policy("max = \"10_000\"", "max = \"10_000.1234567\""));
    assert_eq!(message, "error: `10_000.1234567` has 7 decimals, USDC has 6");
    assert_eq!(place, "policy.toml:70:89");
    assert_eq!(help, "write at most 6 digits behind the point, like `10000.123456`");
}

#[test]
fn an_empty_list_is_an_error() {
    let from = "[\"0xF37C7C5585Be70358a472a0dBc5a9765C357B8B0\"]";
    let (message, place, help) = fault(&broken_policy(from, "[]"));
    assert_eq!(message, "error: `automation` is empty");
    assert_eq!(place, "policy.toml:38:14");
    assert_eq!(help, "write at least one address");
}

#[test]
fn two_rules_cannot_share_an_id() {
    let (message, place, help) = fault(&broken_policy("id    = \"vendors-small\"", "id    = \"payroll\""));
    assert_eq!(message, "error: another rule has the id `payroll`");
    assert_eq!(place, "policy.toml:68:9");
    assert_eq!(help, "give every rule an id of its own");
}

#[test]
fn a_name_that_nothing_defines_is_an_error() {
    let (message, place, help) = fault(&broken_policy("@blocked", "@nobody"));
    assert_eq!(message, "error: no list or group is named `@nobody`");
    assert_eq!(place, "policy.toml:56:22");
    assert_eq!(help, "define `nobody` in `lists`");
}

#[test]
fn a_program_that_no_contract_can_hold_is_an_error() {
    let payees: Vec<String> = (1..1_300_u32).map(|number| format!("\"0x{number:040}\"")).collect();
    let from = "[\"0x039761C89Bce45Ca570d9B0cC7AdB8B38dbD9e98\"]";
    let (message, place, help) = fault(&broken_policy(from, &format!("[{}]", payees.join(", "))));
    assert!(message.starts_with("error: ") && message.contains("bytes"), "{message}");
    assert!(place.starts_with("policy.toml:"), "{place}");
    assert!(!help.is_empty());
}

#[test]
fn check_tells_a_program_what_is_wrong_as_json() {
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(root().join(TREASURY)).unwrap().replacen("@blocked", "@nobody", 1);
    fs::write(folder.path().join("policy.toml"), text).unwrap();
    let ended = end(portcullis().current_dir(folder.path()).args(["check", "policy.toml", "--json"]));
    assert_eq!((ended.code, ended.stderr.as_str()), (1, ""));
    let found: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(found["format_version"], "1.0");
    assert_eq!(found["sound"], false);
    assert_eq!(found["errors"][0]["line"], 56);
    assert_eq!(found["errors"][0]["column"], 22);
}

#[test]
fn a_transaction_that_does_not_parse_is_one_line() {
    let ended = transaction("{");
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert_eq!(ended.stderr, "error: tx.json: EOF while parsing an object at line 1 column 1\n");
    let ended = transaction(r#"{"actions":[],"gas":1}"#);
    assert_eq!(
        ended.stderr,
        "error: tx.json: unknown field `gas`, expected one of `origin`, `initiator`, `signatures`, `actions` at line 1 column 19\n"
    );
    let ended =
        transaction(&format!(r#"{{"actions":[{{"to":"{SOMEBODY}","value":"1e3","data":"0x","operation":0}}]}}"#));
    assert_eq!(ended.stderr, "error: tx.json: actions[0].value: `1e3` is not a number: write wei in decimal digits\n");
    let ended =
        transaction(&format!(r#"{{"actions":[{{"to":"{SOMEBODY}","value":"1","data":"0xzz","operation":0}}]}}"#));
    assert_eq!(
        ended.stderr,
        "error: tx.json: actions[0].data: `0xzz` is not calldata: write 0x and an even number of hex digits\n"
    );
    assert_eq!(ended.code, 1);
}

#[test]
fn a_file_that_is_not_there_is_one_line() {
    let ended = end(portcullis().args(["check", "no-such-policy.toml"]));
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert_eq!(ended.stderr, "error: cannot read `no-such-policy.toml`: No such file or directory (os error 2)\n");
}

#[test]
fn bytes_that_are_no_program_do_not_decompile() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("program.bin"), [0, 1, 2]).unwrap();
    let ended = end(portcullis().current_dir(folder.path()).args(["decompile", "program.bin"]));
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert!(ended.stderr.starts_with("error: program.bin: "), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1);
}

#[test]
fn a_node_that_does_not_answer_is_one_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tx.json");
    fs::write(&file, format!(r#"{{"actions":[{{"to":"{SOMEBODY}","value":"1","data":"0x","operation":0}}]}}"#))
        .unwrap();
    // Bound and closed again: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let simulate = vec!["simulate", "--rpc", &url, "--safe", SOMEBODY, "--tx"];
    // A state that cannot be read leaves a simulation undecided.
    for (arguments, code) in [(simulate, 4), (vec!["demo", "--rpc", &url], 1)] {
        let mut command = portcullis();
        command.args(&arguments);
        if arguments.last() == Some(&"--tx") {
            command.arg(&file);
        }
        let ended = end(&mut command);
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""));
        assert_eq!(
            ended.stderr,
            format!(
                "error: no node answers at `{url}`: Connection refused (os error 111); start one or check the URL\n"
            )
        );
    }
}

#[test]
fn a_wrong_argument_is_an_error_and_not_a_change() {
    let ended = end(portcullis().args(["check", "--no-such-flag"]));
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert!(ended.stderr.starts_with("error: unexpected argument '--no-such-flag' found"), "{}", ended.stderr);
    assert_eq!(end(portcullis().args(["--help"])).code, 0);
}

#[test]
fn a_backtrace_is_shown_to_those_who_ask() {
    let ended = end(portcullis().args(["check", "no-such-policy.toml", "--verbose"]));
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("BACKTRACE"), "{}", ended.stderr);
}
