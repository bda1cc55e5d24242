//! Lists from files: only the pinned bytes, only addresses, and the same program as the list written inline.

use portcullis_policy::{Diagnostic, Policy, compile};

const FRIEND: &str = "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3";
const OTHER: &str = "0x15a97b508879afed7eFF8069C8DDE948113E8474";
const HASH: &str = "b7b76b9ddd41a86cff7e6a2de87b5c43fefc05f2a9dd63a43d7cbd78ac1e1d80";

fn document(list: &str) -> String {
    format!(
        r#"version = 1
name = "imports"
account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
semantics = "first-match"
control = {{ change_delay = "48h" }}
assets = {{ ETH = {{ standard = "native", decimals = 18 }} }}
[lists]
payroll = {list}
[[rules]]
id = "pay"
when = {{ effect = "transfer", asset = "ETH", recipient = "@payroll" }}
then = {{ allow = true }}
"#
    )
}

fn read(document: &str, file: &[u8]) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let load = |path: &str| match path {
        "lists/payroll.txt" => Ok(file.to_vec()),
        _ => Err("there is no such file".to_owned()),
    };
    let policy = Policy::parse_with(document, "policies/policy.toml", &load).map_err(|all| all.items().to_vec())?;
    Ok(compile(&policy).expect("what parses compiles").program)
}

/// The hash to pin, as the error about a missing one tells it.
fn hash(file: &[u8]) -> String {
    let errors = read(&document("{ import = \"lists/payroll.txt\" }"), file).expect_err("has no hash");
    let help = &errors[0].help;
    help.rsplit("sha256 = \"").next().and_then(|rest| rest.get(..64)).expect("has a hash").to_owned()
}

fn pinned(file: &[u8]) -> Result<Vec<u8>, Vec<Diagnostic>> {
    read(&document(&format!("{{ import = \"lists/payroll.txt\", sha256 = \"{}\" }}", hash(file))), file)
}

fn faults(file: &str) -> Vec<(String, usize, usize, String, String)> {
    let errors = pinned(file.as_bytes()).expect_err("is faulty");
    errors.into_iter().map(|one| (one.file, one.line, one.column, one.message, one.help)).collect()
}

#[test]
fn other_bytes_than_the_pinned_ones_are_never_read_nor_shown() {
    let pin = |hash: &str| document(&format!("{{ import = \"lists/payroll.txt\", sha256 = \"{hash}\" }}"));
    let secret = b"not an address";
    let right = hash(secret);
    for wrong in [HASH, &right.to_uppercase(), &"0".repeat(64)] {
        let errors = read(&pin(wrong), secret).expect_err("is another file");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!((errors[0].line, errors[0].column), (8, 52));
        assert!(errors[0].message.ends_with(&format!("its SHA-256 is `{right}`")), "{}", errors[0].message);
        assert!(errors[0].help.ends_with(&format!("if the change is meant, write `{right}`")));
        assert!(!errors[0].to_string().contains("not an address"), "{}", errors[0]);
    }
    let errors = read(&pin("abc"), secret).expect_err("is no hash");
    assert_eq!(errors[0].message, "`abc` is no SHA-256 hash: that is 64 hexadecimal digits");
}

#[test]
fn a_missing_hash_is_told_and_is_that_of_the_exact_bytes() {
    let errors = read(&document("{ import = \"lists/payroll.txt\" }"), b"").expect_err("has no hash");
    assert_eq!((errors[0].line, errors[0].column, errors[0].message.as_str()), (8, 1, "`sha256` is missing"));
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(
        errors[0].help,
        format!("look `lists/payroll.txt` over; if it is the list you mean, write `sha256 = \"{empty}\"`")
    );
    assert_ne!(hash(format!("{FRIEND}\n").as_bytes()), hash(format!("{FRIEND}\r\n").as_bytes()));
}

