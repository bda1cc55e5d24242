//! `freeze` and `unfreeze`: a guardian stops everything at once; the owners end it, after the change delay.

use crate::config::Place;
use crate::ending::Ending;
use crate::exit::Exit;
use crate::member::{Act, Member, after};
use crate::output::{Output, talk};
use crate::{request, units};
use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use clap::Args;
use eyre::{Result, bail};
use portcullis_bindings::IPolicyHook;
use portcullis_chain::{Ledger, read, safe};
use serde_json::json;

// Arguments of `freeze`.
#[derive(Debug, Args)]
pub(crate) struct Freeze {
    #[command(flatten)]
    member: Member,
}

// Arguments of `unfreeze`.
#[derive(Debug, Args)]
pub(crate) struct Unfreeze {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    ending: Ending,
}

impl Freeze {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (ground, signers) = self.member.open()?;
        let hook = request::hook(&ground)?;
        let account = ground.info.address;
        let state = read::account(&ground.node, hook, account)?;
        if state.frozen {
            bail!("`{account}` is frozen already, by {}", state.guardian);
        }
        let delay = units::duration(u64::from(state.changeDelay));
        let act = Act {
            to: hook,
            data: IPolicyHook::freezeCall { account }.abi_encode().into(),
            step: format!("freeze {account}"),
            before: vec![
                format!("freezes      {account} at once: until the owners end it, only control and cancelling pass"),
                format!(
                    "ends         {delay} after the owners start to unfreeze; then you cannot freeze again until the next activation"
                ),
            ],
            question: "Freeze?",
        };
        let sent = self.member.act(&ground, &signers, act)?;
        after(output, format!("frozen: {account}"), &sent, json!({ "account": account, "frozen": true }))?;
        Ok(Exit::Done)
    }
}

impl Unfreeze {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let ground = self.place.open()?;
        let hook = request::hook(&ground)?;
        let account = ground.info.address;
        let state = read::account(&ground.node, hook, account)?;
        if !state.frozen {
            bail!("`{account}` is not frozen");
        }
        let ends = u64::try_from(state.unfreezesAt)?;
        let (data, title) = if ends == 0 {
            let delay = units::duration(u64::from(state.changeDelay));
            talk(format!(
                "starts       to end the freeze by {}; it ends by a second `unfreeze`, {delay} later",
                state.guardian
            ));
            (IPolicyHook::startUnfreezeCall {}.abi_encode(), "start to unfreeze")
        } else if ends <= ground.node.now()? {
            talk(format!(
                "ends         the freeze, and bars {} from another until the next activation",
                state.guardian
            ));
            (IPolicyHook::unfreezeCall {}.abi_encode(), "unfreeze")
        } else {
            bail!("the end of the freeze was started: run this again from {} on", units::time(ends));
        };
        let tx = safe::call(hook, U256::ZERO, data.into(), ground.info.nonce);
        self.ending.finish(&ground, tx, title, output)
    }
}
