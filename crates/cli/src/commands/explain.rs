//! `explain`: offline, what a policy decides on a transaction or a message, and why.

use super::explain_message;
use crate::exit::Exit;
use crate::outlook::{self, Foreseen};
use crate::output::{Output, paint_verdict};
use crate::policy_file::{self, PolicyFile};
use crate::{facts_file, tx_file, units, words};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::SolCall;
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_bindings::safe::{self, Safe};
use portcullis_chain::deploy;
use portcullis_eval::{
    CALL_ONLY_HASHES, Evaluation, MULTI_SENDS, MemoryState, Missing, Nearby, Reason, Request, State, Undecided,
    account_slot, evaluate, nearest,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Stands for the account where the policy names none.
const SOME_ACCOUNT: Address = address!("00000000000000000000000000000000000acc00");
/// And for its chain.
const SOME_CHAIN: u64 = 1;
/// And for its version, which is only asked for.
const SOME_VERSION: &str = "1.4.1";

/// The condition that asks contracts, as programs number it.
const STATIC_CALL: u8 = 0x0f;

// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The policy, in TOML or JSON
    policy: PathBuf,
    /// The transaction
    #[arg(required_unless_present = "message")]
    transaction: Option<PathBuf>,
    /// Something to be signed instead: typed data, as eth_signTypedData_v4 takes it
    #[arg(long, value_name = "FILE", conflicts_with = "transaction")]
    message: Option<PathBuf>,
    /// What is known of the policy's facts, in JSON: tells what the chain will say once attesters have stated it
    #[arg(long, value_name = "FILE", conflicts_with = "message")]
    facts: Option<PathBuf>,
    /// When, in seconds since 1970; now if left out
    #[arg(long, value_name = "SECONDS")]
    at: Option<u64>,
}

impl Explain {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let file = policy_file::load(&self.policy)?;
        let account = file.policy.account.map_or(SOME_ACCOUNT, |account| account.address);
        let chain_id = file.policy.account.map_or(SOME_CHAIN, |account| account.chain.id());
        if let Some(path) = &self.message {
            return explain_message::run(output, &file, (account, chain_id, SOME_VERSION), path);
        }
        let path = self.transaction.as_ref().ok_or_else(|| eyre!("there is no transaction"))?;
        let transaction = tx_file::load(path)?;
        transaction.must_be_on(chain_id)?;
        if !transaction.signatures.is_empty() {
            bail!("signatures count on the Safe that they are for: ask `simulate --rpc`, or leave them out");
        }
        let now = match self.at {
            Some(at) => at,
            None => SystemTime::now().duration_since(UNIX_EPOCH).wrap_err("the clock is before 1970")?.as_secs(),
        };
        let request = Request {
            account,
            origin: transaction.origin,
            initiator: transaction.initiator.or(transaction.origin).unwrap_or_default(),
            actions: vec![transaction.top_level(safe::MULTI_SEND_1_4_1, safe::MULTI_SEND_CALL_ONLY_1_4_1)],
            ..Request::default()
        };
        let state = Offline::new(&request);
        let blind = "a rule asks about the chain, which `explain` does not see; ask `simulate --rpc` instead";
        let foreseen = match &self.facts {
            Some(facts) => {
                let observations = facts_file::load(facts, &file.policy)?;
                Some(
                    outlook::foresee(&file, (chain_id, deploy::hook_at()), &state, &request, now, &observations)
                        .wrap_err(blind)?,
                )
            }
            None => None,
        };
        let evaluation = match &foreseen {
            Some(foreseen) => Ok(foreseen.forecast.evaluation.clone()),
            None => evaluate(&file.compiled.program, chain_id, deploy::hook_at(), &state, &request, now),
        };
        let evaluation = evaluation.and_then(|evaluation| uninvented(evaluation, account)).wrap_err(blind)?;
        let verdict = foreseen.as_ref().map_or_else(|| words::verdict(&evaluation.verdict), Foreseen::word);
        // What is near under unknowns is not sought.
        let near = match &foreseen {
            Some(_) => Vec::new(),
            // Nor where a rule could be answered by what is said of the account.
            None if asks(&file.compiled.program, account) => Vec::new(),
            None => {
                nearest(&file.compiled.program, chain_id, deploy::hook_at(), &state, &request, now).wrap_err(blind)?
            }
        };
        report(output, &file, &Told { evaluation: &evaluation, foreseen: foreseen.as_ref(), near: &near, now })?;
        Ok(match verdict {
            "allow" => Exit::Done,
            "hold" => Exit::Undecided,
            _ => Exit::Denied,
        })
    }
}

/// What is said of the account's version and threshold is for owner signatures alone: a rule's own static call that was
/// answered by it was not answered.
fn uninvented(evaluation: Evaluation, account: Address) -> Result<Evaluation, Undecided> {
    let answered = evaluation.tests.iter().any(|test| test.op == STATIC_CALL);
    if answered || evaluation.verdict.reason == Reason::StaticCallFailed {
        return Err(Missing::StaticCall(account).into());
    }
    Ok(evaluation)
}

/// Whether some static call may be one of the account.
fn asks(program: &[u8], account: Address) -> bool {
    program
        .windows(21)
        .any(|call| call.split_first().is_some_and(|(op, target)| *op == STATIC_CALL && target == account.as_slice()))
}

/// An account whose program has just been installed: nothing charged, announced, approved, signed or staged. Nothing
/// is known of contracts other than MultiSend.
struct Offline {
    known: MemoryState,
    /// Whom the transaction delegatecalls: where that is no MultiSend, it is denied whatever code it has.
    delegate: Option<Address>,
    /// It is asked for its version and threshold where owner signatures are read.
    account: Address,
}

