//! A program of one bucket, and a state in which it is active.

use alloy_primitives::{Address, B256, Bytes, U256, address};
use portcullis_eval::{Action, MemoryState, Request, account_slot};

pub(crate) const ACCOUNT: Address = address!("acc0000000000000000000000000000000000001");
pub(crate) const HOOK: Address = address!("4001000000000000000000000000000000000001");
pub(crate) const TOKEN: Address = address!("70c0000000000000000000000000000000000001");
pub(crate) const PAYEE: Address = address!("ee00000000000000000000000000000000000001");
pub(crate) const NOW: u64 = 1_767_225_600;

/// An entry of the index and the body it points to.
pub(crate) struct Rule {
    pub(crate) kind: u8,
    pub(crate) subject: Address,
    pub(crate) selector: [u8; 4],
    pub(crate) body: Vec<u8>,
}

/// A program without hashing: one bucket holds every entry, in the order given.
pub(crate) fn program(
    classes: u32,
    limits: &[[u8; 84]],
    tokens: &[Address],
    rules: &[Rule],
    list: &[Address],
) -> Vec<u8> {
    let entries_at = 64 + 84 * limits.len() + 6;
    let entries_end = entries_at + 32 * (tokens.len() + rules.len());
    let mut bytes = vec![0, 1, 0, 0];
    bytes.extend(classes.to_be_bytes());
    bytes.push(limits.len() as u8);
    bytes.extend(1_209_600_u32.to_be_bytes());
    bytes.resize(64, 0);
    bytes.extend(limits.concat());
    for offset in [entries_at, entries_end] {
        bytes.extend(&(offset as u32).to_be_bytes()[1..]);
    }
    for token in tokens {
        bytes.extend([[0].as_slice(), token.as_slice(), &[0; 10], &[1]].concat());
    }
    let mut body_at = entries_end;
    for (index, rule) in rules.iter().enumerate() {
        bytes.push(rule.kind);
        bytes.extend(rule.subject);
        bytes.extend(rule.selector);
        bytes.extend((index as u16).to_be_bytes());
        bytes.extend(&(body_at as u32).to_be_bytes()[1..]);
        bytes.extend((rule.body.len() as u16).to_be_bytes());
        body_at += rule.body.len();
    }
    for rule in rules {
        bytes.extend(&rule.body);
    }
    bytes.extend((list.len() as u16).to_be_bytes());
    bytes.push(0);
    bytes.extend(list.iter().flatten());
    bytes
}

/// Where the list of such a program is.
pub(crate) fn list_at(program: &[u8], list: &[Address]) -> [u8; 3] {
    let at = (program.len() - 3 - 20 * list.len()) as u32;
    let [_, a, b, c] = at.to_be_bytes();
    [a, b, c]
}

/// A limit of the native asset.
pub(crate) fn limit(cap: u64, window: u8, everywhere: bool) -> [u8; 84] {
    let mut bytes = [0; 84];
    bytes[0] = b'l';
    bytes[48..56].copy_from_slice(&cap.to_be_bytes());
    bytes[56] = window;
    bytes[57] = u8::from(everywhere);
    bytes
}

/// The account under an active program, by route 2.
pub(crate) fn active() -> MemoryState {
    let mut state = MemoryState::default();
    let control = U256::from(0xda7a) | U256::from(3_600) << 160 | U256::from(2) << 224;
    state.words.insert(account_slot(ACCOUNT, 0), control);
    state
}

/// Staged slot changes.
pub(crate) fn staged(state: &mut MemoryState, digest: B256, at: u64) {
    state.words.insert(account_slot(ACCOUNT, 1), U256::from(2) << 232 | U256::from(at) << 192);
    state.words.insert(account_slot(ACCOUNT, 2), digest.into());
}

/// An owner request of these actions.
pub(crate) fn request(actions: Vec<Action>) -> Request {
    Request { account: ACCOUNT, initiator: Address::repeat_byte(1), actions, ..Request::default() }
}

/// Native value to the payee.
pub(crate) fn pay(amount: U256) -> Action {
    Action { to: PAYEE, value: amount, ..Action::default() }
}

/// A call.
pub(crate) fn call(to: Address, data: impl Into<Bytes>) -> Action {
    Action { to, data: data.into(), ..Action::default() }
}
