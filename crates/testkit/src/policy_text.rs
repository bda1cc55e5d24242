//! From draft to policy document, so that compiled programs are among the cases.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use alloy_primitives::{Address, Bytes, U256, hex};
use portcullis_policy::{Policy, compile};

use crate::answering::Answering;
use crate::conditions::{Cond, ListDraft, Who};
use crate::draft::{
    CALL, DELEGATECALL, Draft, LimitDraft, NATIVE, OPAQUE, RuleDraft, Subjects, TOKEN_APPROVE, TOKEN_TRANSFER,
};
use crate::world;

const COMPARISONS: [&str; 6] = ["equals", "not_equals", "less_than", "at_most", "more_than", "at_least"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn quoted(words: impl IntoIterator<Item = String>) -> String {
    // A list in a document has no duplicates.
    let words: BTreeSet<String> = words.into_iter().collect();
    format!("[{}]", words.into_iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "))
}

thread_local! {
    /// Checksums that were made before: there are few addresses, and many documents.
    static CHECKSUMS: RefCell<HashMap<Address, String>> = RefCell::default();
}

fn checksum(address: &Address) -> String {
    CHECKSUMS.with_borrow_mut(|known| known.entry(*address).or_insert_with_key(Address::to_string).clone())
}

fn addresses(list: &[Address]) -> String {
    quoted(list.iter().map(checksum))
}

fn table(pairs: &[String]) -> String {
    format!("{{ {} }}", pairs.join(", "))
}

fn asset_name(tokens: &[(Address, u8)], asset: Address) -> Option<String> {
    if asset.is_zero() {
        return Some("ETH".to_owned());
    }
    tokens.iter().position(|(token, _)| *token == asset).map(|i| format!("T{i}"))
}

fn registry_name(registry: Answering) -> String {
    format!("@registry-{}", registry as u8)
}

fn limit_text(tokens: &[(Address, u8)], index: usize, limit: &LimitDraft) -> Option<String> {
    let window = match limit.window {
        0 => "\"transaction\"".to_owned(),
        1 => "{ calendar = \"day\" }".to_owned(),
        2 => "{ calendar = \"week\" }".to_owned(),
        3 => "{ calendar = \"month\" }".to_owned(),
        _ => format!("{{ rolling = \"{}s\" }}", limit.seconds),
    };
    let scope = ["account", "recipient", "initiator"].get(usize::from(limit.scope))?;
    let mut text = format!("[limits.limit-{index}]\nwindow = {window}\nscope = \"{scope}\"\n");
    if limit.count {
        text.push_str(&format!("count = {}\n", limit.cap));
    } else {
        let asset = asset_name(tokens, limit.asset)?;
        text.push_str(&format!("asset = \"{asset}\"\ncap = \"{}\"\n", limit.cap));
    }
    if limit.everywhere {
        text.push_str("everywhere = true\n");
    }
    if limit.meters {
        text.push_str("meter = \"balance\"\n");
    }
    Some(text)
}

fn list_text(list: &ListDraft) -> String {
    match list {
        ListDraft::Members(members) => addresses(members),
        ListDraft::Registry(registry) => format!("\"{}\"", registry_name(*registry)),
    }
}

/// Key and value of a condition in a `when` table, and whether it may stand there only once.
fn condition_text(tokens: &[(Address, u8)], condition: &Cond) -> Option<String> {
    let inside = |all: &[Cond]| {
        let all = all.iter().map(|one| condition_text(tokens, one)).collect::<Option<Vec<_>>>()?;
        Some(all.into_iter().map(|one| format!("{{ {one} }}")).collect::<Vec<_>>().join(", "))
    };
    let comparison = |cmp: u8, value: U256| Some(format!("{} = \"{value}\"", COMPARISONS.get(usize::from(cmp))?));
    Some(match condition {
        Cond::Listed(Who::Origin, ListDraft::Members(members)) if members.contains(&Address::ZERO) => return None,
        Cond::Listed(Who::Asset, ListDraft::Members(members)) => {
            let names = members.iter().map(|asset| asset_name(tokens, *asset)).collect::<Option<Vec<_>>>()?;
            format!("asset = {}", quoted(names))
        }
        Cond::Listed(who, list) => {
            let key = match who {
                Who::Origin => return None,
                Who::Initiator => "initiator",
                Who::Recipient => "recipient",
                Who::Target => "target",
                Who::Asset => return None,
            };
            format!("{key} = {}", list_text(list))
        }
        Cond::AtLeast(value) => format!("amount = {{ min = \"{value}\" }}"),
        Cond::AtMost(value) => format!("amount = {{ max = \"{value}\" }}"),
        Cond::HasCode => "recipient_is_contract = true".to_owned(),
        Cond::Selectors(all) if all.is_empty() => return None,
        Cond::Selectors(all) => format!("selector = {}", quoted(all.iter().map(hex::encode_prefixed))),
        Cond::Kinds(kinds) => {
            let named = [(0b110, "transfer"), (0b1000, "approve"), (0b1_0000, "call")];
            let names: Vec<String> =
                named.iter().filter(|(bits, _)| kinds & bits == *bits).map(|(_, name)| (*name).to_owned()).collect();
            if names.is_empty() {
                return None;
            }
            format!("effect = {}", quoted(names))
        }
        Cond::Time(from, to) => format!("time = {{ from = {}, to = {} }}", clock(*from)?, clock(*to)?),
        Cond::Days(days) => {
            let named =
                DAYS.iter().enumerate().filter(|(i, _)| days >> i & 1 == 1).map(|(_, day)| format!("\"{day}\""));
            format!("weekday = [{}]", named.collect::<Vec<_>>().join(", "))
        }
        Cond::Word { offset, cmp, mask, value } => {
            let mask = mask.map(|mask| format!("mask = \"{mask:#x}\", ")).unwrap_or_default();
            format!("word = {{ offset = {offset}, {mask}{} }}", comparison(*cmp, *value)?)
        }
        Cond::WordListed(offset, list) => format!("word = {{ offset = {offset}, in = {} }}", list_text(list)),
        Cond::Call { target, gas, words, index, cmp, value, data } => format!(
            "static_call = {{ target = \"{}\", data = \"{data}\", gas = {gas}, words = {words}, index = {index}, {} }}",
            checksum(&target.address()),
            comparison(*cmp, *value)?
        ),
        Cond::Fits(limit) => format!("within = \"limit-{limit}\""),
        Cond::Any(all) if all.is_empty() => return None,
        Cond::All(all) if all.is_empty() => return None,
        Cond::Any(all) => format!("any = [{}]", inside(all)?),
        Cond::All(all) => format!("all = [{}]", inside(all)?),
        Cond::NotAll(all) => match all.as_slice() {
            [] => return None,
            [one] => format!("not = {{ {} }}", condition_text(tokens, one)?),
            several => format!("not = {{ all = [{}] }}", inside(several)?),
        },
        Cond::Raw(_) => return None,
    })
}

/// A time of day; the document knows minutes alone.
fn clock(second: u32) -> Option<String> {
    let minutes = second / 60;
    second.is_multiple_of(60).then(|| format!("\"{:02}:{:02}\"", minutes / 60, minutes % 60))
}

fn rule_text(tokens: &[(Address, u8)], index: usize, rule: &RuleDraft) -> Option<String> {
    let mut when = Vec::new();
    if rule.kind == DELEGATECALL {
        when.push("operation = \"delegatecall\"".to_owned());
    }
    let effect = match rule.kind {
        NATIVE | TOKEN_TRANSFER => "transfer",
        TOKEN_APPROVE => "approve",
        CALL => "call",
        _ => "opaque",
    };
    if rule.kind != DELEGATECALL {
        when.push(format!("effect = \"{effect}\""));
    }
    let mut recipients = rule.recipients.clone();
    match (&rule.subjects, rule.kind) {
        (Subjects::Any, NATIVE) => when.push("asset = \"ETH\"".to_owned()),
        (Subjects::These(these), NATIVE) => {
            when.push("asset = \"ETH\"".to_owned());
            if recipients.is_empty() {
                recipients.clone_from(these);
            }
        }
        (Subjects::These(these), TOKEN_TRANSFER | TOKEN_APPROVE) => {
            let names = these.iter().map(|token| asset_name(tokens, *token)).collect::<Option<Vec<_>>>()?;
            when.push(format!("asset = {}", quoted(names)));
        }
        (Subjects::These(these), _) => {
            let named = |target: &Address| asset_name(tokens, *target).unwrap_or_else(|| checksum(target));
            when.push(format!("target = {}", quoted(these.iter().map(named))));
        }
        (Subjects::Account, _) => when.push("target = \"account\"".to_owned()),
        (Subjects::Any, _) => {}
    }
    if rule.kind == OPAQUE {
        when.push("opaque = true".to_owned());
    }
    if !rule.selectors.is_empty() {
        when.push(format!("selector = {}", quoted(rule.selectors.iter().map(hex::encode_prefixed))));
    }
    if let Some(modules) = &rule.modules {
        when.push(format!("origin = {}", addresses(modules)));
    }
    for (key, list) in [("initiator", &rule.initiators), ("recipient", &recipients)] {
        if !list.is_empty() {
            when.push(format!("{key} = {}", addresses(list)));
        }
    }
    let bounds: Vec<String> = [("min", rule.min), ("max", rule.max)]
        .into_iter()
        .filter_map(|(key, bound): (&str, Option<U256>)| Some(format!("{key} = \"{}\"", bound?)))
        .collect();
    if !bounds.is_empty() {
        when.push(format!("amount = {}", table(&bounds)));
    }
    let conditions = rule.conditions.iter().map(|one| condition_text(tokens, one)).collect::<Option<Vec<_>>>()?;
    match conditions.as_slice() {
        [] => {}
        // These keys stand nowhere else at the top.
        [one]
            if !["initiator", "recipient", "target", "asset", "selector", "effect", "amount"]
                .iter()
                .any(|key| one.starts_with(&format!("{key} ="))) =>
        {
            when.push(one.clone());
        }
        several => {
            let all: Vec<String> = several.iter().map(|one| format!("{{ {one} }}")).collect();
            when.push(format!("all = [{}]", all.join(", ")));
        }
    }
    let mut then = vec![if rule.allow { "allow = true" } else { "deny = true" }.to_owned()];
    if !rule.limits.is_empty() {
        then.push(format!("limits = {}", quoted(rule.limits.iter().map(|i| format!("limit-{i}")))));
    }
    if rule.delay > 0 {
        then.push(format!("delay = \"{}s\"", rule.delay));
    }
    Some(format!("[[rules]]\nid = \"rule-{index}\"\nwhen = {}\nthen = {}\n", table(&when), table(&then)))
}

/// The draft as a TOML policy; none where the language has no words for it.
#[must_use]
pub fn text(draft: &Draft) -> Option<String> {
    let semantics = ["first-match", "all-must-pass", "allow-overrides"].get(usize::from(draft.semantics))?;
    let mut text = format!(
        "version = 1\nname = \"random\"\naccount = \"eth:{}\"\nsemantics = \"{semantics}\"\n\
         [control]\nchange_delay = \"48h\"\nannouncement_expiry = \"{}s\"\n\
         [assets]\nETH = {{ standard = \"native\", decimals = 0 }}\n",
        world::ACCOUNT,
        draft.expiry
    );
    for (i, (token, standard)) in draft.tokens.iter().enumerate() {
        let standard = match standard {
            1 => "standard = \"erc20\", decimals = 0",
            2 => "standard = \"erc721\"",
            _ => "standard = \"erc1155\"",
        };
        text.push_str(&format!("T{i} = {{ {standard}, address = \"{token}\" }}\n"));
    }
    for (i, limit) in draft.limits.iter().enumerate() {
        text.push_str(&limit_text(&draft.tokens, i, limit)?);
    }
    let mut rules = String::new();
    for (i, rule) in draft.rules.iter().enumerate() {
        rules.push_str(&rule_text(&draft.tokens, i, rule)?);
    }
    text.push_str("[lists]\n");
    for registry in Answering::ALL {
        let name = registry_name(registry);
        if rules.contains(&format!("\"{name}\"")) {
            let (method, _) = registry.method();
            let (name, address) = (name.trim_start_matches('@'), checksum(&registry.address()));
            text.push_str(&format!("{name} = {{ registry = \"{address}\", method = \"{method}\" }}\n"));
        }
    }
    Some(text + &rules)
}

/// The program that the compiler makes of the draft; none where it refuses.
#[must_use]
pub fn compiled(draft: &Draft) -> Option<Bytes> {
    let policy = Policy::parse(&text(draft)?, "random.toml").ok()?;
    compile(&policy).ok().map(|compiled| compiled.program.into())
}
