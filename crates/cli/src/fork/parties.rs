//! Who is who in a report, and what its words of storage mean.

use super::ANYBODY;
use super::detail::Found;
use super::holdings;
use super::ledger::Forked;
use alloy_primitives::{Address, B256, keccak256};
use eyre::Result;
use portcullis_bindings::safe::{
    self, FALLBACK_HANDLER_SLOT, GUARD_SLOT, MODULE_GUARD_SLOT, NONCE_SLOT, SINGLETON_SLOT, THRESHOLD_SLOT,
};
use portcullis_bindings::{IPolicyHook, ISignatureHandler, libraries};
use portcullis_chain::read::SafeInfo;
use portcullis_eval::{CALL_ONLY_HASHES, MULTI_SENDS, PERMIT2, account_slot};
use portcullis_policy::decompile;
use portcullis_report::{AccountChange, Amount, Hash, Party, Report, Surroundings, Untrusted, Who, Word};
use portcullis_simulate::Ran;
use std::collections::{BTreeMap, BTreeSet};

/// Everybody of whom something is known.
pub(super) fn parties(report: &Report, found: &Found<'_>) -> Vec<Party> {
    let info = found.info;
    let mut names: BTreeMap<Address, String> = BTreeMap::new();
    let mut name = |who: Address, text: String| {
        if !who.is_zero() {
            names.entry(who).or_insert(text);
        }
    };
    name(info.address, "the Safe".to_owned());
    name(found.facts.hook, "Portcullis".to_owned());
    name(info.singleton, "the Safe's singleton".to_owned());
    name(info.handler, "the Safe's fallback handler".to_owned());
    name(ANYBODY, "nobody in particular".to_owned());
    name(PERMIT2, "Permit2".to_owned());
    info.owners.iter().for_each(|owner| name(*owner, "an owner".to_owned()));
    info.modules.iter().for_each(|module| name(*module, "a module".to_owned()));
    for asset in &found.names.assets {
        name(asset.address, format!("the policy's {}", asset.name));
    }
    MULTI_SENDS.iter().for_each(|one| name(one.address, "Safe's MultiSend".to_owned()));
    let call_only =
        [safe::MULTI_SEND_CALL_ONLY_1_3_0, safe::MULTI_SEND_CALL_ONLY_1_4_1, safe::MULTI_SEND_CALL_ONLY_1_5_0];
    call_only.iter().for_each(|one| name(*one, "Safe's MultiSendCallOnly".to_owned()));
    for library in &libraries::ALL {
        name(library.address(), format!("Portcullis, {}", library.name));
    }
    for asset in report.assets.iter().filter(|asset| !asset.declared) {
        if let Some(text) = &asset.name {
            name(asset.address.0, format!("calls itself {text}"));
        }
    }
    names.into_iter().map(|(who, text)| Party { address: Who(who), name: Untrusted::new(&text) }).collect()
}

/// What warnings are found with.
pub(super) fn surroundings(before: &Forked<'_>, report: &Report, found: &Found<'_>) -> Result<Surroundings> {
    let info = found.info;
    let spenders = report.allowances.iter().map(|one| one.spender);
    let targets = report.actions.iter().map(|action| action.to);
    let asked: BTreeSet<_> = targets.chain(spenders).chain(report.transfers.iter().map(|one| one.to)).collect();
    let called = report.calls.iter().filter(|call| call.from.0 == info.address).filter_map(|call| call.to);
    let accounts: BTreeSet<Address> = asked.iter().copied().chain(called).map(|who| who.0).collect();
    let mut known = BTreeSet::from([info.address, found.facts.hook, info.singleton, PERMIT2]);
    known.extend(found.names.assets.iter().map(|asset| asset.address));
    let handler = keccak256(&ISignatureHandler::DEPLOYED_BYTECODE);
    let ours: BTreeSet<B256> = libraries::ALL.iter().map(|library| keccak256(library.code)).collect();
    for who in &accounts {
        let hash = keccak256(before.0.code(*who)?);
        let is_multi_send = MULTI_SENDS.iter().any(|one| (one.address, one.code_hash) == (*who, hash))
            || CALL_ONLY_HASHES.iter().any(|(one, _)| *one == hash);
        if is_multi_send
            || hash == handler
            || hash == keccak256(&IPolicyHook::DEPLOYED_BYTECODE)
            || ours.contains(&hash)
        {
            known.insert(*who);
        }
    }
    let policy = decompile(found.active)?;
    let mut relied_on: BTreeSet<Address> = [info.address, found.facts.hook].into();
    relied_on.extend(info.owners.iter().chain(&info.modules));
    relied_on.extend(found.names.assets.iter().map(|asset| asset.address));
    relied_on.extend(policy.lists.values().chain(policy.groups.values()).flat_map(|members| members.addresses()));
    relied_on.remove(&Address::ZERO);
    let asked = asked.into_iter().map(|who| who.0).filter(|who| !who.is_zero()).collect();
    Ok(Surroundings { standings: holdings::standings(before, asked), known, relied_on })
}

/// What changes on the chain.
pub(super) fn state(ran: &Ran, info: &SafeInfo, hook: Address) -> Vec<AccountChange> {
    let slots: [(B256, &str); 6] = [
        (SINGLETON_SLOT.into(), "singleton"),
        (THRESHOLD_SLOT.into(), "threshold"),
        (NONCE_SLOT.into(), "nonce of the Safe"),
        (GUARD_SLOT, "transaction guard"),
        (MODULE_GUARD_SLOT, "module guard"),
        (FALLBACK_HANDLER_SLOT, "fallback handler"),
    ];
    let ours: BTreeSet<B256> = (0..super::ahead::WORDS).map(|n| account_slot(info.address, n).into()).collect();
    let meaning = |who: Address, slot: &B256| match who {
        who if who == info.address => {
            slots.iter().find(|(known, _)| known == slot).map(|(_, words)| (*words).to_owned())
        }
        who if who == hook && ours.contains(slot) => Some("what Portcullis keeps for the Safe".to_owned()),
        who if who == hook => Some("a limit, an announcement or an approval".to_owned()),
        _ => None,
    };
    let changes = ran.changes.iter().map(|(who, change)| AccountChange {
        address: Who(*who),
        balance: change.balance.map(|(before, after)| (Amount(before), Amount(after))),
        nonce: change.nonce,
        code_hash: change.code.map(|(before, after)| (Hash(before), Hash(after))),
        storage: change
            .words
            .iter()
            .map(|(slot, (before, after))| Word {
                slot: Hash(*slot),
                before: Hash(*before),
                after: Hash(*after),
                meaning: meaning(*who, slot),
            })
            .collect(),
    });
    changes.collect()
}
