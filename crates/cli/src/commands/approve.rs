//! `approve` and `deny`: a group member's word on a request.

use crate::config::Ground;
use crate::exit::Exit;
use crate::member::{Act, Member, after, word};
use crate::output::{Output, talk};
use crate::{policy_file, request, tx_file, units};
use alloy_primitives::{B256, keccak256};
use alloy_sol_types::SolCall;
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_attest::Binding;
use portcullis_bindings::IPolicyHook;
use portcullis_chain::{Ledger, read};
use portcullis_operate::collected::{Approval, Collected};
use portcullis_policy::{compile, decompile};
use serde_json::json;
use std::path::{Path, PathBuf};

// Arguments of `approve`.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The Safe transaction's hash, or the name of an opened module request; or its file of signatures
    #[arg(value_name = "HASH|FILE")]
    request: String,
    /// How long it counts, in hours
    #[arg(long, value_name = "HOURS", default_value = "24", conflicts_with = "withdraw")]
    hours: String,
    /// Take an approval on chain back
    #[arg(long)]
    withdraw: bool,
    /// Sign the approval into the file of signatures, and send nothing
    #[arg(long, conflicts_with = "withdraw")]
    sign: bool,
    #[command(flatten)]
    member: Member,
}

// Arguments of `deny`.
#[derive(Debug, Args)]
pub(crate) struct Deny {
    /// The Safe transaction's hash, or the name of an opened module request; or its file of signatures
    #[arg(value_name = "HASH|FILE")]
    request: String,
    /// The group whose approvals the rule asks for, as the policy names it
    #[arg(long, value_name = "NAME")]
    group: String,
    #[command(flatten)]
    member: Member,
}

/// The request by its hash, or by its file.
fn named(ground: &Ground, text: &str) -> Result<(B256, Option<(PathBuf, Collected)>)> {
    if text.starts_with("0x") {
        return Ok((word(text)?, None));
    }
    let path = Path::new(text);
    let collected = Collected::read(path)?;
    if collected.account != ground.account() {
        bail!("`{text}` is of the Safe `{}` on chain {}", collected.account.safe, collected.account.chain_id);
    }
    Ok((collected.hash(), Some((path.to_owned(), collected))))
}

/// The active program: its bytes and the account's epoch.
pub(crate) fn active(ground: &Ground) -> Result<(Vec<u8>, u32)> {
    let state = read::account(&ground.node, request::hook(ground)?, ground.info.address)?;
    Ok((ground.node.code(state.program, None)?.to_vec(), state.epoch))
}

impl Approve {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (ground, signers) = self.member.open()?;
        let hook = request::hook(&ground)?;
        let (request, file) = named(&ground, &self.request)?;
        let (program, epoch) = active(&ground)?;
        let program = keccak256(program);
        let hours = tx_file::decimal(&self.hours).ok().and_then(|hours| u64::try_from(hours).ok());
        let seconds = hours.filter(|hours| *hours > 0).and_then(|hours| hours.checked_mul(3_600));
        let seconds = seconds.ok_or_else(|| eyre!("--hours: `{}` is no number of hours", self.hours))?;
        // The chain's clock, not this machine's.
        let until = ground.node.now()?.checked_add(seconds).ok_or_else(|| eyre!("--hours: that is too long"))?;
        let deadline = if self.withdraw { 0 } else { until };
        let account = ground.info.address;
        let what = if self.withdraw { "takes back  " } else { "approves    " };
        let mut before = vec![format!("{what} the request {request} of {account}, under the program {program}")];
        if !self.withdraw {
            before.push(format!("until        {}", units::time(deadline)));
        }
        if self.sign {
            let Some((path, mut collected)) = file else {
                bail!("--sign needs the file of signatures in place of the hash");
            };
            let approver = signers.payer()?;
            before.into_iter().for_each(talk);
            let binding = Binding { chain_id: ground.node.chain_id(), hook, account, request, program, epoch };
            let signature = signers.sign_as(approver, binding.approval_digest(deadline))?;
            collected.approve(approver, Approval { binding, deadline, signature });
            collected.write(&path)?;
            output.result(
                || format!("the approval of {approver} is in `{}`", path.display()),
                json!({ "request": request, "approver": approver, "deadline": deadline, "file": path.display().to_string() }),
            )?;
            return Ok(Exit::Done);
        }
        let call = IPolicyHook::approveCall { account, request, program, deadline };
        let act = Act {
            to: hook,
            data: call.abi_encode().into(),
            step: format!("{} {request}", if self.withdraw { "withdraw" } else { "approve" }),
            before,
            question: if self.withdraw { "Take the approval back?" } else { "Approve this?" },
        };
        let sent = self.member.act(&ground, &signers, act)?;
        let words =
            if self.withdraw { format!("took the approval of {request} back") } else { format!("approved {request}") };
        after(output, words, &sent, json!({ "request": request, "deadline": deadline, "account": account }))?;
        Ok(Exit::Done)
    }
}

impl Deny {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (ground, signers) = self.member.open()?;
        let hook = request::hook(&ground)?;
        let (request, _) = named(&ground, &self.request)?;
        let (program, _) = active(&ground)?;
        let names = match &ground.settings.policy {
            Some(path) => {
                let compiled = policy_file::load(path)?.compiled;
                if compiled.program != program {
                    bail!("`{}` is not the policy on the chain, so it does not tell its groups", path.display());
                }
                compiled.source_map
            }
            None => compile(&decompile(&program).wrap_err("the program on the chain does not read back")?)?.source_map,
        };
        let wanted = format!("@{}", self.group.trim_start_matches('@'));
        let list = names.lists.iter().find(|list| list.name == wanted).ok_or_else(|| {
            let known: Vec<&str> = names.lists.iter().map(|list| list.name.as_str()).collect();
            eyre!("the program has no group `{wanted}`; it has {}; name the policy with --policy", known.join(", "))
        })?;
        let account = ground.info.address;
        let offset = list.offset.try_into().map_err(|_| eyre!("the group lies beyond what the hook reads"))?;
        let call = IPolicyHook::denyCall { account, request, list: offset };
        let act = Act {
            to: hook,
            data: call.abi_encode().into(),
            step: format!("deny {request}"),
            before: vec![format!(
                "denies       the request {request} of {account} for good, as a member of {wanted}, whoever approves"
            )],
            question: "Deny this for good?",
        };
        let sent = self.member.act(&ground, &signers, act)?;
        after(
            output,
            format!("denied {request}"),
            &sent,
            json!({ "request": request, "account": account, "group": wanted }),
        )?;
        Ok(Exit::Done)
    }
}
