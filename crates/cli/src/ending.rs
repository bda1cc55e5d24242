//! How a Safe transaction ends, by choice and the same everywhere: executed, collected in a file, written as a batch,
//! or proposed to a Safe Transaction Service.

use crate::config::{Ground, Keys, Sending};
use crate::exit::Exit;
use crate::output::{Output, talk};
use crate::rehearsal::{self, Consent};
use crate::sending::{self, Sends};
use crate::{calldata, units};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_bindings::safe::{Safe, SafeTx};
use portcullis_chain::{Call, Ledger, read, safe};
use portcullis_operate::batch_file::{self, About};
use portcullis_operate::collected::Collected;
use portcullis_operate::send::Done;
use portcullis_operate::signature::OwnerSignature;
use portcullis_operate::signer::Signers;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

// What becomes of a Safe transaction; without a choice it is executed.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Ending {
    /// Collect signatures in this file, and send nothing
    #[arg(long, value_name = "FILE", group = "ending")]
    pub(crate) signatures: Option<PathBuf>,
    /// Write a batch for the Safe Transaction Builder, and send nothing
    #[arg(long, value_name = "FILE", group = "ending")]
    pub(crate) batch: Option<PathBuf>,
    /// Propose it to the Safe Transaction Service that is configured
    #[arg(long, group = "ending")]
    pub(crate) propose: bool,
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

/// A Safe transaction with all consent that is at hand.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) collected: Collected,
    pub(crate) signers: Signers,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// In the chain.
    Executed(Done),
    /// In a file, with so many signatures of those needed.
    Collected { file: PathBuf, have: usize, need: usize },
    /// In a batch file.
    Batch { file: PathBuf },
    /// At a service.
    Proposed { service: String },
}

impl Ending {
    /// What executing the Safe transaction with this hash is called in a journal.
    pub(crate) fn step(hash: B256) -> String {
        format!("execute {hash}")
    }

    /// Whether it is to be executed now.
    pub(crate) const fn executes(&self) -> bool {
        self.signatures.is_none() && self.batch.is_none() && !self.propose
    }

    /// Checks the nonce, and gathers consent: of the keys given, of the file, and on the chain.
    pub(crate) fn gather(&self, ground: &Ground, collected: Collected) -> Result<Ready> {
        not_past(ground, &collected)?;
        let (nonce, present) = (collected.tx.nonce, ground.info.nonce);
        if self.executes() && nonce > present {
            bail!(
                "nonce {nonce} is in the future: the Safe is at {present}; what comes before has to be executed first"
            );
        }
        let mut ready = Ready { collected, signers: ground.settings.signers(&self.keys, ground.node.chain_id())? };
        if let Some(file) = self.signatures.as_deref().filter(|file| file.exists()) {
            ready.collected.merge(Collected::read(file)?)?;
        }
        ready.owners_only(ground)?;
        if self.batch.is_none() && (self.propose || self.executes() || !ready.signers.addresses().is_empty()) {
            ready.sign(ground, self.executes())?;
        }
        if self.executes() {
            ready.on_chain(ground)?;
            let (have, need) = (ready.collected.signatures().count(), threshold(ground)?);
            if have < need {
                return Err(portcullis_operate::Error::TooFew { have, need }.into());
            }
        }
        Ok(ready)
    }

    /// Rehearses, and says what the transaction is, what the policy says of it and what happens next.
    ///
    /// What forbids to go on comes back as the command's exit.
    pub(crate) fn rehearse(&self, ground: &Ground, ready: &Ready) -> Result<(Option<Exit>, Value)> {
        let Ready { collected, signers } = ready;
        describe(ground, collected);
        let enough = collected.signatures().count() >= threshold(ground)?;
        let consent = if enough && self.batch.is_none() {
            let initiator = if self.executes() { Some(signers.payer()?) } else { None };
            Consent { signatures: collected.encode()?, initiator }
        } else {
            Consent::default()
        };
        if ground.info.guard == Address::ZERO
            && let Some(gas) = rehearsal::installs(ground, &collected.tx, &consent)?
        {
            talk(format!("rehearsed    it installs Portcullis, gas {gas}; before that nothing guards this Safe"));
            return Ok((None, json!({ "installs": true, "gas": gas })));
        }
        let simulated = rehearsal::rehearse(ground, &collected.tx, consent)?;
        Ok((rehearsal::judge(&simulated, !self.executes())?, simulated.json()))
    }

