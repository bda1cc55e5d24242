//! A Safe's own `execTransaction`, guards on, on the state that a chain had after one block.

mod ahead;
mod audit;
mod bundle;
mod detail;
mod drain;
mod facts;
mod file;
mod holdings;
mod ledger;
mod parties;
mod ready;
mod rehearsal;
mod series;
mod shown;
mod told;

use crate::inputs::Terms;
use crate::mirror::{self, Executed};
use crate::outlook::Foreseen;
use crate::tx_file::TxFile;
use crate::words;
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::SolCall;
use detail::Found;
use eyre::{Result, WrapErr, bail};
use facts::{Facts, Override, Setting};
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::{self, APPROVED_HASHES_SLOT, NONCE_SLOT, Safe};
use portcullis_chain::safe::{SafeTx, Version};
use portcullis_chain::{Ledger, read};
use portcullis_eval::{Action, Evaluation, Reason, Request, Verdict};
use portcullis_policy::SourceMap;
use portcullis_report::{AllowedFrom, Decoder, Outcome, Report};
use portcullis_simulate::{Fork, Pinned, Ran, Reverted};
use std::rc::Rc;

pub(crate) use ahead::{hints, lists, of_safe, wanted};
pub(crate) use audit::{Audit, Most, Row, audit};
pub(crate) use bundle::{hash, load, store};
pub(crate) use drain::Taken;
pub(crate) use file::{ReportFile, whole};
pub(crate) use ledger::Forked;
pub(crate) use rehearsal::{Rehearsed, Run, installs, pin, rehearse, survey};
pub(crate) use series::{Past, Series, simulate_all};
pub(crate) use shown::{exit, report};
pub(crate) use told::Told;

/// Who executes where nobody is named.
pub(crate) const ANYBODY: Address = address!("00000000000000000000000000000000000000aA");

/// What is simulated.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) safe: Address,
    /// Owners who are taken to have approved; none where the transaction brings its signatures.
    pub(crate) signers: Vec<Address>,
    /// The time of the block it runs in, in seconds.
    pub(crate) at: u64,
    /// The nonce of an owner transaction; the Safe's own where left out.
    pub(crate) nonce: Option<U256>,
    /// What an owner transaction says of its gas.
    pub(crate) terms: Terms,
    pub(crate) transaction: TxFile,
}

/// What came out.
#[derive(Debug)]
pub(crate) struct Simulated {
    facts: Facts,
    chain: Verdict,
    rust: Evaluation,
    names: Rc<SourceMap>,
    /// When it becomes allowed, where it is denied.
    allowed_from: Option<AllowedFrom>,
    /// What the verdict will be once attesters have stated what is known, where that was told.
    foreseen: Option<Foreseen>,
    /// Where it was asked for.
    report: Option<Report>,
}

impl Simulated {
    /// Whether chain and mirror say the same.
    pub(crate) const fn agree(&self) -> bool {
        self.facts.agree
    }

    /// Whether it is allowed and runs to its end.
    pub(crate) fn executes(&self) -> bool {
        self.facts.outcome == Outcome::Executes && words::verdict(&self.chain) == "allow"
    }

    /// Why it fails although the policy allows it.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.facts.failure.as_deref().filter(|_| words::verdict(&self.chain) == "allow")
    }

    /// What the chain says of it.
    pub(crate) const fn reason(&self) -> Reason {
        self.chain.reason
    }

    /// Whose code runs, as far as the report tells.
    pub(crate) fn called(&self) -> impl Iterator<Item = Address> {
        let calls = self.report.iter().flat_map(|report| &report.calls);
        calls.filter_map(|call| call.to.as_ref()).map(|who| who.0)
    }

    /// Says in the report what else was taken on trust.
    pub(crate) fn trusts(&mut self, what: &str) {
        if let Some(report) = &mut self.report {
            report.provenance.trusted.push(what.to_owned());
        }
    }

    /// The hash of the report.
    pub(crate) fn hash(&self) -> Result<B256> {
        self.facts.hash().wrap_err("the report does not fit in JSON")
    }
}

/// Simulates on what is known of a block. With a decoder, everything is read that a report tells.
///
/// Whatever came out counts only if everything that was read is known.
pub(crate) fn simulate(pinned: &Pinned, asked: &Asked, told: &Told, decoder: Option<&Decoder>) -> Result<Simulated> {
    let mut ledger = Forked(Fork::new(pinned, asked.at));
    let came_out = run(&mut ledger, asked, told, decoder, Vec::new());
    pinned.complete()?;
    came_out
}

/// The executing call, and what both evaluators are asked about it.
struct Execution {
    request: Request,
    sender: Address,
    data: Bytes,
    signed: Option<(SafeTx, B256)>,
}

