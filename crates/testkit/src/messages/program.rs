//! Random message rules, and programs that hold them.

use alloy_primitives::{Address, B256, Bytes, U256};
use portcullis_policy::{
    AddressRef, Asset, Cap, Control, Limit, Members, MessageOutcome, MessageRule, Named, Policy, Registry, Scope,
    Selector, Semantics, Signers, Standard, Window, compile,
};

use crate::answering::Answering;
use crate::conditions::ListDraft;
use crate::dice::Dice;
use crate::obligations::everyone;
use crate::world;

/// A message rule in the making.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Zero is any.
    pub domain: B256,
    /// Zero is any.
    pub kind: B256,
    /// As the program has it.
    pub outcome: u8,
    /// As the program has it.
    pub signatures: u8,
    /// Who of whom.
    pub signers: Option<(ListDraft, u8)>,
}

/// Domains and types that rules name, and messages have.
#[must_use]
pub fn words() -> Vec<B256> {
    (1..=3).map(B256::repeat_byte).collect()
}

/// Up to five rules.
pub fn drafts(dice: &mut Dice) -> Vec<Draft> {
    let count = dice.pick(&[0, 1, 1, 1, 2, 2, 2, 3, 3, 5]);
    (0..count).map(|_| draft(dice)).collect()
}

fn draft(dice: &mut Dice) -> Draft {
    let word = |dice: &mut Dice| if dice.percent(35) { B256::ZERO } else { dice.pick(&words()) };
    let (domain, kind) = (word(dice), word(dice));
    let outcome = dice.pick(&[0, 1, 1, 1, 1, 3, 3]);
    if outcome == 0 {
        return Draft { domain, kind, outcome, signatures: 0, signers: None };
    }
    let signers = dice.percent(35).then(|| {
        if dice.percent(25) {
            return (ListDraft::Registry(dice.pick(&Answering::ALL)), 1);
        }
        let members = dice.some_of(&everyone(), 50);
        (ListDraft::Members(members), dice.pick(&[1, 1, 2]))
    });
    let signatures = dice.pick(&[0, 0, 0, 1, 2, 3]);
    Draft { domain, kind, outcome, signatures, signers }
}

/// Whether a limit is to be everywhere, or there is none.
pub fn limit(dice: &mut Dice) -> Option<bool> {
    dice.pick(&[None, Some(false), Some(false), Some(true)])
}

/// The bytes, without the compiler: no rules but these, and the tables where they happen to lie.
pub fn assemble(dice: &mut Dice, drafts: &[Draft], limit: Option<bool>) -> Bytes {
    let mut program = vec![0, 1, 0, 0, 0, 0, 0, 0, u8::from(limit.is_some())];
    program.extend([0; 55]);
    if let Some(everywhere) = limit {
        let mut bytes = [0; 84];
        bytes[0] = b'a';
        bytes[55] = 9;
        bytes[57] = u8::from(everywhere);
        bytes[64] = 0x70;
        program.extend(bytes);
    }
    let entries = program.len() + 6;
    let offset = |at: usize| U256::from(at).to_be_bytes::<32>().last_chunk::<3>().copied().unwrap_or_default();
    program.extend([offset(entries), offset(entries)].concat());
    let gap = if dice.percent(20) { dice.index(40) } else { 0 };
    program.extend(dice.bytes(gap));
    let mut lists = Vec::new();
    for draft in drafts {
        let Some((list, _)) = &draft.signers else { continue };
        lists.push(program.len());
        match list {
            ListDraft::Registry(registry) => {
                program.extend([0, 0, 255]);
                program.extend(registry.address());
                program.extend(registry.method().1);
            }
            ListDraft::Members(members) => {
                program.extend(u16::try_from(members.len()).unwrap_or(u16::MAX).to_be_bytes());
                program.push(0);
                let mut members = members.clone();
                members.sort_unstable();
                program.extend(members.iter().flatten());
            }
        }
    }
    let table = program.len();
    let mut lists = lists.into_iter();
    for draft in drafts {
        program.extend(draft.domain);
        program.extend(draft.kind);
        program.extend([draft.outcome, draft.signatures]);
        let (at, n) = draft.signers.as_ref().map_or((0, 0), |(_, n)| (lists.next().unwrap_or(0), *n));
        program.extend(offset(at));
        program.extend([n, 0, 0]);
    }
    if let Some(header) = program.first_chunk_mut::<64>().filter(|_| !drafts.is_empty()) {
        header[28..31].copy_from_slice(&offset(table));
        header[31] = u8::try_from(drafts.len()).unwrap_or(u8::MAX);
    }
    program.into()
}

