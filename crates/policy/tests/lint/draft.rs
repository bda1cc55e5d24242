//! Random policies over few addresses, amounts and times.

use portcullis_policy::{Policy, compile};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

pub(crate) const ACCOUNT: &str = "0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8";
pub(crate) const TOKEN: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
pub(crate) const BADGES: &str = "0x15a97b508879afed7eFF8069C8DDE948113E8474";
pub(crate) const REGISTRY: &str = "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE";
pub(crate) const ALICE: &str = "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3";
pub(crate) const BOB: &str = "0xa49133BA34B50B95E56f0DF0bf2b25e8826A7A5a";
pub(crate) const MODULE: &str = "0xF37C7C5585Be70358a472a0dBc5a9765C357B8B0";

/// What the rules of a policy may ask besides the effect itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    Origin,
    Initiator,
    Time,
    Weekday,
    Word,
    StaticCall,
    Registry,
    Code,
    Within,
}

pub(crate) const EXTRAS: [Extra; 9] = [
    Extra::Origin,
    Extra::Initiator,
    Extra::Time,
    Extra::Weekday,
    Extra::Word,
    Extra::StaticCall,
    Extra::Registry,
    Extra::Code,
    Extra::Within,
];

/// A policy and what it may ask.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) head: String,
    pub(crate) rules: Vec<String>,
    pub(crate) extras: Vec<Extra>,
    /// The standard of the tokens that are declared besides.
    pub(crate) badges: Option<&'static str>,
    /// Whether rules ask for approvals, signatures and attestations.
    pub(crate) asks: bool,
}

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn some(rng: &mut ChaCha8Rng, of: &[&str]) -> String {
    (*of.choose(rng).expect("some")).to_owned()
}

impl Draft {
    pub(crate) fn new(rng: &mut ChaCha8Rng) -> Self {
        let semantics = some(rng, &["first-match", "first-match", "all-must-pass", "allow-overrides"]);
        let count = rng.random_range(0..3);
        let mut extras: Vec<Extra> = EXTRAS.sample(rng, count).copied().collect();
        extras.sort_by_key(|extra| *extra as u8);
        let badges = match rng.random_range(0..5) {
            0 => Some("erc721"),
            1 => Some("erc1155"),
            _ => None,
        };
        let everywhere = rng.random_range(0..5) == 0;
        let asks = rng.random_range(0..3) == 0;
        let head = head(&semantics, badges, everywhere);
        let mut draft = Self { head, rules: Vec::new(), extras, badges, asks };
        let many = rng.random_range(1..=4);
        for _ in 0..50 {
            if draft.rules.len() >= many {
                break;
            }
            let rule = draft.rule(rng);
            draft.rules.push(rule);
            if draft.try_policy().is_none() {
                draft.rules.pop();
            }
        }
        draft
    }

    pub(crate) fn text(&self) -> String {
        let rules: Vec<String> =
            self.rules.iter().enumerate().map(|(n, rule)| format!("[[rules]]\nid = \"r{n}\"\n{rule}\n")).collect();
        format!("{}\n{}", self.head, rules.join("\n"))
    }

    fn try_policy(&self) -> Option<Policy> {
        let policy = Policy::parse(&self.text(), "policy.toml").ok()?;
        compile(&policy).ok()?;
        Some(policy)
    }

    pub(crate) fn policy(&self) -> Policy {
        self.try_policy().unwrap_or_else(|| panic!("{}", self.text()))
    }