    /// Does what was chosen.
    pub(crate) fn end(&self, ground: &Ground, ready: &Ready, title: &str) -> Result<Ended> {
        let Ready { collected, signers } = ready;
        if let Some(file) = &self.batch {
            let about = About {
                name: title,
                description: "Made by Portcullis; the app gives it its own nonce and hash.",
                chain_id: ground.node.chain_id(),
                safe: ground.info.address,
                created_at: ground.node.now()?,
            };
            let calls = batch_file::calls(&collected.tx).map_err(|why| eyre!(why))?;
            write(file, &batch_file::batch(&about, &calls))?;
            return Ok(Ended::Batch { file: file.clone() });
        }
        if let Some(file) = &self.signatures {
            collected.write(file)?;
            let (have, need) = (collected.signatures().count(), threshold(ground)?);
            return Ok(Ended::Collected { file: file.clone(), have, need });
        }
        if self.propose {
            let service = ground.settings.service()?;
            sending::consent(&self.sending, &format!("Propose this to {}?", service.shown()))?;
            service.propose(collected, title)?;
            return Ok(Ended::Proposed { service: service.shown() });
        }
        let (payer, hash) = (signers.payer()?, collected.hash());
        let data = safe::exec(&collected.tx, collected.encode()?);
        let call = Call { to: ground.info.address, value: U256::ZERO, data };
        let sends = Sends { settings: &ground.settings, node: &ground.node, signers, sending: &self.sending };
        sends.ready()?;
        sending::consent(&self.sending, &format!("Execute this now, paid by {payer}?"))?;
        let done = sends.send(ground.info.address, &Self::step(hash), true, &call)?;
        let failed = |log: &alloy_primitives::Log| {
            log.address == ground.info.address && log.topics().first() == Some(&Safe::ExecutionFailure::SIGNATURE_HASH)
        };
        if done.mined.logs.iter().any(failed) {
            bail!("transaction {} is in the chain, but the Safe says that {hash} failed", done.hash);
        }
        Ok(Ended::Executed(done))
    }

    /// All of it: what a command does that makes one Safe transaction.
    pub(crate) fn finish(&self, ground: &Ground, tx: SafeTx, title: &str, output: &Output) -> Result<Exit> {
        self.finish_collected(ground, Collected::new(ground.account(), tx), title, output)
    }

    /// The same of a transaction that has some consent already.
    pub(crate) fn finish_collected(
        &self,
        ground: &Ground,
        collected: Collected,
        title: &str,
        output: &Output,
    ) -> Result<Exit> {
        let ready = self.gather(ground, collected)?;
        let (stop, verdict) = self.rehearse(ground, &ready)?;
        let ended = match stop {
            None => Some(self.end(ground, &ready, title)?),
            Some(_) => None,
        };
        let words = ended.as_ref().map_or_else(|| "not sent".to_owned(), Ended::words);
        let ended = ended.as_ref().map_or(Value::Null, Ended::json);
        output.result(
            || words,
            json!({
                "safe": ground.info.address, "chain_id": ground.node.chain_id(), "hash": ready.collected.hash(),
                "nonce": ready.collected.tx.nonce.to_string(), "rehearsal": verdict, "ended": ended,
            }),
        )?;
        Ok(stop.unwrap_or(Exit::Done))
    }
}

impl Ready {
    /// Refuses consent of anybody who is no owner.
    fn owners_only(&self, ground: &Ground) -> Result<()> {
        let stranger = self.collected.signatures().find(|one| !ground.info.owners.contains(&one.owner));
        match stranger {
            Some(one) => bail!("`{}` has signed, and is not an owner of the Safe `{}`", one.owner, ground.info.address),
            None => Ok(()),
        }
    }

    /// Signs with every key that is an owner's. Where others have signed enough, a key may be there to pay only.
    fn sign(&mut self, ground: &Ground, may_only_pay: bool) -> Result<()> {
        let owners = &ground.info.owners;
        let pays_only = may_only_pay && self.signers.addresses().iter().all(|key| !owners.contains(key));
        if pays_only && self.signers.addresses().len() <= 1 {
            return Ok(());
        }
        for signature in self.signers.sign_each(self.collected.hash(), owners)? {
            self.collected.add(signature);
        }
        Ok(())
    }