/// Something about the table that is not as it should be.
pub fn damage(dice: &mut Dice, program: &Bytes) -> Bytes {
    let mut bytes = program.to_vec();
    let table = bytes.get(28..31).map_or(0, |at| U256::from_be_slice(at).saturating_to::<usize>());
    let count = bytes.get(31).copied().unwrap_or_default();
    let record = table + 72 * dice.index(usize::from(count));
    let (anything, odd) = (dice.byte(), dice.pick(&[0, 1, 2, 3, 4, 0xff]));
    let (at, value) = match dice.below(7) {
        0 => {
            bytes.pop();
            return bytes.into();
        }
        1 => (28 + dice.index(4), anything),
        2 => {
            bytes.iter_mut().take(31).skip(28).for_each(|byte| *byte = 0);
            return bytes.into();
        }
        3 => (31, 0),
        4 => (dice.index(64), anything),
        _ => (record + 64 + dice.index(8), odd),
    };
    if let Some(byte) = bytes.get_mut(at) {
        *byte = value;
    }
    bytes.into()
}

/// The compiler's bytes for the same rules; none where it refuses them.
#[must_use]
pub fn compiled(drafts: &[Draft], limit: Option<bool>) -> Option<Bytes> {
    let mut policy = Policy {
        name: "messages".to_owned(),
        account: None,
        semantics: Semantics::FirstMatch,
        control: Control::default(),
        assets: Default::default(),
        groups: Default::default(),
        lists: Default::default(),
        attesters: Default::default(),
        facts: Default::default(),
        limits: Default::default(),
        rules: Vec::new(),
        messages: Vec::new(),
    };
    if let Some(everywhere) = limit {
        let token = world::tokens().first().copied()?;
        policy.assets.insert("T".to_owned(), Asset { standard: Standard::Erc20(token), decimals: 0 });
        let cap = Cap::Amount { asset: "T".to_owned(), amount: portcullis_policy::Amount::from_base_units(U256::ONE) };
        let limit = Limit { cap, window: Window::Day, scope: Scope::Account, everywhere, meters: false };
        policy.limits.insert("a".to_owned(), limit);
    }
    for (n, draft) in drafts.iter().enumerate() {
        let named = |word: B256| !word.is_zero();
        let signers = draft.signers.as_ref().map(|(list, at_least)| {
            let list = match list {
                ListDraft::Members(members) => members.iter().copied().map(AddressRef::Literal).collect(),
                ListDraft::Registry(registry) => {
                    let name = format!("registry-{n}");
                    let method = Selector::from_bytes(registry.method().1);
                    let address: Address = registry.address();
                    policy.lists.insert(name.clone(), Members::Registry(Registry { address, method }));
                    vec![AddressRef::Named(name)]
                }
            };
            Signers { list, at_least: *at_least }
        });
        let then = if draft.outcome == 0 {
            MessageOutcome::Deny
        } else {
            let signatures = (draft.signatures > 0).then_some(draft.signatures);
            MessageOutcome::Allow { trusted: draft.outcome == 3, signatures, signers }
        };
        policy.messages.push(MessageRule {
            id: format!("message-{n}"),
            domain: if named(draft.domain) { Named::Hash(draft.domain) } else { Named::Any },
            kind: if named(draft.kind) { Named::Hash(draft.kind) } else { Named::Any },
            then,
        });
    }
    Some(compile(&policy).ok()?.program.into())
}
