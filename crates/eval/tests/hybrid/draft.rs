//! Random policies with facts, requests of several effects, and what is known.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, address};
use portcullis_attest::signer;
use portcullis_eval::{Action, CALL_ONLY_HASHES, MemoryState, Request, account_slot};
use portcullis_policy::{
    Cause, Compiled, FactKind, FactSubject, FactValue, Observation, Observations, Policy, Subject, compile,
};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

pub(crate) const CHAIN: u64 = 31_337;
pub(crate) const HOOK: Address = address!("4001000000000000000000000000000000000001");
pub(crate) const NOW: u64 = 1_767_225_600;
pub(crate) const SETS: u8 = 2;
/// Members of each set; all of them must sign.
pub(crate) const ATTESTERS: u8 = 2;
const ACCOUNT: Address = address!("0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8");
const BATCHER: Address = Address::repeat_byte(0xba);
const TOKEN: Address = Address::repeat_byte(0x70);
const INITIATOR: Address = Address::repeat_byte(0x11);

/// A policy, and a request under it.
pub(crate) struct Case {
    pub(crate) policy: Policy,
    pub(crate) request: Request,
    pub(crate) state: MemoryState,
}

/// An attester's key.
pub(crate) fn key(set: u8, number: u8) -> B256 {
    B256::repeat_byte(1 + 16 * set + number)
}

fn payee(number: u8) -> Address {
    Address::repeat_byte(0xe0 + number)
}

/// None where the policy does not compile.
pub(crate) fn case(rng: &mut ChaCha8Rng) -> Option<(Case, Compiled)> {
    let policy = Policy::parse(&document(rng), "policy.toml").ok()?;
    let compiled = compile(&policy).expect("what parses compiles");
    let mut state = MemoryState::default();
    state.words.insert(account_slot(ACCOUNT, 0), U256::from(0xda7a) | U256::from(2) << 224);
    state.code_hashes.insert(BATCHER, CALL_ONLY_HASHES[0].0);
    let effects = rng.random_range(1..4);
    let actions: Vec<_> = (0..effects).map(|_| action(rng)).collect();
    let action = if let [action] = actions.as_slice() { action.clone() } else { batch(&actions) };
    let request = Request { account: ACCOUNT, initiator: INITIATOR, actions: vec![action], ..Request::default() };
    Some((Case { policy, request, state }, compiled))
}

fn action(rng: &mut ChaCha8Rng) -> Action {
    let (to, amount) = (payee(rng.random_range(0..3)), U256::from(rng.random_range(1..8)));
    if rng.random() {
        return Action { to, value: amount, ..Action::default() };
    }
    let data = [[0xa9, 0x05, 0x9c, 0xbb].as_slice(), to.into_word().as_slice(), &amount.to_be_bytes::<32>()].concat();
    Action { to: TOKEN, data: data.into(), ..Action::default() }
}

fn batch(actions: &[Action]) -> Action {
    let word = |number: usize| U256::from(number).to_be_bytes::<32>();
    let mut all = Vec::new();
    for one in actions {
        all.push(0);
        all.extend(one.to);
        all.extend(one.value.to_be_bytes::<32>());
        all.extend(word(one.data.len()));
        all.extend(&one.data);
    }
    let mut data = vec![0x8d, 0x80, 0xff, 0x0a];
    data.extend(word(32));
    data.extend(word(all.len()));
    all.resize(all.len().next_multiple_of(32), 0);
    data.extend(all);
    Action { to: BATCHER, data: Bytes::from(data), operation: 1, ..Action::default() }
}

