//! From draft to policy document, so that compiled programs are among the cases.

use std::collections::BTreeSet;

use alloy_primitives::{Address, Bytes, U256, hex};
use portcullis_policy::{Policy, compile};

use crate::draft::{CALL, Draft, LimitDraft, NATIVE, OPAQUE, RuleDraft, Subjects, TOKEN_APPROVE, TOKEN_TRANSFER};
use crate::world;

fn quoted(words: impl IntoIterator<Item = String>) -> String {
    // A list in a document has no duplicates.
    let words: BTreeSet<String> = words.into_iter().collect();
    format!("[{}]", words.into_iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "))
}

fn addresses(list: &[Address]) -> String {
    quoted(list.iter().map(Address::to_string))
}

fn asset_name(tokens: &[Address], asset: Address) -> Option<String> {
    if asset.is_zero() {
        return Some("ETH".to_owned());
    }
    tokens.iter().position(|token| *token == asset).map(|i| format!("T{i}"))
}

fn limit_text(tokens: &[Address], index: usize, limit: &LimitDraft) -> Option<String> {
    let window = match limit.window {
        0 => "\"transaction\"".to_owned(),
        1 => "{ calendar = \"day\" }".to_owned(),
        2 => "{ calendar = \"week\" }".to_owned(),
        3 => "{ calendar = \"month\" }".to_owned(),
        _ => format!("{{ rolling = \"{}s\" }}", limit.seconds),
    };
    let asset = asset_name(tokens, limit.asset)?;
    Some(format!(
        "[limits.limit-{index}]\nasset = \"{asset}\"\ncap = \"{}\"\nwindow = {window}\neverywhere = {}\n",
        limit.cap, limit.everywhere
    ))
}

fn rule_text(tokens: &[Address], index: usize, rule: &RuleDraft) -> Option<String> {
    let mut when = Vec::new();
    let effect = match rule.kind {
        NATIVE | TOKEN_TRANSFER => "transfer",
        TOKEN_APPROVE => "approve",
        CALL => "call",
        _ => "opaque",
    };
    when.push(format!("effect = \"{effect}\""));
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
            let named = |target: &Address| asset_name(tokens, *target).unwrap_or_else(|| target.to_string());
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
        when.push(format!("amount = {{ {} }}", bounds.join(", ")));
    }
    let mut then = vec![if rule.allow { "allow = true" } else { "deny = true" }.to_owned()];
    if !rule.limits.is_empty() {
        then.push(format!("limits = {}", quoted(rule.limits.iter().map(|i| format!("limit-{i}")))));
    }
    if rule.delay > 0 {
        then.push(format!("delay = \"{}s\"", rule.delay));
    }
    Some(format!(
        "[[rules]]\nid = \"rule-{index}\"\nwhen = {{ {} }}\nthen = {{ {} }}\n",
        when.join(", "),
        then.join(", ")
    ))
}

/// The draft as a TOML policy; none where the language has no words for it.
#[must_use]
pub fn text(draft: &Draft) -> Option<String> {
    let mut text = format!(
        "version = 1\nname = \"random\"\naccount = \"eth:{}\"\nsemantics = \"first-match\"\n\
         [control]\nchange_delay = \"48h\"\nannouncement_expiry = \"{}s\"\n\
         [assets]\nETH = {{ standard = \"native\", decimals = 0 }}\n",
        world::ACCOUNT,
        draft.expiry
    );
    for (i, token) in draft.tokens.iter().enumerate() {
        text.push_str(&format!("T{i} = {{ standard = \"erc20\", address = \"{token}\", decimals = 0 }}\n"));
    }
    for (i, limit) in draft.limits.iter().enumerate() {
        text.push_str(&limit_text(&draft.tokens, i, limit)?);
    }
    for (i, rule) in draft.rules.iter().enumerate() {
        text.push_str(&rule_text(&draft.tokens, i, rule)?);
    }
    Some(text)
}

/// The program that the compiler makes of the draft; none where it refuses.
#[must_use]
pub fn compiled(draft: &Draft) -> Option<Bytes> {
    let policy = Policy::parse(&text(draft)?, "random.toml").ok()?;
    compile(&policy).ok().map(|compiled| compiled.program.into())
}