impl Offline {
    fn new(request: &Request) -> Self {
        // Which contract holds the program and on which route does not change a verdict; that there is one does.
        let program = U256::from(1);
        let guard_route = U256::from(1) << 224;
        let mut known = MemoryState::default();
        known.words.insert(account_slot(request.account, 0), program | guard_route);
        for multi_send in MULTI_SENDS {
            known.code_hashes.insert(multi_send.address, multi_send.code_hash);
        }
        let call_only =
            [safe::MULTI_SEND_CALL_ONLY_1_3_0, safe::MULTI_SEND_CALL_ONLY_1_4_1, safe::MULTI_SEND_CALL_ONLY_1_5_0];
        for (address, (code_hash, _)) in call_only.into_iter().zip(CALL_ONLY_HASHES) {
            known.code_hashes.insert(address, code_hash);
        }
        let delegate = request.actions.iter().find(|action| action.operation == 1).map(|action| action.to);
        Self { known, delegate, account: request.account }
    }
}

impl State for Offline {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        self.known.word(slot)
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        match self.known.code_hashes.get(&address) {
            Some(hash) => Ok(*hash),
            None if self.delegate == Some(address) => Ok(B256::ZERO),
            None => Err(Missing::CodeHash(address)),
        }
    }

    /// Whether the owners sign is up to them and the Safe, so only what a rule asks for beyond that is told: the
    /// threshold is taken to be met by nobody.
    fn static_call(&self, target: Address, data: &[u8], _: u32) -> Result<Option<Bytes>, Missing> {
        let is = |call: &[u8]| target == self.account && data == call;
        if is(&Safe::VERSIONCall {}.abi_encode()) {
            Ok(Some(Safe::VERSIONCall::abi_encode_returns(&SOME_VERSION.to_owned()).into()))
        } else if is(&Safe::getThresholdCall {}.abi_encode()) {
            Ok(Some(U256::ZERO.to_be_bytes::<32>().into()))
        } else {
            Err(Missing::StaticCall(target))
        }
    }
}

/// What there is to tell.
struct Told<'a> {
    evaluation: &'a Evaluation,
    /// Where facts were given.
    foreseen: Option<&'a Foreseen>,
    /// What would be allowed.
    near: &'a [Nearby],
    now: u64,
}

fn report(output: &Output, file: &PolicyFile, told: &Told<'_>) -> Result<()> {
    let Told { evaluation, foreseen, near, now } = *told;
    let names = &file.compiled.source_map;
    let verdict = &evaluation.verdict;
    let evaluated = words::outcome(evaluation, names);
    let reason = foreseen.map_or_else(|| evaluated.clone(), |foreseen| foreseen.reason(evaluated.clone()));
    let word = foreseen.map_or_else(|| words::verdict(verdict), Foreseen::word);
    let effects: Vec<Value> = evaluation
        .decisions
        .iter()
        .enumerate()
        .map(|(index, decision)| {
            let unmatched = words::unmatched(evaluation, index, names);
            let unmatched: Vec<Value> =
                unmatched.into_iter().map(|(rule, why)| json!({ "rule": rule, "why": why })).collect();
            json!({
                "effect": words::effect(&decision.effect, names), "rule": words::rule_id(decision.rule, names),
                "conditions": decision.rule.and_then(|rule| names.rule(rule)).map(|rule| &rule.conditions),
                "unmatched": unmatched,
            })
        })
        .collect();
    let asked = words::asked(evaluation, names);
    let near: Vec<String> = near.iter().map(|one| words::nearby(one, evaluation, names)).collect();
    let text = || {
        let mut lines = vec![format!("{}: {reason}", paint_verdict(word))];
        for (index, decision) in evaluation.decisions.iter().enumerate() {
            let delay = if decision.delay > 0 {
                format!(", after {} notice", units::duration(decision.delay.into()))
            } else {
                String::new()
            };
            let rule = decision
                .rule
                .map_or_else(|| "no rule".to_owned(), |rule| format!("rule {}", words::rule_id(Some(rule), names)));
            lines.push(format!(
                "  {}. {}: {rule}{}{delay}",
                index.saturating_add(1),
                words::effect(&decision.effect, names),
                words::joined(evaluation, index, names)
            ));
            let conditions = words::conditions(decision.rule, names);
            if !conditions.is_empty() {
                lines.push(format!("     {conditions}"));
            }
            // What a rule decided needs no word on the others.
            if decision.rule.is_none() {
                for (rule, why) in words::unmatched(evaluation, index, names) {
                    lines.push(format!("     not {rule}: {why}"));
                }
            }
        }
        lines.extend(foreseen.iter().flat_map(|foreseen| foreseen.lines()));
        lines.extend(asked.iter().map(|one| format!("  asks for {one}")));
        lines.extend(evaluation.opening.iter().map(|opening| format!("  needs {}", words::opening(opening))));
        lines.extend(near.iter().map(|one| format!("  allowed {one}")));
        lines.push(format!("  on a fresh account at {}", units::time(now)));
        lines.join("\n")
    };
    output.result(
        text,
        json!({
            "verdict": word, "reason": verdict.reason.name(), "rule": words::rule(verdict, names),
            "words": reason, "effects": effects, "asked": asked, "facts": foreseen.map(Foreseen::object), "nearest": near,
            "at": now, "opening": evaluation.opening.as_ref().map(words::opening_json),
        }),
    )
}