/// Runs on the ledger's present state, which is other than the chain's as `overrides` tell.
fn run(
    ledger: &mut Forked<'_>,
    asked: &Asked,
    told: &Told,
    decoder: Option<&Decoder>,
    mut overrides: Vec<Override>,
) -> Result<Simulated> {
    let before = decoder.map(|decoder| (decoder, ledger.clone()));
    let info = read::safe(ledger, asked.safe)?;
    let hook = guard(ledger, &info, asked.transaction.origin)?;
    let (all, calls) = multi_sends(info.version);
    let action = asked.transaction.top_level(all, calls);
    overrides.push(Override::FreeGas);
    let Execution { request, sender, data, signed } = match asked.transaction.origin {
        Some(module) => from_module(asked, module, action),
        None => from_owners(ledger, &info, asked, action, &mut overrides)?,
    };
    if !ledger.code(sender, None)?.is_empty() {
        overrides.push(Override::ContractSends { sender });
    }

    let answers = mirror::ask(ledger, hook, &request)?;
    let active = &answers.program;
    let names = told.names(active)?;
    let allowed_from = if answers.agree() && !answers.chain.is_allowed() {
        ready::allowed_from(ledger, hook, active, &request, &answers.rust)?
    } else {
        None
    };
    let foreseen = told.foresee(ledger, hook, &request)?;
    let ran = ledger.0.send(sender, asked.safe, U256::ZERO, data)?;
    // What the chain did counts; what `check` said before tells the rest of an allow.
    let (chain, outcome, failure) = match mirror::ended(ran.receipt.success, &ran.receipt.output)? {
        Executed::Done => match refused(request.origin, &ran.receipt.output) {
            None => (answers.chain, Outcome::Executes, None),
            some => (answers.chain, Outcome::Fails, some),
        },
        // In 1.5.0 what a called contract reverts with is what the Safe does: only the hook's own denial is one.
        Executed::Denied(verdict) if is_by(hook, asked.safe, &ran) => {
            if answers.undone_by(&verdict) {
                (answers.chain, Outcome::Fails, Some(words::reason(&verdict, &names)))
            } else {
                (verdict, Outcome::Denied, None)
            }
        }
        Executed::Denied(_) => (answers.chain, Outcome::Fails, Some(words::revert(&ran.receipt.output))),
        Executed::Failed(output) => {
            let why = ran.receipt.halt.clone().unwrap_or_else(|| words::revert(&output));
            (answers.chain, Outcome::Fails, Some(why))
        }
    };
    let block = ledger.0.pinned().block();
    let setting = Setting {
        chain_id: ledger.chain_id(),
        block_number: block.number,
        block_hash: block.hash,
        time: ledger.0.now(),
        safe: asked.safe,
        safe_version: info.version.as_str(),
        safe_tx_hash: signed.as_ref().map(|(_, hash)| *hash),
        nonce: request.origin.is_none().then_some(request.nonce),
        origin: request.origin,
        initiator: request.initiator,
        hook,
        program: keccak256(active),
        overrides,
    };
    let facts = Facts::new(setting, &chain, &answers.rust.verdict, outcome, failure, &ran);
    let found = Found {
        info: &info,
        request: &request,
        tx: signed.as_ref().map(|(tx, _)| tx),
        active,
        chain: &chain,
        rust: &answers.rust,
        names: &names,
        facts: &facts,
        ran: &ran,
        allowed_from,
    };
    let report = before.map(|(decoder, before)| detail::report(&before, ledger, &found, decoder)).transpose()?;
    Ok(Simulated { facts, chain, rust: answers.rust, names, allowed_from, foreseen, report })
}

/// The hook that guards the Safe, and the module that asks.
fn guard(ledger: &Forked<'_>, info: &read::SafeInfo, origin: Option<Address>) -> Result<Address> {
    let (hook, safe) = (info.guard, info.address);
    if hook == Address::ZERO || ledger.code(hook, None)? != IPolicyHook::DEPLOYED_BYTECODE {
        bail!("Portcullis is not in the guard slot of the Safe `{safe}`, so its policy decides nothing there");
    }
    if info.version.has_module_guard() && info.module_guard != hook {
        bail!("Portcullis is not in the module guard slot of the Safe `{safe}`, so modules bypass its policy");
    }
    if let Some(module) = origin
        && !info.version.has_module_guard()
    {
        bail!("the module `{module}` bypasses the guard of Safe {}: no policy decides on it", info.version);
    }
    Ok(hook)
}

const fn multi_sends(version: Version) -> (Address, Address) {
    match version {
        Version::V1_3_0 => (safe::MULTI_SEND_1_3_0, safe::MULTI_SEND_CALL_ONLY_1_3_0),
        Version::V1_4_1 => (safe::MULTI_SEND_1_4_1, safe::MULTI_SEND_CALL_ONLY_1_4_1),
        Version::V1_5_0 => (safe::MULTI_SEND_1_5_0, safe::MULTI_SEND_CALL_ONLY_1_5_0),
    }
}

