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
use portcullis_report::units;
use std::io::{IsTerminal, Write, stdin};
use std::time::{SystemTime, UNIX_EPOCH};

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
        self.ready()
    }

    /// Refuses a payer who has nothing, and a chain that this machine's clock does not agree with.
    pub(crate) fn ready(&self) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).wrap_err("the clock is before 1970")?.as_secs();
        agree(self.node.now()?, now, self.settings.clock(self.sending).as_secs())?;
        let from = self.signers.payer()?;
        if self.node.balance(from)? == U256::ZERO {
            bail!("`{from}` pays, and has nothing to pay with: fund it, or name another with --payer");
        }
        Ok(())
    }
}

/// Insists that a block's time and this machine's, in seconds since 1970, are at most so many seconds apart. Nothing is
/// decided by this machine's clock; but what a node that lags behind says of a Safe is not how it is.
fn agree(block: u64, now: u64, most: u64) -> Result<()> {
    let apart = block.abs_diff(now);
    if apart <= most {
        return Ok(());
    }
    let (apart, time) = (units::duration(apart), units::time(block));
    if block < now {
        bail!(
            "the node's newest block is of {time}, {apart} before this machine's clock, so nothing is sent: ask a node \
             that has caught up, set the clock, or say how far both may be apart with --clock SECONDS"
        );
    }
    bail!(
        "the node's newest block is of {time}, {apart} after this machine's clock, so nothing is sent: set the clock, \
         or say how far both may be apart with --clock SECONDS"
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_differs_is_told_in_both_directions_and_to_the_second() {
        let noon = 1_767_268_800;
        for (block, now) in [(noon, noon), (noon, noon + 900), (noon + 900, noon)] {
            agree(block, now, 900).unwrap();
        }
        let behind = agree(noon, noon + 901, 900).unwrap_err().to_string();
        assert!(behind.contains("of 2026-01-01 12:00:00 UTC, 15 min 1 s before"), "{behind}");
        let ahead = agree(noon + 901, noon, 900).unwrap_err().to_string();
        assert!(ahead.contains("of 2026-01-01 12:15:01 UTC, 15 min 1 s after"), "{ahead}");
        assert!(agree(0, u64::MAX, 900).is_err());
    }
}
