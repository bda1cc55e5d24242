//! Programs of one bucket, and a state in which they are active.

use alloy_primitives::{Address, B256, Bytes, U256, address};
use portcullis_eval::{Action, Evaluation, MemoryState, Reason, Request, account_slot, evaluate, verdict};

pub(crate) const ACCOUNT: Address = address!("acc0000000000000000000000000000000000001");
pub(crate) const HOOK: Address = address!("4001000000000000000000000000000000000001");
pub(crate) const TOKEN: Address = address!("70c0000000000000000000000000000000000001");
pub(crate) const PAYEE: Address = address!("ee00000000000000000000000000000000000001");
/// The chain that programs run on.
pub(crate) const CHAIN: u64 = 31_337;
pub(crate) const NOW: u64 = 1_767_225_600;

/// An entry of the index and the body it points to.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) kind: u8,
    pub(crate) subject: Address,
    pub(crate) selector: [u8; 4],
    pub(crate) body: Vec<u8>,
}

/// A program without hashing: one bucket holds every entry, in the order given.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) semantics: u8,
    pub(crate) classes: u32,
    pub(crate) limits: Vec<[u8; 84]>,
    /// Tokens and their standards.
    pub(crate) tokens: Vec<(Address, u8)>,
    pub(crate) lists: Vec<Vec<u8>>,
}

impl Draft {
    /// The bytes; the rules are told where the lists are.
    pub(crate) fn bytes(&self, rules: impl Fn(&[[u8; 3]]) -> Vec<Rule>) -> Vec<u8> {
        let probe = rules(&vec![[0; 3]; self.lists.len()]);
        let entries_at = 64 + 84 * self.limits.len() + 6;
        let entries_end = entries_at + 32 * (self.tokens.len() + probe.len());
        let mut list_at = entries_end + probe.iter().map(|rule| rule.body.len()).sum::<usize>();
        let mut offsets = Vec::new();
        for list in &self.lists {
            offsets.push(three(list_at));
            list_at += list.len();
        }
        let rules = rules(&offsets);
        let mut bytes = vec![0, 1, self.semantics, 0];
        bytes.extend(self.classes.to_be_bytes());
        bytes.push(self.limits.len() as u8);
        bytes.extend(1_209_600_u32.to_be_bytes());
        bytes.resize(64, 0);
        bytes.extend(self.limits.concat());
        bytes.extend([three(entries_at), three(entries_end)].concat());
        for (token, standard) in &self.tokens {
            bytes.extend([[0].as_slice(), token.as_slice(), &[0; 10], &[*standard]].concat());
        }
        let mut body_at = entries_end;
        for (index, rule) in rules.iter().enumerate() {
            bytes.push(rule.kind);
            bytes.extend(rule.subject);
            bytes.extend(rule.selector);
            bytes.extend((index as u16).to_be_bytes());
            bytes.extend(three(body_at));
            bytes.extend((rule.body.len() as u16).to_be_bytes());
            body_at += rule.body.len();
        }
        for rule in rules {
            bytes.extend(&rule.body);
        }
        bytes.extend(self.lists.concat());
        bytes
    }
}

fn three(number: usize) -> [u8; 3] {
    let [_, a, b, c] = (number as u32).to_be_bytes();
    [a, b, c]
}

/// An inline list.
pub(crate) fn list(members: &[Address]) -> Vec<u8> {
    let mut bytes = (members.len() as u16).to_be_bytes().to_vec();
    bytes.push(0);
    bytes.extend(members.iter().flatten());
    bytes
}

/// A program of ERC-20 tokens with one list.
pub(crate) fn program(
    classes: u32,
    limits: &[[u8; 84]],
    tokens: &[Address],
    rules: &[Rule],
    members: &[Address],
) -> Vec<u8> {
    let tokens = tokens.iter().map(|token| (*token, 1)).collect();
    let draft = Draft { classes, limits: limits.to_vec(), tokens, lists: vec![list(members)], ..Draft::default() };
    draft.bytes(|_| rules.to_vec())
}