    pub(crate) fn rule(&self, rng: &mut ChaCha8Rng) -> String {
        let mut keys = Vec::new();
        let mut asset = None;
        if rng.random_range(0..12) == 0 {
            let target = some(rng, &["\"@alice\"", "\"@both\"", "\"account\"", "\"T\"", "[\"@bob\", \"T\"]"]);
            keys.push(format!("operation = \"delegatecall\", target = {target}"));
            if rng.random_range(0..3) == 0 {
                keys.push("selector = \"0x11111111\"".to_owned());
            }
            keys.extend(self.common(rng, None, 0));
            let then = some(rng, &["{ deny = true }", "{ allow = true }", "{ allow = true, delay = \"1h\" }"]);
            return format!("when = {{ {} }}\nthen = {then}", keys.join(", "));
        }
        if rng.random_range(0..3) > 0 {
            keys.push(format!("effect = \"{}\"", some(rng, &["transfer", "transfer", "approve", "call", "opaque"])));
        }
        if rng.random_range(0..2) == 0 {
            let name = some(rng, if self.badges.is_some() { &["ETH", "T", "N"] } else { &["ETH", "T"] });
            keys.push(format!("asset = \"{name}\""));
            asset = Some(name);
        }
        if rng.random_range(0..6) == 0 {
            keys.push(format!(
                "target = {}",
                some(rng, &["\"@alice\"", "\"@both\"", "\"account\"", "\"T\"", "[\"@bob\", \"T\"]"])
            ));
        }
        if rng.random_range(0..6) == 0 {
            let selector = some(
                rng,
                &[
                    "\"0x11111111\"",
                    "[\"0x11111111\", \"transfer(address,uint256)\"]",
                    "\"enableModule(address)\"",
                    "\"transferFrom(address,address,uint256)\"",
                ],
            );
            keys.push(format!("selector = {selector}"));
            if rng.random() {
                keys.push("opaque = true".to_owned());
            }
        }
        keys.extend(self.common(rng, asset.as_deref(), 0));
        let then = match rng.random_range(0..6) {
            0..=2 => "{ deny = true }".to_owned(),
            3 => "{ allow = true }".to_owned(),
            4 => format!("{{ allow = true, delay = \"{}\" }}", some(rng, &["1h", "2h"])),
            _ if asset.as_deref() == Some("T") => {
                format!("{{ allow = true, limits = {} }}", some(rng, &["[\"day\"]", "[\"day\", \"count\"]"]))
            }
            _ => "{ allow = true, limits = [\"count\"] }".to_owned(),
        };
        let then = match then.strip_suffix(" }").filter(|_| then.contains("allow")) {
            Some(open) if self.asks && !keys.iter().any(|key| key.starts_with("origin")) => {
                format!("{open}{} }}", asking(rng).concat())
            }
            _ => then,
        };
        if self.asks && rng.random_range(0..3) == 0 && !keys.iter().any(|key| key.starts_with("initiator")) {
            keys.push(format!("initiator = {}", some(rng, &["\"@alice\"", "\"@both\""])));
        }
        format!("when = {{ {} }}\nthen = {then}", keys.join(", "))
    }

    /// Conditions that rules and groups share.
    fn common(&self, rng: &mut ChaCha8Rng, asset: Option<&str>, depth: u32) -> Vec<String> {
        let mut keys = Vec::new();
        let lists = ["\"@alice\"", "\"@bob\"", "\"@both\""];
        if rng.random_range(0..3) == 0 {
            keys.push(format!("recipient = {}", some(rng, &lists)));
        }
        if asset.is_some() && rng.random_range(0..2) == 0 {
            let bounds = [
                "{ max = \"5\" }",
                "{ min = \"5\" }",
                "{ max = \"10\" }",
                "{ min = \"10\" }",
                "{ min = \"5\", max = \"10\" }",
            ];
            keys.push(format!("amount = {}", some(rng, &bounds)));
        }
        for extra in &self.extras {
            if rng.random_range(0..2) == 0 {
                continue;
            }
            keys.extend(match extra {
                Extra::Origin => (depth == 0).then(|| {
                    format!("origin = {}", some(rng, &["\"@module\"", "\"@both\"", "[\"@module\", \"@alice\"]"]))
                }),
                Extra::Initiator => {
                    Some(format!("initiator = {}", some(rng, &["\"@alice\"", "\"@module\"", "\"@both\""])))
                }
                Extra::Time => Some(format!(
                    "time = {}",
                    some(
                        rng,
                        &[
                            "{ from = \"09:00\", to = \"17:00\" }",
                            "{ from = \"17:00\", to = \"09:00\" }",
                            "{ from = \"12:00\", to = \"24:00\" }"
                        ]
                    )
                )),
                Extra::Weekday => Some(format!(
                    "weekday = {}",
                    some(rng, &["\"mon\"", "[\"mon\", \"sun\"]", "[\"tue\", \"wed\", \"thu\"]"])
                )),
                Extra::Word => Some(format!(
                    "word = {}",
                    some(
                        rng,
                        &[
                            "{ offset = 4, in = \"@alice\" }",
                            "{ offset = 4, in = \"@both\" }",
                            "{ offset = 36, at_most = \"7\" }",
                            "{ offset = 36, equals = \"5\" }",
                            "{ offset = 68, not_equals = \"0\" }",
                        ]
                    )
                )),
                Extra::StaticCall => Some(format!(
                    "static_call = {{ target = \"{REGISTRY}\", call = \"paused()\", {} }}",
                    some(rng, &["equals = \"1\"", "at_most = \"0\"", "more_than = \"1\"", "not_equals = \"1\""])
                )),
                Extra::Registry => {
                    Some(format!("recipient = {}", some(rng, &["\"@registry\"", "[\"@registry\", \"@alice\"]"])))
                        .filter(|_| !keys.iter().any(|key| key.starts_with("recipient")))
                }
                Extra::Code => Some(format!("recipient_is_contract = {}", rng.random::<bool>())),
                Extra::Within => match asset {
                    Some("T") => Some(format!("within = {}", some(rng, &["\"day\"", "\"count\"", "\"week\""]))),
                    _ => Some("within = \"count\"".to_owned()),
                },
            });
        }
        if depth < 2 && rng.random_range(0..5) == 0 {
            let tables: Vec<String> = (0..rng.random_range(1..3)).map(|_| self.table(rng, asset, depth)).collect();
            keys.push(match rng.random_range(0..3) {
                0 => format!("any = [{}]", tables.join(", ")),
                1 => format!("all = [{}]", tables.join(", ")),
                _ => format!("not = {}", tables[0]),
            });
        }
        keys
    }

