//! Ethereum transactions of whoever runs this: said before, asked for, sent through a journal, said after.

use crate::config::{Sending, Settings};
use crate::output::talk;
use crate::words;
use alloy_primitives::{Address, U256};
use eyre::{Result, WrapErr, bail};
use portcullis_chain::{Call, Ledger, Node};
use portcullis_operate::journal::{Journal, Standing};
use portcullis_operate::send::{Done, Event, Sender};
use portcullis_operate::signer::Signers;
use std::io::{IsTerminal, Write, stdin};

/// Asks on a terminal; anywhere else only `--yes` consents.
pub(crate) fn consent(sending: &Sending, question: &str) -> Result<()> {
    if sending.yes {
        return Ok(());
    }
    if !stdin().is_terminal() {
        bail!("nobody is there to be asked, so nothing is sent: say --yes if what is printed above is meant");
    }
    anstream::eprint!("{question} [y/N] ");
    std::io::stderr().flush().wrap_err("cannot ask")?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).wrap_err("cannot read the answer")?;
    if !matches!(answer.trim(), "y" | "Y" | "yes") {
        bail!("nothing is sent, as you said");
    }
    Ok(())
}

/// What happens meanwhile, in words.
pub(crate) fn tell(event: Event) {
    match event {
        Event::Sending(hash) => talk(format!("sending transaction {hash}")),
        Event::Resuming(hash) => talk(format!("transaction {hash} was sent before: taking it up where it stands")),
        Event::WasDone(hash) => talk(format!("transaction {hash} was done before")),
        Event::Undone(hash) => talk(format!("a reorganisation undid transaction {hash}: sending the same one again")),
        Event::InBlock(hash, block) => talk(format!("transaction {hash} is in block {block}")),
    }
}

/// Who sends, and how.
pub(crate) struct Sends<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) node: &'a Node,
    pub(crate) signers: &'a Signers,
    pub(crate) sending: &'a Sending,
}

impl Sends<'_> {
    /// Sends one call of the payer's, once, in the journal of `account`.
    ///
    /// A step that ended before is another one the next time: what it did is for the chain to say.
    pub(crate) fn send(&self, account: Address, step: &str, once: bool, call: &Call) -> Result<Done> {
        let folder = self.settings.journals(self.sending);
        let mut journal = Journal::open(&folder, self.node.chain_id(), account)?;
        let wallet = self.signers.wallet()?;
        let patience = self.settings.patience(self.sending);
        let mut sender = Sender::new(self.node, &mut journal, &wallet, patience);
        let step = if once { step.to_owned() } else { unfinished(&sender, step) };
        Ok(sender.send(&step, call, &mut tell)?)
    }

    /// Refuses what would revert now, with the reason.
    pub(crate) fn try_out(&self, call: &Call) -> Result<()> {
        let from = self.signers.payer()?;
        let called = self.node.call(from, call.to, call.value, call.data.clone())?;
        if !called.success {
            bail!("`{}` would refuse it: {}; nothing is sent", call.to, words::revert(&called.output));
        }
        self.funded()
    }

    /// Refuses a payer who has nothing.
    pub(crate) fn funded(&self) -> Result<()> {
        let from = self.signers.payer()?;
        if self.node.balance(from)? == U256::ZERO {
            bail!("`{from}` pays, and has nothing to pay with: fund it, or name another with --payer");
        }
        Ok(())
    }
}

/// The step of this name that has not ended, or a new one.
fn unfinished(sender: &Sender<'_>, step: &str) -> String {
    let mut number = 1_u32;
    loop {
        let name = format!("{step} ({number})");
        if !matches!(sender.standing(&name), Standing::Done(_)) {
            return name;
        }
        number = number.saturating_add(1);
    }
}
