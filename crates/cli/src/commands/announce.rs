//! `announce` and `cancel`: the public notice that starts a request's delay.

use crate::exit::Exit;
use crate::member::{Act, Member, after, word};
use crate::output::Output;
use crate::request::{self, Written};
use crate::{calldata, mirror, units};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use clap::Args;
use eyre::{Result, WrapErr, bail};
use portcullis_bindings::IPolicyHook;
use portcullis_chain::read;
use portcullis_eval::Action;
use serde_json::json;

// Arguments of `announce`.
#[derive(Debug, Args)]
pub(crate) struct Announce {
    #[command(flatten)]
    written: Written,
    #[command(flatten)]
    member: Member,
}

// Arguments of `cancel`.
#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// The announcement's id; or give the transaction that was announced
    #[arg(value_name = "ID", conflicts_with_all = ["tx", "to"])]
    id: Option<String>,
    #[command(flatten)]
    written: Written,
    #[command(flatten)]
    member: Member,
}

impl Announce {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (ground, signers) = self.member.open()?;
        let hook = request::hook(&ground)?;
        let account = ground.info.address;
        let file = self.written.read(ground.account().chain_id)?;
        let origin = file.origin.unwrap_or(Address::ZERO);
        let tx = request::safe_tx(&file.actions, ground.info.version.into(), U256::ZERO);
        // What the Safe hands its guard is one action, which may be a batch.
        let action = Action { to: tx.to, value: tx.value, data: tx.data, operation: tx.operation };
        let actions = mirror::abi_actions(&[action]);
        let ask = IPolicyHook::announcementIdCall { account, origin, actions: actions.clone() };
        let id = read::view(&ground.node, hook, "announcementId(address,address,Action[])", ask)?;
        let who = if origin.is_zero() { "the owners".to_owned() } else { format!("the module {origin}") };
        let mut before = vec![format!("announces    a request of {who} of {account}, which starts its delay")];
        before.extend(
            file.actions.iter().map(|one| format!("does         {}", calldata::words(one.to, one.value, &one.data))),
        );
        before.push(format!("id           {id}"));
        let call = IPolicyHook::announceCall { account, origin, actions };
        let act = Act {
            to: hook,
            data: call.abi_encode().into(),
            step: format!("announce {id}"),
            before,
            question: "Announce this?",
        };
        let sent = self.member.act(&ground, &signers, act)?;
        let made = made_at(&ground.node, hook, id)?;
        let words = format!("announced as {id} at {}", units::time(made));
        after(output, words, &sent, json!({ "id": id, "announced_at": made, "account": account }))?;
        Ok(Exit::Done)
    }
}

impl Cancel {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (ground, signers) = self.member.open()?;
        let hook = request::hook(&ground)?;
        let account = ground.info.address;
        let id = match &self.id {
            Some(text) => word(text)?,
            None => {
                let file = self.written.read(ground.account().chain_id)?;
                let tx = request::safe_tx(&file.actions, ground.info.version.into(), U256::ZERO);
                let action = Action { to: tx.to, value: tx.value, data: tx.data, operation: tx.operation };
                let origin = file.origin.unwrap_or(Address::ZERO);
                let ask = IPolicyHook::announcementIdCall { account, origin, actions: mirror::abi_actions(&[action]) };
                read::view(&ground.node, hook, "announcementId(address,address,Action[])", ask)?
            }
        };
        let made = made_at(&ground.node, hook, id)?;
        if made == 0 {
            bail!("there is no announcement `{id}` of this account: it was cancelled, executed, or never made");
        }
        let act = Act {
            to: hook,
            data: IPolicyHook::cancelCall { account, id }.abi_encode().into(),
            step: format!("cancel {id}"),
            before: vec![format!("cancels      the announcement {id} of {account}, made at {}", units::time(made))],
            question: "Cancel this?",
        };
        let sent = self.member.act(&ground, &signers, act)?;
        after(output, format!("cancelled {id}"), &sent, json!({ "id": id, "account": account }))?;
        Ok(Exit::Done)
    }
}

/// When an announcement was made, in seconds; 0 for none.
fn made_at(node: &portcullis_chain::Node, hook: Address, id: B256) -> Result<u64> {
    let made = read::view(node, hook, "announcedAt(bytes32)", IPolicyHook::announcedAtCall { id })?;
    u64::try_from(made).wrap_err("the announcement's time does not fit")
}
