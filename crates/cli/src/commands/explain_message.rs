//! `explain --message`: offline, what a policy decides on something to be signed.

use crate::exit::Exit;
use crate::message_file::{self, MessageFile};
use crate::output::{Output, paint_verdict};
use crate::policy_file::PolicyFile;
use crate::words;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use eyre::{Result, WrapErr};
use portcullis_bindings::safe::Safe;
use portcullis_eval::{Asked, MessageRequest, Missing, Reason, State, Verdict, account_slot, evaluate_message};
use portcullis_policy::{AddressRef, MessageOutcome, MessageRule};
use serde_json::json;
use std::path::Path;

/// An account whose program has just been installed, and which has signed the message with as many owners as its
/// threshold asks for, so that only what a rule asks for beyond that is told.
struct Signing {
    account: Address,
    version: &'static str,
}

impl State for Signing {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        // Which contract holds the program does not change a verdict; that there is one does.
        Ok(if slot == account_slot(self.account, 0) { U256::ONE } else { U256::ZERO })
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        Err(Missing::CodeHash(address))
    }

    fn static_call(&self, target: Address, data: &[u8], _: u32) -> Result<Option<Bytes>, Missing> {
        if target != self.account {
            return Err(Missing::StaticCall(target));
        }
        Ok(Some(if data == Safe::VERSIONCall::SELECTOR {
            Safe::VERSIONCall::abi_encode_returns(&self.version.to_owned()).into()
        } else {
            // The threshold, and what was signed on chain.
            U256::ONE.to_be_bytes::<32>().into()
        }))
    }
}

pub(super) fn run(
    output: &Output,
    file: &PolicyFile,
    (account, chain_id, version): (Address, u64, &'static str),
    path: &Path,
) -> Result<Exit> {
    let asked = message_file::load(path)?;
    let request = MessageRequest {
        account,
        asked: Asked::Digest(asked.message.digest()),
        signature: asked.message.show(&[]).into(),
    };
    let state = Signing { account, version };
    let verdict = evaluate_message(&file.compiled.program, chain_id, &state, &request)
        .wrap_err("a message rule asks about the chain, which `explain` does not see")?;
    report(output, file, &asked, &verdict)?;
    Ok(if verdict.reason == Reason::Allowed { Exit::Done } else { Exit::Denied })
}

fn report(output: &Output, file: &PolicyFile, asked: &MessageFile, verdict: &Verdict) -> Result<()> {
    let rule = verdict.rule.and_then(|index| file.policy.messages.get(usize::from(index)));
    let asks = rule.map(asks).unwrap_or_default();
    let id = rule.map_or("", |rule| &rule.id);
    let reason = match verdict.reason {
        Reason::Allowed => format!("message rule {id} allows, once the owners have signed it"),
        _ if !asks.is_empty() && verdict.reason == Reason::TooFewSignatures => {
            format!("message rule {id} allows, for more than the owners' threshold")
        }
        _ => words::reason(verdict, &file.compiled.source_map),
    };
    let word = words::verdict(verdict);
    let (domain, digest) = (asked.message.domain, asked.message.digest());
    let text = || {
        let mut lines = vec![format!("{}: {reason}", paint_verdict(word))];
        lines.push(format!("  type    {}", asked.kind));
        lines.push(format!("          {}", asked.message.type_hash));
        lines.push(format!("  domain  {domain}"));
        lines.push(format!("  digest  {digest}"));
        lines.extend(asks.iter().map(|one| format!("  asks for {one}")));
        lines.join("\n")
    };
    output.result(
        text,
        json!({
            "verdict": word, "reason": verdict.reason.name(), "rule": rule.map(|rule| &rule.id), "words": reason,
            "type": asked.kind, "typeHash": asked.message.type_hash, "domain": domain, "digest": digest,
            "asked": asks,
        }),
    )
}

/// What the rule asks for beyond the account's threshold, in words.
fn asks(rule: &MessageRule) -> Vec<String> {
    let MessageOutcome::Allow { signatures, signers, .. } = &rule.then else { return Vec::new() };
    let mut asks: Vec<String> = signatures.iter().map(|count| format!("{count} owner signatures")).collect();
    asks.extend(signers.iter().map(|signers| {
        let names = signers.list.iter().map(|one| match one {
            AddressRef::Named(name) => format!("@{name}"),
            AddressRef::Literal(address) => address.to_string(),
        });
        format!("the signatures of at least {} of {}", signers.at_least, names.collect::<Vec<_>>().join(", "))
    }));
    asks
}
