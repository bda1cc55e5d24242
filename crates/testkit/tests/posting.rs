//! What the Rust side signs and writes for a module request, the compiled hook opens and keeps; and the mirror reads it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use portcullis_attest::{AttestationItem, Binding, EffectRecord, Posting, Proof, effects, module_request, sign};
use portcullis_bindings::IPolicyHook as Hook;
use portcullis_eval::{Reason, account_slot, content};
use portcullis_policy::{Policy, compile};
use portcullis_simulate::Embedded;
use portcullis_testkit::case::{Case, CaseAction, Entry};
use portcullis_testkit::hook::HookCode;
use portcullis_testkit::parity::Evaluators;
use portcullis_testkit::world::{self, ACCOUNT, CHAIN_ID, HOOK};

const NOW: u64 = 1_767_225_600;
const LAST: u64 = NOW + 60;

/// Signers in the order of their addresses.
fn people() -> Vec<(Address, B256)> {
    let mut people: Vec<_> = world::signers().into_iter().zip(world::keys()).take(3).collect();
    people.sort_unstable();
    people
}

fn module() -> Address {
    world::modules()[0]
}

fn program() -> Bytes {
    let members: Vec<String> = people().iter().map(|(who, _)| format!("\"{who}\"")).collect();
    let (members, module) = (members.join(", "), module());
    let text = format!(
        r#"
version = 1
name = "modules"
account = "eth:{ACCOUNT}"
semantics = "first-match"
[control]
change_delay = "1h"
announcement_expiry = "1d"
[assets]
ETH = {{ standard = "native", decimals = 18 }}
[groups]
management = [{members}]
[attesters.risk]
members = "@management"
at_least = 2
[[rules]]
id = "modules-pay"
when = {{ origin = "{module}", effect = "transfer", asset = "ETH" }}
then = {{ allow = true, approvals = {{ group = "management", at_least = 2 }}, attestation = "risk" }}
"#
    );
    let policy = Policy::parse(&text, "policy.toml").unwrap_or_else(|why| panic!("{why}"));
    compile(&policy).unwrap().program.into()
}

/// The payment, on what the chain holds.
fn case(chain: &Embedded) -> Case {
    let action = CaseAction { to: world::recipients()[0], value: U256::from(5), data: Bytes::new(), operation: 0 };
    Case {
        entry: Entry::Module,
        program: program(),
        words: chain.words(HOOK),
        now: NOW,
        account: ACCOUNT,
        origin: Some(module()),
        initiator: module(),
        safe_tx_gas: U256::ZERO,
        gas_price: U256::ZERO,
        actions: vec![action],
        safe: None,
        signed: Default::default(),
        held: Default::default(),
    }
}

fn sent(chain: &mut Embedded, from: Address, data: Vec<u8>) {
    let receipt = chain.send(from, HOOK, U256::ZERO, data.into()).unwrap();
    assert!(receipt.success, "{}", receipt.output);
}

#[test]
fn what_is_signed_and_posted_here_is_taken_there_and_serves_once() {
    let code = HookCode::committed();
    let (mut chain, evaluators) = (world::chain(&code).unwrap(), Evaluators::new(&code).unwrap());
    chain.set_now(NOW);
    chain.set_code(world::PROGRAM, program());
    let control = U256::from_be_slice(world::PROGRAM.as_slice()) | U256::from(2) << 224;
    chain.set_storage(HOOK, account_slot(ACCOUNT, 0), control);
    let outcome = |chain: &Embedded| {
        let agreed = evaluators.compare(&case(chain)).unwrap_or_else(|why| panic!("{why}"));
        agreed.evaluation
    };
    let reason = |chain: &Embedded| outcome(chain).verdict.reason;
    assert_eq!(reason(&chain), Reason::AttestationRequired, "not open");

    let request = case(&chain).request();
    let actions = request.actions.iter().map(|action| Hook::Action {
        to: action.to,
        value: action.value,
        data: action.data.clone(),
        operation: action.operation,
    });
    let open = Hook::openCall { account: ACCOUNT, module: module(), actions: actions.collect() };
    sent(&mut chain, module(), open.abi_encode());
    let content = content(&request.actions);
    let name = module_request(ACCOUNT, 0, module(), content, U256::ONE);
    assert_eq!(outcome(&chain).opening.unwrap().request, Some(name));

    let version = keccak256(program());
    let binding =
        Binding { chain_id: CHAIN_ID, hook: HOOK, account: ACCOUNT, request: name, program: version, epoch: 0 };
    let proofs = |digest: B256| -> Vec<Proof> {
        people().iter().take(2).map(|(_, key)| Proof::ecdsa(sign(key, digest).unwrap())).collect()
    };
    let to = request.actions[0].to;
    let paid = EffectRecord { kind: 1, target: to, recipient: to, amount: U256::from(5), ..EffectRecord::default() };
    let effects = effects([&paid]);
    let item = AttestationItem {
        set: 0,
        deadline: LAST,
        proposal: B256::repeat_byte(7),
        statement: Bytes::new(),
        proofs: Vec::new(),
    };
    let item = AttestationItem { proofs: proofs(binding.attestation_digest(effects, &item)), ..item };
    let attested = Posting { approvals: Vec::new(), attestations: vec![(effects, item)] };
    let approvals = proofs(binding.approval_digest(LAST)).into_iter().map(|proof| (LAST, proof)).collect();
    let approved = Posting { approvals, attestations: Vec::new() };

    for (posting, expected) in [(attested, Reason::TooFewApprovals), (approved, Reason::Allowed)] {
        let payload = posting.encode().unwrap().into();
        let post = Hook::postCall { account: ACCOUNT, module: module(), content, payload };
        sent(&mut chain, Address::repeat_byte(0x99), post.abi_encode());
        assert_eq!(reason(&chain), expected);
    }

    let evaluation = outcome(&chain);
    for (slot, word) in evaluation.writes {
        chain.set_storage(HOOK, slot, word);
    }
    assert_eq!(reason(&chain), Reason::AttestationRequired, "a second time");
}