/// Where the list of such a program is.
pub(crate) fn list_at(program: &[u8], list: &[Address]) -> [u8; 3] {
    three(program.len() - 3 - 20 * list.len())
}

/// Any native value.
pub(crate) const ANY_NATIVE: u8 = 0x80 | 0x40 | 1;
pub(crate) const NATIVE_CLASSES: u32 = 8 << 4;

/// A body that allows owners.
pub(crate) const ALLOW: [u8; 6] = [1, 0, 0, 0, 0, 0];

pub(crate) fn allow_with(conditions: &[u8]) -> Vec<u8> {
    [ALLOW.as_slice(), conditions].concat()
}

/// A rule on any native value.
pub(crate) fn native_rule(body: Vec<u8>) -> Rule {
    Rule { kind: ANY_NATIVE, subject: Address::ZERO, selector: [0; 4], body }
}

/// A program with one rule on native value and this body.
pub(crate) fn native(body: Vec<u8>, limits: &[[u8; 84]]) -> Vec<u8> {
    program(NATIVE_CLASSES, limits, &[], &[native_rule(body)], &[PAYEE])
}

pub(crate) fn run(program: &[u8], state: &MemoryState, request: &Request) -> Evaluation {
    let evaluation = evaluate(program, CHAIN, HOOK, state, request, NOW).unwrap();
    let alone = verdict(program, CHAIN, HOOK, state, request, NOW);
    assert_eq!(alone, Ok(evaluation.verdict), "alone it must be the same");
    evaluation
}

pub(crate) fn reason(program: &[u8], state: &MemoryState, actions: Vec<Action>) -> Reason {
    run(program, state, &request(actions)).verdict.reason
}

/// A number as a word.
pub(crate) fn word(number: u64) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

/// A call of words.
pub(crate) fn call_of(to: Address, selector: [u8; 4], words: &[[u8; 32]]) -> Action {
    call(to, [selector.as_slice(), &words.concat()].concat())
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

/// The key that signs for a number.
pub(crate) fn key(number: u8) -> B256 {
    B256::repeat_byte(number)
}

/// Whose key it is.
pub(crate) fn member(number: u8) -> Address {
    portcullis_attest::signer(&key(number)).unwrap()
}

/// Numbers in the order of their addresses.
pub(crate) fn ascending(numbers: &[u8]) -> Vec<u8> {
    let mut numbers = numbers.to_vec();
    numbers.sort_by_key(|number| member(*number));
    numbers
}

/// A body that allows owners under these obligations.
pub(crate) fn obliging(obligations: &[u8], conditions: &[u8]) -> Vec<u8> {
    let size = (obligations.len() as u16).to_be_bytes();
    [[5, 0, 0, 0, 0, 0].as_slice(), &size, obligations, conditions].concat()
}

/// The account as a Safe 1.4.1 of these owners.
pub(crate) fn safe_of(state: &mut MemoryState, threshold: u64, owners: &[u8]) {
    let mut version = word(32).to_vec();
    version.extend(word(5));
    version.extend(b"1.4.1".iter().copied().chain([0; 27]));
    let mut answer = |call: Vec<u8>, answer: Vec<u8>| state.answers.insert((ACCOUNT, call.into()), answer.into());
    answer(vec![0xff, 0xa1, 0xad, 0x74], version);
    answer(vec![0xe7, 0x52, 0x35, 0xb8], word(threshold).to_vec());
    for owner in owners {
        let is_owner = [[0x2f, 0x54, 0xbf, 0x6e].as_slice(), member(*owner).into_word().as_slice()].concat();
        answer(is_owner, word(1).to_vec());
    }
}

/// What owners sign for the request, with their signatures.
pub(crate) fn signed_by(owners: &[u8], mut request: Request) -> Request {
    let hash = request.hash(CHAIN).unwrap();
    let signatures = ascending(owners).into_iter().map(|owner| portcullis_attest::sign(&key(owner), hash).unwrap());
    request.signatures = signatures.collect::<Vec<_>>().concat().into();
    request
}
