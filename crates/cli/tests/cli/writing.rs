//! What helps to write a policy: templates, layout, lists in files, the schema.

use assert_cmd::Command;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Exit code, stdout and stderr, in this folder.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("portcullis").unwrap().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json_of(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let (code, out, _) = run(folder, &[arguments, &["--json"]].concat());
    (code, serde_json::from_str(&out).unwrap_or(Value::Null))
}

const TEMPLATES: [&str; 5] = ["small-company", "dao-treasury", "market-maker", "grants", "staking"];
const ACCOUNT: &str = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8";

#[test]
fn a_template_never_overwrites_anything() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("policy.toml");
    fs::write(&file, "mine").unwrap();
    let (code, _, talk) = run(folder.path(), &["init", "policy.toml"]);
    assert_eq!(code, 1);
    assert_eq!(talk.trim(), "error: `policy.toml` exists, and is left as it is: choose another name");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    // Nor is anything written that would not pass, or that says another format than it is.
    for (arguments, error) in [
        (["--account", "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE", "new.toml"], "--account: "),
        (["--account", &ACCOUNT.to_lowercase(), "new.toml"], "has no checksum; if the digits are right, write `0xe8E0"),
        (["--template", "grants", "new.json"], "give `new.json` a name that ends in .toml"),
    ] {
        let (code, _, talk) = run(folder.path(), &[["init"].as_slice(), &arguments].concat());
        assert_eq!(code, 1);
        assert!(talk.contains(error), "{talk}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn every_template_is_sound_laid_out_and_about_the_account_that_is_named() {
    let folder = TempDir::new().unwrap();
    for template in TEMPLATES {
        let file = format!("{template}.toml");
        let (code, out, talk) = run(folder.path(), &["init", "--template", template, "--account", ACCOUNT, &file]);
        assert_eq!((code, talk.as_str()), (0, ""), "{talk}");
        assert!(out.contains(&format!("portcullis check {file}")), "{out}");
        let text = fs::read_to_string(folder.path().join(&file)).unwrap();
        assert!(
            text.contains(&format!("\"{ACCOUNT}\"")) && !text.contains("0x1000000000000000000000000000000000000000")
        );
        let comments = text.lines().filter(|line| line.starts_with('#')).count();
        assert!(comments >= 8, "{template} teaches little: {comments} comments");
        assert_eq!(json_of(folder.path(), &["check", &file]).1["sound"], json!(true), "{template}");
        assert_eq!(run(folder.path(), &["fmt", "--check", &file]).0, 0, "{template} is not laid out");
    }
    let base = ACCOUNT.replace("eth", "base");
    let (code, _, talk) = run(folder.path(), &["init", "--account", &base, "base.toml"]);
    assert_eq!(code, 0);
    assert!(talk.contains("tokens are those of Ethereum"), "{talk}");
}

#[test]
fn laying_out_is_checked_before_it_is_done_and_done_once() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("policy.toml");
    let messy = "# mine\nversion=1\nname   =  \"x\" # a name\n";
    fs::write(&file, messy).unwrap();
    let (code, out, _) = run(folder.path(), &["fmt", "--check", "policy.toml"]);
    assert_eq!((code, out.trim()), (1, "policy.toml: not laid out; run `portcullis fmt policy.toml`"));
    assert_eq!(fs::read_to_string(&file).unwrap(), messy);
    let (code, result) = json_of(folder.path(), &["fmt", "policy.toml"]);
    assert_eq!((code, &result["changed"]), (0, &json!(true)));
    assert_eq!(fs::read_to_string(&file).unwrap(), "# mine\nversion = 1\nname    = \"x\" # a name\n");
    let (code, result) = json_of(folder.path(), &["fmt", "policy.toml"]);
    assert_eq!((code, &result["changed"], &result["laid_out"]), (0, &json!(false), &json!(true)));
    fs::write(&file, "version = \n").unwrap();
    let (code, _, talk) = run(folder.path(), &["fmt", "policy.toml"]);
    assert_eq!(code, 1);
    assert!(talk.contains("--> policy.toml:1:"), "{talk}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "version = \n");
}

#[test]
fn the_hash_of_a_list_is_told_by_check_and_then_holds() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("policies/lists")).unwrap();
    let list = folder.path().join("policies/lists/people.txt");
    fs::write(&list, "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3 Alice\n").unwrap();
    let policy = |import: &str| {
        let text = format!(
            "version = 1\nname = \"p\"\naccount = \"{ACCOUNT}\"\nsemantics = \"first-match\"\ncontrol = {{ change_delay = \"48h\" }}\n\
             assets = {{ ETH = {{ standard = \"native\", decimals = 18 }} }}\nlists = {{ people = {{ {import} }} }}\n\
             [[rules]]\nid = \"pay\"\nwhen = {{ asset = \"ETH\", recipient = \"@people\" }}\nthen = {{ allow = true }}\n"
        );
        fs::write(folder.path().join("policies/policy.toml"), text).unwrap();
    };
    policy("import = \"lists/people.txt\"");
    let (code, result) = json_of(folder.path(), &["check", "policies/policy.toml"]);
    assert_eq!((code, &result["errors"][0]["message"]), (1, &json!("`sha256` is missing")), "{result}");
    let help = result["errors"][0]["help"].as_str().unwrap();
    let pin = help.split('`').find(|part| part.starts_with("sha256 = ")).unwrap();
    policy(&format!("import = \"lists/people.txt\", {pin}"));
    assert_eq!(json_of(folder.path(), &["check", "policies/policy.toml"]).1["sound"], json!(true));
    fs::write(&list, "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\n").unwrap();
    let (code, _, talk) = run(folder.path(), &["check", "policies/policy.toml"]);
    assert_eq!(code, 1);
    assert!(talk.contains("is not the file that was pinned") && talk.contains("--> policies/policy.toml:7:"), "{talk}");
    fs::remove_file(&list).unwrap();
    let (code, _, talk) = run(folder.path(), &["check", "policies/policy.toml"]);
    assert_eq!(code, 1);
    assert!(talk.contains("cannot read `lists/people.txt`: No such file"), "{talk}");
    // A list that never ends is refused like any file that is too large.
    std::os::unix::fs::symlink("/dev/zero", &list).unwrap();
    let (code, _, talk) = run(folder.path(), &["check", "policies/policy.toml"]);
    assert_eq!(code, 1);
    assert!(talk.contains("cannot read `lists/people.txt`: ") && talk.contains("more than"), "{talk}");
}

#[test]
fn the_schema_is_printed_as_it_is_published() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (code, out, _) = run(&root, &["schema"]);
    assert_eq!(code, 0);
    assert_eq!(out, fs::read_to_string(root.join("docs/policy.schema.json")).unwrap());
}
