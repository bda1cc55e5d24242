//! `attest`: an attester's word on what the chain cannot see of a request.

mod allocation;
mod verify;

use crate::commands::approve::active;
use crate::commands::sign::ground;
use crate::config::{Ground, Keys, Place};
use crate::exit::Exit;
use crate::output::{Output, talk};
use crate::policy_file::PolicyFile;
use crate::rehearsal::may_come;
use crate::{ending, facts_file, moment, named, outlook, policy_file, request, units, words};
use allocation::Allocation;
use alloy_primitives::{Address, B256, hex, keccak256};
use clap::{Args, Subcommand};
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_attest::{AttestationItem, Binding};
use portcullis_chain::{Ledger, LedgerState};
use portcullis_eval::{Action, Outlook, Request};
use portcullis_operate::attested::Attested;
use portcullis_operate::collected::Collected;
use portcullis_operate::signer::Signers;
use portcullis_policy::{AddressRef, Members, Observations};
use serde_json::json;
use std::path::PathBuf;

// Arguments of `attest`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Attest {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    sign: Sign,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say who attested what in a file of signatures, and whether the chain takes it
    Verify(verify::Verify),
}

// What is attested, and by whom.
#[derive(Debug, Args)]
struct Sign {
    /// The file of signatures
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    /// What is known of the policy's facts, in JSON
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    #[command(flatten)]
    allocation: Allocation,
    /// Who will call execTransaction, where the policy asks for it
    #[arg(long, value_name = "ADDRESS")]
    initiator: Option<String>,
    /// How long it counts at most, like 30min; the facts may make it less
    #[arg(long = "for", value_name = "DURATION", default_value = "1h", value_parser = moment::duration)]
    lifetime: u64,
    /// Drop what others stated in the file, where it is something else
    #[arg(long)]
    anew: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    keys: Keys,
}

impl Attest {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        match &self.verb {
            Some(Verb::Verify(verify)) => verify.run(output),
            None => self.sign.run(output),
        }
    }
}

/// The policy that the account is under, with its names and facts.
fn policy(ground: &Ground) -> Result<(PolicyFile, B256, u32)> {
    let path = ground.settings.policy.as_ref();
    let path = path.ok_or_else(|| eyre!("which facts count is in the policy: name it with --policy"))?;
    let (file, (program, epoch)) = (policy_file::load(path)?, active(ground)?);
    if file.compiled.program != program {
        bail!("`{}` is not the policy on the chain, so it does not tell what to attest", path.display());
    }
    Ok((file, keccak256(program), epoch))
}

/// What both evaluators are asked about the file's transaction.
fn asked(collected: &Collected, initiator: Address) -> Result<Request> {
    let tx = &collected.tx;
    Ok(Request {
        account: collected.account.safe,
        origin: None,
        initiator,
        safe_tx_gas: tx.safeTxGas,
        base_gas: tx.baseGas,
        gas_price: tx.gasPrice,
        gas_token: tx.gasToken,
        refund_receiver: tx.refundReceiver,
        nonce: tx.nonce,
        signatures: collected.encode()?,
        actions: vec![Action { to: tx.to, value: tx.value, data: tx.data.clone(), operation: tx.operation }],
    })
}