/// Three facts of each set.
fn document(rng: &mut ChaCha8Rng) -> String {
    let semantics = ["first-match", "all-must-pass", "allow-overrides"].choose(rng).expect("some");
    let mut text = format!(
        "version = 1\nname = \"random\"\naccount = \"eth:{ACCOUNT}\"\nsemantics = \"{semantics}\"\n\
         control = {{ change_delay = \"48h\" }}\n\
         assets = {{ ETH = {{ standard = \"native\", decimals = 0 }}, \
         TKN = {{ standard = \"erc20\", address = \"{TOKEN}\", decimals = 0 }} }}\n"
    );
    for set in 0..SETS {
        let members: Vec<_> =
            (0..ATTESTERS).map(|n| format!("\"{}\"", signer(&key(set, n)).expect("is a key"))).collect();
        text += &format!("[attesters.set-{set}]\nmembers = [{}]\nat_least = {ATTESTERS}\n", members.join(", "));
        for (name, kind) in [("score", "number"), ("role", "text"), ("flag", "boolean")] {
            let subjects = ["request", "effect", "recipient", "initiator", "asset", "target"];
            let subject = subjects.choose(rng).expect("some");
            let on_unknown = match (rng.random_range(0..7), kind) {
                (0, "number") => "\"open\"\nowner = \"desk\"\nassume = \"5\"",
                (0, "text") => "\"open\"\nowner = \"desk\"\nassume = \"low\"",
                (0, _) => "\"open\"\nowner = \"desk\"\nassume = true",
                (1..4, _) => "\"hold\"",
                _ => "\"closed\"",
            };
            text += &format!(
                "[facts.{name}-{set}]\ntype = \"{kind}\"\nsubject = \"{subject}\"\nattesters = \"set-{set}\"\n\
                 timeout = \"1s\"\nttl = \"{}s\"\nmax_age = \"100s\"\non_unknown = {on_unknown}\n",
                rng.random_range(95..500)
            );
        }
    }
    for asset in ["ETH", "TKN"] {
        text += &format!(
            "[limits.{asset}]\nasset = \"{asset}\"\ncap = \"{}\"\nwindow = \"transaction\"\n",
            rng.random_range(3..14)
        );
    }
    for n in 0..rng.random_range(1..6) {
        let asset = ["ETH", "TKN"].choose(rng).expect("some");
        let mut when = vec![format!("asset = \"{asset}\"")];
        if rng.random_range(0..3) == 0 {
            when.push(format!("recipient = \"{}\"", payee(rng.random_range(0..3))));
        }
        if rng.random_range(0..3) == 0 {
            when.push(format!("amount = {{ max = \"{}\" }}", rng.random_range(2..8)));
        }
        if rng.random_range(0..4) == 0 {
            when.push(format!("within = \"{asset}\""));
        }
        let is_hybrid = rng.random_range(0..3) > 0;
        if is_hybrid {
            let set = rng.random_range(0..SETS);
            let asks = [
                format!("score-{set} = {{ at_most = \"{}\" }}", rng.random_range(2..9)),
                format!("role-{set} = {{ in = [\"low\", \"mid\"] }}"),
                format!("flag-{set} = {{ equals = {} }}", rng.random::<bool>()),
            ];
            let count = *[1, 1, 2].choose(rng).expect("some");
            let asks: Vec<_> = asks.sample(rng, count).cloned().collect();
            when.push(format!("facts = {{ {} }}", asks.join(", ")));
        }
        let then = match rng.random_range(0..5) {
            0 => "deny = true".to_owned(),
            1 | 2 => format!("allow = true, limits = [\"{asset}\"]"),
            3 if !is_hybrid && rng.random() => "allow = true, attestation = \"set-0\"".to_owned(),
            _ => "allow = true".to_owned(),
        };
        text += &format!("[[rules]]\nid = \"r{n}\"\nwhen = {{ {} }}\nthen = {{ {then} }}\n", when.join(", "));
    }
    text
}

impl Case {
    /// Mostly something known of every fact and subject.
    pub(crate) fn observations(&self, rng: &mut ChaCha8Rng) -> Observations {
        let mut found = BTreeMap::new();
        let unknown = rng.random_range(2..9);
        for (name, fact) in &self.policy.facts {
            let addresses = |all: &[Address]| all.iter().copied().map(Subject::Address).collect();
            let payees = [0, 1, 2].map(payee);
            let subjects: Vec<Subject> = match fact.subject {
                FactSubject::Request => vec![Subject::Request],
                FactSubject::Effect => (0..3).map(Subject::Effect).collect(),
                FactSubject::Recipient => addresses(&payees),
                FactSubject::Initiator => addresses(&[INITIATOR]),
                FactSubject::Asset => addresses(&[Address::ZERO, TOKEN]),
                FactSubject::Target => addresses(&[payees[0], payees[1], payees[2], TOKEN]),
            };
            for subject in subjects {
                let observation = if rng.random_range(0..unknown) == 0 {
                    Observation::Unknown(*Cause::ALL.choose(rng).expect("some"))
                } else {
                    let value = match fact.kind {
                        FactKind::Number { .. } => FactValue::Text(rng.random_range(1..10).to_string()),
                        FactKind::Text => {
                            FactValue::Text((*["low", "mid", "high"].choose(rng).expect("some")).to_owned())
                        }
                        FactKind::Boolean => FactValue::Boolean(rng.random()),
                    };
                    Observation::Value { value, observed_at: NOW - rng.random_range(0..102) }
                };
                if rng.random_range(0..4 * unknown) > 0 {
                    found.insert((name.clone(), subject), observation);
                }
            }
        }
        found
    }
}