fn from_module(asked: &Asked, module: Address, action: Action) -> Execution {
    let call = Safe::execTransactionFromModuleCall {
        to: action.to,
        value: action.value,
        data: action.data.clone(),
        operation: action.operation,
    };
    let (account, origin, initiator) = (asked.safe, Some(module), module);
    let request = Request { account, origin, initiator, actions: vec![action], ..Request::default() };
    Execution { request, sender: module, data: call.abi_encode().into(), signed: None }
}

fn from_owners(
    ledger: &mut Forked<'_>,
    info: &read::SafeInfo,
    asked: &Asked,
    action: Action,
    overrides: &mut Vec<Override>,
) -> Result<Execution> {
    let nonce = asked.nonce.unwrap_or(info.nonce);
    if nonce < info.nonce {
        bail!("nonce {nonce} is used up, the Safe is at {}: simulate what was executed with --past HASH", info.nonce);
    }
    if nonce != info.nonce {
        ledger.0.set_storage(asked.safe, NONCE_SLOT, nonce)?;
        overrides.push(Override::Nonce { nonce });
    }
    let call = portcullis_chain::safe::call(action.to, action.value, action.data.clone(), nonce);
    let tx = asked.terms.on(SafeTx { operation: action.operation, ..call });
    let hash = portcullis_chain::safe::hash(&tx, asked.safe, ledger.chain_id());
    let mut signatures = Vec::new();
    for owner in approvers(info, asked)? {
        let slot = approve(ledger, asked.safe, owner, hash, &mut signatures)?;
        overrides.push(Override::ApprovedHash { owner, hash, slot });
    }
    signatures.extend_from_slice(&asked.transaction.signatures);
    let signatures = Bytes::from(signatures);
    let sender = asked.transaction.initiator.unwrap_or_else(|| {
        overrides.push(Override::AnySender { sender: ANYBODY });
        ANYBODY
    });
    let request = Request {
        account: asked.safe,
        origin: None,
        initiator: sender,
        safe_tx_gas: tx.safeTxGas,
        gas_price: tx.gasPrice,
        base_gas: tx.baseGas,
        gas_token: tx.gasToken,
        refund_receiver: tx.refundReceiver,
        nonce,
        signatures: signatures.clone(),
        actions: vec![action],
    };
    let data = portcullis_chain::safe::exec(&tx, signatures);
    Ok(Execution { request, sender, data, signed: Some((tx, hash)) })
}

/// Takes an owner to have approved a hash: writes it where the Safe notes it, and what stands for it among the
/// signatures. Returns the slot.
fn approve(
    ledger: &mut Forked<'_>,
    safe: Address,
    owner: Address,
    hash: B256,
    signatures: &mut Vec<u8>,
) -> Result<B256> {
    let slot = approved_slot(owner, hash);
    ledger.0.set_storage(safe, slot.into(), U256::ONE)?;
    signatures.extend_from_slice(owner.into_word().as_slice());
    signatures.extend_from_slice(&[0; 32]);
    signatures.push(1);
    Ok(slot)
}

/// The owners who are taken to have approved, ascending: those who are named, or, where the transaction brings no
/// signatures, as many as the Safe asks for.
fn approvers(info: &read::SafeInfo, asked: &Asked) -> Result<Vec<Address>> {
    if let Some(stranger) = asked.signers.iter().find(|signer| !info.owners.contains(signer)) {
        bail!("--signer: `{stranger}` is no owner of the Safe `{}`", asked.safe);
    }
    let named = !asked.signers.is_empty();
    if !named && !asked.transaction.signatures.is_empty() {
        return Ok(Vec::new());
    }
    let mut owners = if named { asked.signers.clone() } else { info.owners.clone() };
    owners.sort_unstable();
    owners.dedup();
    if !named {
        owners.truncate(usize::try_from(info.threshold).unwrap_or(usize::MAX));
    }
    Ok(owners)
}

/// Where a Safe notes that an owner has approved a hash.
fn approved_slot(owner: Address, hash: B256) -> B256 {
    let of_owner = keccak256([owner.into_word(), APPROVED_HASHES_SLOT.into()].concat());
    keccak256([hash, of_owner].concat())
}

/// Whether what the transaction reverted with is what the hook told the Safe.
fn is_by(hook: Address, safe: Address, ran: &Ran) -> bool {
    let told = |one: &Reverted| one.target == hook && one.caller == safe && one.output == ran.receipt.output;
    ran.reverted.iter().any(told)
}

/// A module is told of a failed call by its answer, not by a revert.
fn refused(origin: Option<Address>, output: &[u8]) -> Option<String> {
    origin?;
    let done = Safe::execTransactionFromModuleCall::abi_decode_returns_validate(output).unwrap_or(false);
    (!done).then(|| "the Safe answers its module that the call failed".to_owned())
}