impl Sign {
    fn run(&self, output: &Output) -> Result<Exit> {
        let path = self.file.as_ref().ok_or_else(|| eyre!("there is no file of signatures"))?;
        let (ground, mut collected) = ground(&self.place, path)?;
        let hook = request::hook(&ground)?;
        let signers = ground.settings.signers(&self.keys, collected.account.chain_id)?;
        if signers.addresses().is_empty() {
            bail!("no key is given; give an attester's with --keystore FILE, --key-env NAME or --signer WHERE");
        }
        ending::not_past(&ground, &collected)?;
        if collected.tx.nonce > ground.info.nonce {
            bail!("its nonce is {}, and the Safe is at {}: attest what is next", collected.tx.nonce, ground.info.nonce);
        }
        let (file, program, epoch) = policy(&ground)?;
        let now = ground.node.now()?;
        let mut observations = match &self.facts {
            Some(facts) => facts_file::load(facts, &file.policy)?,
            None => Observations::new(),
        };
        let proposal = self.allocation.observe(&ground, &collected, &file.policy, now, &mut observations)?;
        let initiator = self.initiator.as_deref().map(|text| named::parse(text)?.on(ground.node.chain_id()));
        let asked = asked(&collected, initiator.transpose().wrap_err("--initiator")?.unwrap_or_default())?;
        let state = LedgerState::new(&ground.node, hook, None);
        let chain_id = ground.node.chain_id();
        let foreseen = outlook::foresee(&file, (chain_id, hook), &state, &asked, now, &observations)?;
        foreseen.lines().into_iter().for_each(talk);
        let verdict = &foreseen.forecast.evaluation.verdict;
        let reason = foreseen.reason(words::outcome(&foreseen.forecast.evaluation, &file.compiled.source_map));
        // Time, owners and approvers may still bring what is missing; nothing else may.
        let waits = !foreseen.forecast.hangs && may_come(verdict.reason);
        match foreseen.forecast.outlook {
            Outlook::Allowed => {}
            Outlook::Denied if waits => talk(format!("not yet: {reason}")),
            Outlook::Denied => return refused(output, Exit::Denied, &reason),
            Outlook::Hold | Outlook::TooManyUnknowns => return refused(output, Exit::Undecided, &reason),
        }
        let (stated, until) = outlook::statable(&file, chain_id, &state, &asked, now, &observations)?;
        let most = now.checked_add(self.lifetime).ok_or_else(|| eyre!("--for: it is beyond all time"))?;
        let most = until.map_or(most, |until| until.min(most));
        let binding =
            Binding { chain_id, hook, account: ground.info.address, request: collected.hash(), program, epoch };
        let mut made = Vec::new();
        for ((set, name), statement) in (0..).zip(&file.compiled.source_map.attesters).zip(&stated.statements) {
            let members = members(&file, name);
            let keys: Vec<Address> = signers
                .addresses()
                .into_iter()
                .filter(|key| members.as_ref().is_none_or(|all| all.contains(key)))
                .collect();
            if keys.is_empty() {
                continue;
            }
            let statement = statement.as_bytes().to_vec().into();
            let item = AttestationItem { set, deadline: most, proposal, statement, proofs: Vec::new() };
            let attested = self.joined(&collected, Attested::new(binding, stated.digest, item), now)?;
            made.push((name.clone(), signed(attested, &signers, &keys)?));
        }
        if made.is_empty() {
            bail!("no key that is given is an attester's of the policy's sets");
        }
        for (_, attested) in &made {
            collected.attest(attested.clone());
        }
        collected.write(path)?;
        let shown = path.display().to_string();
        output.result(
            || {
                let line = |(name, attested): &(String, Attested)| {
                    let count = attested.attesters().count();
                    let until = units::time(attested.item.deadline);
                    format!("attested for `{name}`, {count} signed, until {until}; the file is `{shown}`")
                };
                made.iter().map(line).collect::<Vec<_>>().join("\n")
            },
            json!({
                "request": collected.hash(), "proposal": proposal, "program": program, "file": shown,
                "facts": foreseen.object(),
                "attestations": made.iter().map(|(name, one)| object(name, one)).collect::<Vec<_>>(),
            }),
        )?;
        Ok(Exit::Done)
    }

    /// The statement that is in the file already, where this attester would make it too; else the new one.
    fn joined(&self, collected: &Collected, fresh: Attested, now: u64) -> Result<Attested> {
        let set = fresh.item.set;
        let Some(known) = collected.attestations().find(|known| known.item.set == set) else { return Ok(fresh) };
        let mut same = fresh.clone();
        same.item.deadline = known.item.deadline;
        let lives = (now..=fresh.item.deadline).contains(&known.item.deadline);
        if known.says_the_same(&same) && lives {
            return Ok(known.clone());
        }
        if self.anew {
            return Ok(fresh);
        }
        let what = if known.says_the_same(&same) { "counts until another time" } else { "states something else" };
        bail!("the file's attestation of this set {what} than this attester would; start over with --anew")
    }
}

/// Nothing is signed.
fn refused(output: &Output, exit: Exit, reason: &str) -> Result<Exit> {
    let word = if exit == Exit::Denied { "deny" } else { "hold" };
    output.result(
        || format!("not attested: {reason}"),
        json!({ "verdict": word, "words": reason, "attestations": [] }),
    )?;
    Ok(exit)
}

/// Adds every key's signature.
fn signed(mut attested: Attested, signers: &Signers, keys: &[Address]) -> Result<Attested> {
    let digest = attested.digest();
    for key in keys {
        if !attested.sign(*key, signers.sign_as(*key, digest)?) {
            bail!("the signature of `{key}` is another's");
        }
    }
    Ok(attested)
}

/// Who may attest for a set; none where a registry says so.
fn members(file: &PolicyFile, name: &str) -> Option<Vec<Address>> {
    let set = file.policy.attesters.get(name)?;
    let mut all = Vec::new();
    for member in &set.members {
        match member {
            AddressRef::Literal(address) => all.push(*address),
            AddressRef::Named(list) => {
                let known = file.policy.groups.get(list).or_else(|| file.policy.lists.get(list))?;
                match known {
                    Members::Addresses(addresses) => all.extend(addresses),
                    Members::Registry(_) => return None,
                }
            }
        }
    }
    Some(all)
}

/// An attestation for machines.
fn object(name: &str, attested: &Attested) -> serde_json::Value {
    json!({
        "set": name, "deadline": attested.item.deadline, "effects": attested.effects,
        "statement": hex::encode_prefixed(&attested.item.statement), "proposal": attested.item.proposal,
        "digest": attested.digest(), "attesters": attested.attesters().collect::<Vec<_>>(),
    })
}