    fn table(&self, rng: &mut ChaCha8Rng, asset: Option<&str>, depth: u32) -> String {
        loop {
            let mut keys = Vec::new();
            match rng.random_range(0..6) {
                0 => keys.push(format!("effect = \"{}\"", some(rng, &["transfer", "approve", "call", "opaque"]))),
                1 => keys.push(format!("target = {}", some(rng, &["\"@alice\"", "\"T\"", "\"@both\""]))),
                2 => keys.push("selector = [\"0x11111111\", \"approve(address,uint256)\"]".to_owned()),
                _ => {}
            }
            keys.extend(self.common(rng, asset, depth + 1));
            if !keys.is_empty() {
                return format!("{{ {} }}", keys.join(", "));
            }
        }
    }
}

/// What a rule may ask for besides.
fn asking(rng: &mut ChaCha8Rng) -> Vec<String> {
    let mut keys = Vec::new();
    if rng.random_range(0..3) > 0 {
        let (group, members) = *[("one", 1), ("two", 2), ("three", 3)].choose(rng).expect("some");
        let count = rng.random_range(1..=members);
        let flags =
            some(rng, &["", "", "", ", initiator = true", ", owners = true", ", initiator = true, owners = true"]);
        keys.push(format!(", approvals = {{ group = \"{group}\", at_least = {count}{flags} }}"));
    }
    if rng.random_range(0..2) == 0 {
        let (list, members) = *[("alice", 1), ("both", 2), ("both", 2), ("nobody", 2)].choose(rng).expect("some");
        let count = rng.random_range(1..=members);
        keys.push(format!(", signatures = 2, signers = {{ list = \"@{list}\", at_least = {count} }}"));
    }
    if rng.random_range(0..4) == 0 {
        keys.push(", attestation = \"risk\"".to_owned());
    }
    if rng.random_range(0..6) == 0 {
        keys.push(", notify = \"desk\"".to_owned());
    }
    keys
}

pub(crate) fn head(semantics: &str, badges: Option<&str>, everywhere: bool) -> String {
    let declared = |standard| format!("N = {{ standard = \"{standard}\", address = \"{BADGES}\" }}");
    let badges = badges.map(declared).unwrap_or_default();
    let everywhere = if everywhere { "everywhere = true" } else { "" };
    format!(
        r#"
version = 1
name = "small"
account = "eth:{ACCOUNT}"
semantics = "{semantics}"

[control]
change_delay = "48h"
announcement_expiry = "7d"

[assets]
ETH = {{ standard = "native", decimals = 0 }}
T = {{ standard = "erc20", address = "{TOKEN}", decimals = 0 }}
{badges}

[lists]
alice = ["{ALICE}"]
bob = ["{BOB}"]
both = ["{ALICE}", "{BOB}"]
module = ["{MODULE}"]
registry = {{ registry = "{REGISTRY}" }}
nobody = ["{ACCOUNT}", "{ALICE}"]

[groups]
one = ["{BOB}"]
two = ["{ALICE}", "{BOB}"]
three = ["{ALICE}", "{BOB}", "{MODULE}"]

[attesters.risk]
members = ["@alice"]
at_least = 1

[limits.day]
asset = "T"
cap = "10"
window = {{ calendar = "day" }}
{everywhere}

[limits.week]
asset = "T"
cap = "6"
window = {{ rolling = "168h" }}

[limits.count]
count = 3
window = {{ calendar = "week" }}
"#
    )
}