    /// Adds owners who approved the hash on chain.
    fn on_chain(&mut self, ground: &Ground) -> Result<()> {
        let hash = self.collected.hash();
        for owner in approved(ground, hash)? {
            if self.collected.signatures().all(|one| one.owner != owner) {
                self.collected.add(OwnerSignature::approved(owner));
            }
        }
        Ok(())
    }
}

/// Refuses a transaction whose nonce is used.
pub(crate) fn not_past(ground: &Ground, collected: &Collected) -> Result<()> {
    let (nonce, present) = (collected.tx.nonce, ground.info.nonce);
    if nonce < present {
        bail!("nonce {nonce} is in the past: the Safe is at {present}; make the transaction anew");
    }
    Ok(())
}

/// Which owners approved the hash on chain.
pub(crate) fn approved(ground: &Ground, hash: B256) -> Result<Vec<Address>> {
    let mut approved = Vec::new();
    for owner in &ground.info.owners {
        let ask = Safe::approvedHashesCall { owner: *owner, hash };
        let answer = read::view(&ground.node, ground.info.address, "approvedHashes(address,bytes32)", ask)?;
        if !answer.is_zero() {
            approved.push(*owner);
        }
    }
    Ok(approved)
}

/// Signatures that the Safe asks for.
pub(crate) fn threshold(ground: &Ground) -> Result<usize> {
    usize::try_from(ground.info.threshold).map_err(|_| eyre!("the Safe asks for more signatures than there can be"))
}

/// Says what the transaction is.
pub(crate) fn describe(ground: &Ground, collected: &Collected) {
    let (info, tx) = (&ground.info, &collected.tx);
    let (owners, chain) = (info.owners.len(), ground.node.chain_id());
    talk(format!("Safe         {} ({}, {} of {owners}), chain {chain}", info.address, info.version, info.threshold));
    talk(format!("transaction  {}, nonce {}", collected.hash(), tx.nonce));
    match batch_file::calls(tx) {
        Ok(calls) => {
            for call in calls {
                talk(format!("does         {}", calldata::words(call.to, call.value, &call.data)));
            }
        }
        Err(_) => talk(format!("does         a delegatecall: {}", calldata::words(tx.to, tx.value, &tx.data))),
    }
    for one in collected.signatures() {
        talk(format!("signed by    {}", one.owner));
    }
    for (approver, approval) in collected.approvals() {
        talk(format!("approved by  {approver}, until {}", units::time(approval.deadline)));
    }
    for attested in collected.attestations() {
        let until = units::time(attested.item.deadline);
        for attester in attested.attesters() {
            talk(format!("attested by  {attester}, until {until}"));
        }
    }
}

impl Ended {
    /// What happened, in words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Executed(done) => format!("executed in transaction {}, block {}", done.hash, done.mined.block),
            Self::Collected { file, have, need } if have < need => format!(
                "{have} of {need} signatures are in `{}`; hand it to the next owner: portcullis sign {}",
                file.display(),
                file.display()
            ),
            Self::Collected { file, have, need } => format!(
                "{have} of {need} signatures are in `{}`; execute it: portcullis execute {}",
                file.display(),
                file.display()
            ),
            Self::Batch { file } => {
                format!("written to `{}`; import it in the Safe Transaction Builder", file.display())
            }
            Self::Proposed { service } => format!("proposed to {service}; owners find it in their wallets"),
        }
    }

    /// What happened, for machines.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Executed(done) => json!({
                "how": "executed", "transaction": done.hash, "block": done.mined.block, "gas": done.mined.gas_used,
            }),
            Self::Collected { file, have, need } => {
                json!({ "how": "collected", "file": file.display().to_string(), "have": have, "need": need })
            }
            Self::Batch { file } => json!({ "how": "batch", "file": file.display().to_string() }),
            Self::Proposed { service } => json!({ "how": "proposed", "service": service }),
        }
    }
}

fn write(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value).wrap_err("the batch does not fit in JSON")?;
    std::fs::write(path, text + "\n").wrap_err_with(|| format!("cannot write `{}`", path.display()))
}