#[test]
fn only_files_from_the_policys_folder_are_read() {
    for (path, message) in [
        ("lists/none.txt", "cannot read `lists/none.txt`: there is no such file"),
        ("/etc/passwd", "`/etc/passwd` is no path from the policy's folder"),
        ("", "`` is no path from the policy's folder"),
        ("file:list.txt", "`file:list.txt` is no path from the policy's folder"),
    ] {
        let errors =
            read(&document(&format!("{{ import = \"{path}\", sha256 = \"{HASH}\" }}")), b"").expect_err("is none");
        assert_eq!((errors[0].line, errors[0].column, errors[0].message.as_str()), (8, 22, message));
    }
    let errors = read(&document(&format!("{{ sha256 = \"{HASH}\" }}")), b"").expect_err("has no path");
    assert_eq!(errors[0].message, "`import` is missing");
    let list = format!("{{ import = \"lists/payroll.txt\", registry = \"{FRIEND}\" }}");
    let errors = read(&document(&list), b"").expect_err("is two things");
    assert!(errors.iter().any(|one| one.message == "unknown key `registry`"), "{errors:?}");
    let import = document(&format!("{{ import = \"lists/payroll.txt\", sha256 = \"{HASH}\" }}"));
    let alone = Policy::parse(&import, "policy.toml").expect_err("has no files");
    assert!(alone.to_string().contains("cannot read `lists/payroll.txt`: a policy on its own has no other files"));
}

#[test]
fn a_faulty_list_is_told_by_its_own_lines() {
    let name = "policies/lists/payroll.txt".to_owned();
    let small = FRIEND.to_lowercase();
    assert_eq!(
        faults(&format!("# people\n{OTHER} Bob\n   {small}   Alice\n")),
        [(
            name.clone(),
            3,
            4,
            format!("address `{small}` has no checksum"),
            format!("if the digits are right, write `{FRIEND}`")
        )]
    );
    assert_eq!(
        faults(&format!("{OTHER}\n\n{FRIEND} # Alice\r\n{OTHER} Bob")),
        [(
            name.clone(),
            4,
            1,
            format!("`{OTHER}` is listed twice, first on line 1"),
            "leave one of them out".to_owned()
        )]
    );
    let wrong = OTHER.replacen("15a", "15A", 1);
    let two = faults(&format!("{wrong}\nAlice {FRIEND}\n"));
    assert_eq!(two.len(), 2, "{two:?}");
    assert_eq!(two[0].3, format!("address `{wrong}` has a wrong checksum"));
    assert_eq!((two[1].1, two[1].2, two[1].3.as_str()), (2, 1, "`Alice` is not an address"));
    let empty = faults("# nobody yet\n");
    assert_eq!((empty[0].0.as_str(), empty[0].1, empty[0].3.as_str()), (name.as_str(), 1, "the list is empty"));
    let errors = pinned(&[0xff, 0xfe]).expect_err("is no text");
    assert_eq!(errors[0].message, "`lists/payroll.txt` is not text");
}

#[test]
fn an_imported_list_compiles_to_the_bytes_of_the_inline_one() {
    let inline = read(&document(&format!("[\"{FRIEND}\", \"{OTHER}\"]")), b"").expect("reads");
    for file in [
        format!("{FRIEND}\n{OTHER}\n"),
        format!("\u{feff}# The payroll\r\n\r\n{OTHER}\tBob, from May # part time\r\n  {FRIEND} # Alice"),
    ] {
        assert_eq!(pinned(file.as_bytes()).expect("reads"), inline);
    }
    let file = format!("{FRIEND}\n{OTHER}\n");
    let policy = Policy::parse(&document("[\"0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE\"]"), "p.toml").expect("reads");
    let mut text: serde_json::Value = serde_json::from_str(&policy.to_json()).expect("is JSON");
    text["lists"]["payroll"] = serde_json::json!({ "import": "lists/payroll.txt", "sha256": hash(file.as_bytes()) });
    let load = |_: &str| Ok(file.clone().into_bytes());
    let policy = Policy::parse_with(&text.to_string(), "policy.json", &load).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(compile(&policy).expect("compiles").program, inline);
}
