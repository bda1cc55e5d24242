//! A Safe transaction, rehearsed with the guard on before anything of it is signed or sent.

use crate::config::Ground;
use crate::exit::Exit;
use crate::fork::{self, Asked, Simulated, Told};
use crate::inputs::Terms;
use crate::output::talk;
use crate::tx_file::TxFile;
use alloy_primitives::{Address, Bytes};
use eyre::{Result, bail};
use portcullis_bindings::safe::SafeTx;
use portcullis_chain::Ledger;
use portcullis_eval::{Action, Reason};
use portcullis_simulate::{At, Limits, Pinned, Rpc, Trust};

/// Who consents and who calls, as far as that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consent {
    /// As `execTransaction` takes them; empty where as many owners as needed are taken to consent.
    pub(crate) signatures: Bytes,
    /// Who calls `execTransaction`.
    pub(crate) initiator: Option<Address>,
}

/// Runs the transaction on the newest block's state.
///
/// What cannot be computed is an error that ends as undecided: nothing is sent on it.
pub(crate) fn rehearse(ground: &Ground, tx: &SafeTx, consent: Consent) -> Result<Simulated> {
    let refunds = [tx.safeTxGas, tx.baseGas, tx.gasPrice].iter().any(|gas| !gas.is_zero());
    if refunds || tx.gasToken != Address::ZERO || tx.refundReceiver != Address::ZERO {
        bail!("the transaction asks for a gas refund, which Portcullis denies: make it anew without one");
    }
    let action = Action { to: tx.to, value: tx.value, data: tx.data.clone(), operation: tx.operation };
    let Consent { signatures, initiator } = consent;
    let transaction = TxFile { initiator, signatures, actions: vec![action], ..TxFile::default() };
    let safe = ground.info.address;
    let limits = Limits { request: ground.settings.timeout, ..Limits::default() };
    let node = Rpc::new(&ground.settings.rpc()?, limits)?;
    let (wanted, hints) = (fork::wanted(safe, &transaction), fork::hints(safe, &transaction));
    let chain_id = Some(ground.node.chain_id());
    let pinned = Pinned::open(node, At::Latest, chain_id, Trust::Node(None), wanted, &hints)?;
    let at = pinned.block().timestamp.saturating_add(1);
    let asked = Asked { safe, signers: Vec::new(), at, nonce: Some(tx.nonce), terms: Terms::default(), transaction };
    fork::simulate(&pinned, &asked, &Told::new(ground.settings.policy.as_ref()), None)
}

/// The gas of a transaction that puts an unguarded Safe under the hook; none where it does not.
pub(crate) fn installs(ground: &Ground, tx: &SafeTx, consent: &Consent) -> Result<Option<u64>> {
    let safe = ground.info.address;
    let pinned = fork::pin(&ground.settings, safe, &[tx.to])?;
    fork::installs(&pinned, safe, tx, &consent.signatures)
}

/// Says what came out, and how the command ends where that forbids to go on.
///
/// With `waits`, what time and members may still bring is no reason to stop: nothing is sent yet.
pub(crate) fn judge(simulated: &Simulated, waits: bool) -> Result<Option<Exit>> {
    for line in simulated.lines() {
        talk(line);
    }
    if !simulated.agree() {
        talk("the chain and the mirror disagree: nothing is sent; report this transaction");
        return Ok(Some(Exit::Disagree));
    }
    if let Some(why) = simulated.failure() {
        bail!("the policy allows it, but the execution would fail: {why}; nothing is sent");
    }
    if simulated.executes() {
        return Ok(None);
    }
    if waits && may_come(simulated.reason()) {
        talk("not yet: it can be executed once that is met");
        return Ok(None);
    }
    talk("denied: nothing is sent");
    Ok(Some(Exit::Denied))
}

/// Whether time, members or owners may still bring what is missing.
pub(crate) const fn may_come(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NotAnnounced
            | Reason::NotMatured
            | Reason::AttestationRequired
            | Reason::TooFewAttesters
            | Reason::TooFewSignatures
            | Reason::TooFewNamedSigners
            | Reason::TooFewApprovals
            | Reason::SlotsNotMatured
    )
}
