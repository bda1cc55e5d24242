//! `registry`: a list of addresses that its curator changes.

use crate::config::{Ground, Place};
use crate::ending::Ending;
use crate::exit::Exit;
use crate::member::{Act, Member, after};
use crate::output::{Output, talk};
use crate::units;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolEvent};
use clap::{Args, Subcommand};
use eyre::{Result, WrapErr, bail};
use portcullis_bindings::Registry as Abi;
use portcullis_chain::{Ledger, read, safe};
use serde_json::json;
use std::collections::BTreeSet;

// Arguments of `registry`.
#[derive(Debug, Args)]
pub(crate) struct Registry {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add members; each counts once the registry's delay has passed
    Add(Change),
    /// Remove members at once
    Remove(Change),
    /// Say who is on the list, and from when on
    List(List),
}

// Arguments of `registry add` and `registry remove`.
#[derive(Debug, Args)]
struct Change {
    /// The registry
    #[arg(value_name = "REGISTRY")]
    registry: String,
    /// Whom
    #[arg(value_name = "MEMBER", required = true)]
    members: Vec<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    ending: Ending,
}

// Arguments of `registry list`.
#[derive(Debug, Args)]
struct List {
    /// The registry
    #[arg(value_name = "REGISTRY")]
    registry: String,
    #[command(flatten)]
    place: Place,
}

impl Registry {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        match &self.what {
            What::Add(change) => change.run(output, true),
            What::Remove(change) => change.run(output, false),
            What::List(list) => list.run(output),
        }
    }
}

impl Change {
    fn run(&self, output: &Output, adds: bool) -> Result<Exit> {
        let ground = self.place.open()?;
        let registry = ground.address(&self.registry)?;
        let members = self.members.iter().map(|text| ground.address(text)).collect::<Result<Vec<_>>>()?;
        let curator = read::view(&ground.node, registry, "curator()", Abi::curatorCall {})?;
        let delay = u64::from(read::view(&ground.node, registry, "delay()", Abi::delayCall {})?);
        let now = ground.node.now()?;
        let mut before = Vec::new();
        for member in &members {
            before.push(sentence(*member, from(&ground, registry, *member)?, adds, delay, now)?);
        }
        let (data, step, question) = if adds {
            (Abi::addCall { members: members.clone() }.abi_encode(), "add to", "Add them?")
        } else {
            (Abi::removeCall { members: members.clone() }.abi_encode(), "remove from", "Remove them?")
        };
        if curator == ground.info.address {
            before.into_iter().for_each(talk);
            let tx = safe::call(registry, U256::ZERO, data.into(), ground.info.nonce);
            return self.ending.finish(&ground, tx, &format!("{step} the registry"), output);
        }
        if !self.ending.executes() {
            bail!("`{curator}` curates the registry, not the Safe: there is no Safe transaction to collect or propose");
        }
        let signers = ground.settings.signers(&self.ending.keys, ground.account().chain_id)?;
        let payer = signers.payer()?;
        if payer != curator {
            bail!("`{curator}` curates the registry, not `{payer}`: give its key, or run this on the Safe that it is");
        }
        let (keys, sending) = (self.ending.keys.clone(), self.ending.sending.clone());
        let member = Member { place: self.place.clone(), keys, sending };
        let names: Vec<String> = members.iter().map(ToString::to_string).collect();
        let step = format!("{step} {registry}: {}", names.join(" "));
        let act = Act { to: registry, data: data.into(), step, before, question };
        let sent = member.act(&ground, &signers, act)?;
        let words = if adds { "added" } else { "removed" };
        after(
            output,
            format!("{words} {}", names.join(", ")),
            &sent,
            json!({ "registry": registry, "members": members }),
        )?;
        Ok(Exit::Done)
    }
}

/// What becomes of a member.
fn sentence(member: Address, from: u64, adds: bool, delay: u64, now: u64) -> Result<String> {
    let delay = units::duration(delay);
    Ok(match (adds, from) {
        (true, 0) => format!("adds         {member}, who counts {delay} after that"),
        (true, from) if from <= now => {
            bail!("`{member}` is on the list already; adding again would take it off for {delay}: leave it out")
        }
        (true, from) => bail!("`{member}` was added already, and counts from {} on: leave it out", units::time(from)),
        (false, 0) => format!("passes over  {member}, who is not on the list"),
        (false, _) => format!("removes      {member} at once"),
    })
}

/// From when on a member counts; 0 if it was not added, or was removed.
fn from(ground: &Ground, registry: Address, member: Address) -> Result<u64> {
    let from = read::view(&ground.node, registry, "activeFrom(address)", Abi::activeFromCall { member })?;
    u64::try_from(from).wrap_err("the member's time does not fit")
}

impl List {
    fn run(&self, output: &Output) -> Result<Exit> {
        let ground = self.place.open()?;
        let registry = ground.address(&self.registry)?;
        let curator = read::view(&ground.node, registry, "curator()", Abi::curatorCall {})?;
        let delay = u64::from(read::view(&ground.node, registry, "delay()", Abi::delayCall {})?);
        let added = ground.node.events(registry, Abi::Added::SIGNATURE_HASH)?;
        let seen: BTreeSet<Address> =
            added.iter().filter_map(|log| log.topics().get(1)).map(|topic| Address::from_word(*topic)).collect();
        let now = ground.node.now()?;
        let mut members = Vec::new();
        for member in seen {
            let from = from(&ground, registry, member)?;
            if from != 0 {
                members.push((member, from));
            }
        }
        output.result(
            || {
                let delay = units::duration(delay);
                let mut text = format!("registry {registry}, curated by {curator}, additions take {delay}\n");
                for (member, from) in &members {
                    let since = if *from <= now { "counts since" } else { "will count from" };
                    text.push_str(&format!("{member}  {since} {}\n", units::time(*from)));
                }
                if members.is_empty() {
                    text.push_str("nobody is on it\n");
                }
                text
            },
            json!({
                "registry": registry, "curator": curator, "delay": delay,
                "members": members.iter().map(|(member, from)| {
                    json!({ "member": member, "active_from": from, "counts": *from <= now })
                }).collect::<Vec<_>>(),
            }),
        )?;
        Ok(Exit::Done)
    }
}
