//! What random bytes are put to. Each function panics where the project is wrong.

use std::sync::LazyLock;

use alloy_primitives::{Address, B256, Bytes, U256, address};
use portcullis_eval::{
    Action, CALL_ONLY_HASHES, MULTI_SENDS, MemoryState, Request, account_slot, effects, evaluate, leaves, verdict,
};
use portcullis_policy::{Policy, compile_off_chain, decompile, format, verify_canonical};

const ACCOUNT: Address = address!("acc0000000000000000000000000000000000001");
const HOOK: Address = address!("4001000000000000000000000000000000000001");
const CHAIN: u64 = 31_337;
const NOW: u64 = 1_767_225_600;
/// A MultiSendCallOnly, which is known by its code alone.
const CALL_ONLY: Address = address!("0000000000000000000000000000000000ca110a");

/// Every policy of `examples/` that can be had without files beside it.
const POLICIES: [&str; 5] = [
    include_str!("../../examples/templates/dao-treasury.toml"),
    include_str!("../../examples/templates/grants.toml"),
    include_str!("../../examples/templates/market-maker.toml"),
    include_str!("../../examples/templates/small-company.toml"),
    include_str!("../../examples/treasury/policy.toml"),
];

/// The programs of [`POLICIES`], each with the tokens that it knows.
static PROGRAMS: LazyLock<Vec<(Vec<u8>, Vec<Address>)>> = LazyLock::new(|| {
    let program = |text: &&str| {
        let policy = Policy::parse_off_chain(text, "policy.toml").expect("the examples parse");
        let tokens = policy.assets.values().filter_map(|asset| asset.standard.token()).collect();
        (compile_off_chain(&policy).expect("the examples compile").program, tokens)
    };
    POLICIES.iter().map(program).collect()
});

/// A document is read or refused. What is read compiles, and says the same in the one canonical layout.
pub fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for file in ["policy.toml", "policy.json"] {
        let laid_out = format(text, file);
        let Ok(policy) = Policy::parse_off_chain(text, file) else { continue };
        let compiled = compile_off_chain(&policy).expect("what parses compiles");
        let laid_out = laid_out.expect("what parses can be laid out");
        let again = Policy::parse_off_chain(&laid_out, file).expect("the canonical layout parses");
        let again = compile_off_chain(&again).expect("what parses compiles");
        assert_eq!(compiled.program, again.program, "the layout changes the program");
    }
}

/// Any bytes may stand in a data contract. They are decompiled to a policy that compiles to them, or refused; and
/// evaluation ends, with the same verdict whether or not it notes what led to it.
pub fn program(bytes: &[u8]) {
    let mut rest = bytes;
    let request = request(&mut rest);
    if decompile(rest).is_ok() {
        verify_canonical(rest).expect("what decompiles is canonical");
    }
    decide(rest, &request);
}

/// Any calldata may be sent to anybody, under policies that people would write.
pub fn calldata(bytes: &[u8]) {
    let mut rest = bytes;
    let choice = usize::from(byte(&mut rest)) % POLICIES.len();
    let (program, assets) = &PROGRAMS[choice];
    let mut request = request(&mut rest);
    for action in &mut request.actions {
        if let Some(asset) = assets.get(usize::from(action.to.0[0])) {
            action.to = *asset;
        }
        action.data = Bytes::copy_from_slice(rest);
    }
    decide(program, &request);
}

/// A batch is taken apart into what is really in it, byte for byte, or left alone.
pub fn batch(bytes: &[u8]) {
    let mut rest = bytes;
    let choice = usize::from(byte(&mut rest)) % 4;
    let to = MULTI_SENDS.get(choice).map_or(CALL_ONLY, |known| known.address);
    let action = Action { to, value: U256::ZERO, data: Bytes::copy_from_slice(rest), operation: 1 };
    let parts = leaves(&state(), ACCOUNT, std::slice::from_ref(&action)).expect("everything is known");
    if parts != [action] {
        // Each transaction takes at least 85 bytes, so a batch cannot hold more than that; nothing is made up.
        assert!(parts.len() <= rest.len() / 85, "{} parts of {} bytes", parts.len(), rest.len());
        for part in parts {
            let data = part.data.as_ref();
            assert!(data.is_empty() || rest.windows(data.len()).any(|window| window == data), "calldata is made up");
        }
    }
}

/// Both ways to a verdict, which must be the same one.
fn decide(program: &[u8], request: &Request) {
    let state = state();
    let noted = evaluate(program, CHAIN, HOOK, &state, request, NOW);
    let bare = verdict(program, CHAIN, HOOK, &state, request, NOW);
    assert_eq!(noted.map(|evaluation| evaluation.verdict), bare, "noting what decides changes the verdict");
    let _ = effects(program, CHAIN, HOOK, &state, request, NOW);
}

/// A request of one action, out of what is there; zero where nothing is left.
fn request(rest: &mut &[u8]) -> Request {
    let shape = byte(rest);
    let to = match shape & 7 {
        0 => ACCOUNT,
        1 => HOOK,
        2 => CALL_ONLY,
        3..=5 => MULTI_SENDS.get(usize::from(shape & 7) - 3).map_or(CALL_ONLY, |known| known.address),
        _ => Address::from(taken(rest)),
    };
    let length = usize::from(u16::from_be_bytes(taken(rest))).min(rest.len());
    let (data, behind) = rest.split_at(length);
    *rest = behind;
    let action = Action {
        to,
        value: U256::from_be_bytes::<32>(if shape & 8 == 0 { [0; 32] } else { taken(rest) }),
        data: Bytes::copy_from_slice(data),
        operation: (shape >> 4) & 3,
    };
    let origin = (shape & 64 != 0).then(|| Address::from(taken(rest)));
    Request {
        account: ACCOUNT,
        origin,
        initiator: origin.unwrap_or(ACCOUNT),
        actions: vec![action],
        ..Request::default()
    }
}

fn byte(rest: &mut &[u8]) -> u8 {
    let [byte] = taken(rest);
    byte
}

/// The next bytes, with zeros behind the last.
fn taken<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (head, behind) = rest.split_at(N.min(rest.len()));
    let mut bytes = [0; N];
    bytes[..head.len()].copy_from_slice(head);
    *rest = behind;
    bytes
}

/// The account has an active program, held by both guards; batch contracts have the code that they have.
fn state() -> MemoryState {
    let mut state = MemoryState::default();
    let program = U256::from_be_slice(&[0xda; 20]);
    let route = U256::from(2) << 224_usize;
    state.words.insert(account_slot(ACCOUNT, 0), program | route);
    for known in MULTI_SENDS {
        state.code_hashes.insert(known.address, known.code_hash);
    }
    let (hash, _): (B256, bool) = CALL_ONLY_HASHES[2];
    state.code_hashes.insert(CALL_ONLY, hash);
    state
}
