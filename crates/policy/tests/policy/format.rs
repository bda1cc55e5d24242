//! Laying out changes nothing that a document says, loses no comment, and is done once.

use crate::common;

use common::{policy, rng};
use portcullis_policy::{Policy, compile, format};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

const EXAMPLES: [&str; 6] = [
    include_str!("../../../../examples/treasury/policy.toml"),
    include_str!("../../../../examples/minimal/policy.toml"),
    include_str!("../../../../examples/payroll/policy.toml"),
    include_str!("../../../../examples/two-managers/policy.toml"),
    include_str!("../../../../examples/market-maker/policy.toml"),
    include_str!("../../../../examples/grants/policy.toml"),
];

fn laid_out(text: &str, file: &str) -> String {
    format(text, file).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn bytes(text: &str, file: &str) -> Vec<u8> {
    let policy = Policy::parse(text, file).unwrap_or_else(|error| panic!("{error}\n{text}"));
    compile(&policy).expect("compiles").program
}

/// Comments, blank lines and spaces where TOML lets them be, and how many comments there are.
fn scribbled(rng: &mut ChaCha8Rng, text: &str) -> (String, usize) {
    let mut comments = 0;
    let mut comment = |rng: &mut ChaCha8Rng| {
        comments += 1;
        format!("#{} note {comments}{}", " ".repeat(rng.random_range(0..3)), " ".repeat(rng.random_range(0..2)))
    };
    let mut out = String::new();
    for line in text.lines() {
        if rng.random_ratio(1, 5) {
            out.push_str(&"\n".repeat(rng.random_range(1..4)));
        }
        if rng.random_ratio(1, 5) {
            out.push_str(&format!("  {}\n", comment(rng)));
        }
        let mut line = line.to_owned();
        if let Some((key, value)) = line.split_once(" = [").filter(|(_, value)| value.contains(", ") && rng.random()) {
            let value = value.replacen(", ", &format!(" ,   {}\n\n {}\n", comment(rng), comment(rng)), 1);
            line = format!("{key}=[ {value}");
        } else if rng.random() {
            line = line.replacen(" = ", "   =", 1).replace("{ ", "{").replace(" }", "   }");
        }
        out.push_str(&format!("{}{line}", " ".repeat(rng.random_range(0..3))));
        if rng.random_ratio(1, 5) {
            out.push_str(&comment(rng));
        }
        out.push_str(if rng.random() { "\n" } else { "\r\n" });
    }
    (out, comments)
}

#[test]
fn no_byte_and_no_comment_changes_and_nothing_is_left_to_lay_out() {
    let mut scribbles = 0;
    let documents = (0..300).map(|seed| policy(&mut rng(seed)).to_toml());
    for (seed, text) in documents.chain(EXAMPLES.map(str::to_owned)).enumerate() {
        let (written, comments) = scribbled(&mut rng(u64::try_from(seed).expect("few")), &text);
        let done = laid_out(&written, "policy.toml");
        assert_eq!(bytes(&done, "policy.toml"), bytes(&text, "policy.toml"), "{done}");
        assert_eq!(laid_out(&done, "policy.toml"), done);
        for number in 1..=comments {
            assert_eq!(done.matches(&format!("note {number}\n")).count(), 1, "note {number} of\n{written}\n{done}");
        }
        assert!(done.lines().all(|line| line.trim_end() == line) && !done.contains("\n\n\n"), "{done}");
        scribbles += comments;
    }
    assert!(scribbles > 3_000, "{scribbles}");
}

#[test]
fn spaces_alone_never_make_another_text() {
    for seed in 0..100 {
        let text = policy(&mut rng(seed)).to_toml();
        let mut spaced = text.replace(" = ", "=").replace(", ", " ,  ");
        spaced = spaced.replace("[ ", "[").replace('\n', "  \r\n");
        assert_eq!(laid_out(&spaced, "policy.toml"), laid_out(&text, "policy.toml"));
    }
}

#[test]
fn json_keeps_its_order_and_its_bytes() {
    let treasury = include_str!("../../../../examples/treasury/policy.json");
    let squeezed: String = treasury.lines().map(str::trim).collect();
    assert_eq!(laid_out(&squeezed, "policy.json"), treasury);
    for seed in 0..100 {
        let text = policy(&mut rng(seed)).to_json();
        let done = laid_out(&text, "policy.json");
        assert_eq!(bytes(&done, "policy.json"), bytes(&text, "policy.json"));
        assert_eq!(laid_out(&done, "policy.json"), done);
    }
}

#[test]
fn what_is_no_toml_or_json_is_never_laid_out() {
    for (text, file, line) in
        [("a = 1\nb = ", "policy.toml", 2), ("{ \"a\": 1,\n }", "policy.json", 1), ("", "p.json", 1)]
    {
        let error = format(text, file).expect_err("is malformed");
        assert_eq!(error.items().first().map(|one| one.line), Some(line), "{error}");
    }
}

const BEFORE: &str = r#"
#:schema ./policy.schema.json
version=1
name   =   "acme"   # ours

account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
[lists]

friends = [ "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3",
"0x15a97b508879afed7eFF8069C8DDE948113E8474" ]
# payroll
people = [
      # the first
   "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3",   # Alice
"0x15a97b508879afed7eFF8069C8DDE948113E8474" # Bob
  # more to come
]
three = ["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3", "0x15a97b508879afed7eFF8069C8DDE948113E8474", "0x2F03d7a827b97aCF10141348A8E3E42164AeE2A3"]
# Salaries.
# On working days.
[[rules]]
id="pay"
when={effect="transfer",asset="USDC",recipient=["@people"]}
then={}
[[rules]]
id = "owner-management"
when = { target = "account", selector = ["addOwnerWithThreshold(address,uint256)", "removeOwner(address,address,uint256)"] }
# the end"#;

const AFTER: &str = r#"#:schema ./policy.schema.json
version = 1
name    = "acme" # ours

account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"

[lists]
friends = ["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3", "0x15a97b508879afed7eFF8069C8DDE948113E8474"]
# payroll
people = [
  # the first
  "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3", # Alice
  "0x15a97b508879afed7eFF8069C8DDE948113E8474", # Bob
  # more to come
]
three  = [
  "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3",
  "0x15a97b508879afed7eFF8069C8DDE948113E8474",
  "0x2F03d7a827b97aCF10141348A8E3E42164AeE2A3",
]

# Salaries.
# On working days.
[[rules]]
id   = "pay"
when = { effect = "transfer", asset = "USDC", recipient = ["@people"] }
then = {}

[[rules]]
id   = "owner-management"
when = { target = "account", selector = [
  "addOwnerWithThreshold(address,uint256)",
  "removeOwner(address,address,uint256)",
] }
# the end
"#;

#[test]
fn a_document_is_laid_out_like_this() {
    assert_eq!(laid_out(BEFORE, "policy.toml"), AFTER);
}
