//! Approvals and attestations, and who asks for them.

use alloy_primitives::{Address, Bytes, U256, keccak256};
use portcullis_attest::{ApprovalEntry, AttestationItem, Binding, EffectRecord, Material, Proof, effects, seal, sign};
use portcullis_eval::{
    MemoryState, Missing, Obligation, Reason, Request, State, Undecided, Verdict, account_slot, approval_slot,
    denial_slot, evaluate,
};

use crate::common::{
    ACCOUNT, CHAIN, Draft, HOOK, NATIVE_CLASSES, NOW, PAYEE, active, ascending, key, list, member, native_rule,
    obliging, pay, request, run, safe_of, word,
};

const INITIATOR: u8 = 9;
const GROUP: [u8; 3] = [1, 2, 3];
/// Approvals: the initiator counts, owner signers count.
pub(crate) const BOTH: u8 = 3;

/// One rule on native value over one list, with the table of two attester sets of it: one of the list, two of it.
pub(crate) fn program_of(members: Vec<u8>, rules: impl Fn([u8; 3]) -> Vec<Vec<u8>>) -> Vec<u8> {
    let draft = Draft { classes: NATIVE_CLASSES, lists: vec![members, vec![0; 12]], ..Draft::default() };
    let bodies = |offsets: &[[u8; 3]]| rules(offsets[0]).into_iter().map(native_rule).collect();
    let mut bytes = draft.bytes(bodies);
    let table = bytes.len() - 12;
    let members = table - draft.lists[0].len();
    bytes[21] = 2;
    bytes[22..25].copy_from_slice(&(table as u32).to_be_bytes()[1..]);
    for (set, m) in [(0, 1), (1, 2)] {
        let record = [&(members as u32).to_be_bytes()[1..], &[m]].concat();
        bytes[table + 6 * set..table + 6 * set + 4].copy_from_slice(&record);
    }
    bytes
}

pub(crate) fn group() -> Vec<u8> {
    let mut members = GROUP.map(member);
    members.sort_unstable();
    list(&members)
}

pub(crate) fn with(rules: impl Fn([u8; 3]) -> Vec<Vec<u8>>) -> Vec<u8> {
    program_of(group(), rules)
}

pub(crate) fn approvals([a, b, c]: [u8; 3], n: u8, flags: u8) -> Vec<u8> {
    vec![0x01, a, b, c, n, flags]
}

fn two_of_group(flags: u8) -> Vec<u8> {
    with(|list| vec![obliging(&approvals(list, 2, flags), &[])])
}

pub(crate) fn payment() -> Request {
    Request { initiator: member(INITIATOR), nonce: U256::from(7), ..request(vec![pay(U256::from(5))]) }
}

pub(crate) fn binding(program: &[u8], request: &Request) -> Binding {
    let name = request.hash(CHAIN).unwrap();
    Binding { chain_id: CHAIN, hook: HOOK, account: ACCOUNT, request: name, program: keccak256(program), epoch: 0 }
}

fn approved_until(binding: &Binding, numbers: &[u8], deadline: u64) -> Vec<ApprovalEntry> {
    let digest = binding.approval_digest(deadline);
    let sign = |number| Proof::ecdsa(sign(&key(number), digest).unwrap());
    ascending(numbers).into_iter().map(|number| ApprovalEntry::Signed { deadline, proof: sign(number) }).collect()
}

fn bring(request: &Request, material: &Material) -> Request {
    Request { signatures: seal(&[], &material.encode().unwrap()).into(), ..request.clone() }
}

pub(crate) fn approved(program: &[u8], request: &Request, numbers: &[u8]) -> Request {
    let approvals = approved_until(&binding(program, request), numbers, NOW);
    bring(request, &Material { approvals: Some(approvals), ..Material::default() })
}

fn outcome(program: &[u8], state: &MemoryState, request: &Request) -> (Reason, u64, u64) {
    let Verdict { reason, have, need, .. } = run(program, state, request).verdict;
    (reason, have.to(), need.to())
}

fn attested(program: &[u8], request: &Request, set: u8, numbers: &[u8]) -> AttestationItem {
    let item =
        AttestationItem { set, deadline: NOW, proposal: keccak256("p"), statement: Bytes::new(), proofs: vec![] };
    let paid =
        EffectRecord { kind: 1, target: PAYEE, recipient: PAYEE, amount: U256::from(5), ..EffectRecord::default() };
    let digest = binding(program, request).attestation_digest(effects([&paid]), &item);
    let proofs = ascending(numbers).into_iter().map(|number| Proof::ecdsa(sign(&key(number), digest).unwrap()));
    AttestationItem { proofs: proofs.collect(), ..item }
}

pub(crate) fn bring_attestations(request: &Request, attestations: Vec<AttestationItem>) -> Request {
    bring(request, &Material { attestations, ..Material::default() })
}

#[test]
fn without_approvals_nothing_passes() {
    let program = two_of_group(BOTH);
    assert_eq!(outcome(&program, &active(), &payment()), (Reason::TooFewApprovals, 0, 2));
    for few in [&[][..], &[1], &[3]] {
        let brought = approved(&program, &payment(), few);
        let expected = (Reason::TooFewApprovals, few.len() as u64, 2);
        assert_eq!(outcome(&program, &active(), &brought), expected, "{few:?}");
    }
}

#[test]
fn strangers_never_count() {
    let program = two_of_group(BOTH);
    let brought = approved(&program, &payment(), &[1, 4, 5, 6]);
    assert_eq!(outcome(&program, &active(), &brought), (Reason::TooFewApprovals, 1, 2));
}

#[test]
fn an_approval_never_counts_for_another_request_program_account_hook_chain_or_epoch() {
    let program = two_of_group(BOTH);
    let good = binding(&program, &payment());
    let other = Address::repeat_byte(7);
    let elsewhere = [
        Binding { request: keccak256("another"), ..good },
        Binding { program: keccak256("another"), ..good },
        Binding { account: other, ..good },
        Binding { hook: other, ..good },
        Binding { chain_id: CHAIN + 1, ..good },
        Binding { epoch: 1, ..good },
    ];
    for (binding, expected) in elsewhere.into_iter().map(|one| (one, None)).chain([(good, Some(Reason::Allowed))]) {
        let approvals = Some(approved_until(&binding, &[1, 2], NOW));
        let brought = bring(&payment(), &Material { approvals, ..Material::default() });
        let reason = run(&program, &active(), &brought).verdict.reason;
        match expected {
            Some(expected) => assert_eq!(reason, expected),
            // Whoever is recovered instead is nobody of the group, and may not even ascend.
            None => assert!([Reason::TooFewApprovals, Reason::BadMaterial].contains(&reason), "{binding:?}: {reason}"),
        }
    }
    let mut removed = active();
    let control = removed.words[&account_slot(ACCOUNT, 0)] | U256::ONE << 192;
    removed.words.insert(account_slot(ACCOUNT, 0), control);
    let brought = approved(&program, &payment(), &[1, 2]);
    assert_ne!(run(&program, &removed, &brought).verdict.reason, Reason::Allowed);
    let next = Request { nonce: U256::from(8), ..brought };
    assert_ne!(run(&program, &active(), &next).verdict.reason, Reason::Allowed);
}

#[test]
fn one_bad_entry_spoils_all_of_the_material() {
    let program = two_of_group(BOTH);
    let good = approved_until(&binding(&program, &payment()), &GROUP, NOW);
    let late = approved_until(&binding(&program, &payment()), &GROUP, NOW - 1);
    let mut high = good.clone();
    if let ApprovalEntry::Signed { proof: Proof::Ecdsa { s, .. }, .. } = &mut high[0] {
        *s = alloy_primitives::B256::repeat_byte(0x80);
    }
    let nobody = ApprovalEntry::OnChain { signer: Address::repeat_byte(0xff) };
    for (entries, at, why) in [
        (vec![good[0].clone(), late[1].clone(), good[2].clone()], 1, 1),
        (high, 0, 2),
        (vec![good[0].clone(), good[2].clone(), good[1].clone()], 2, 3),
        (vec![good[0].clone(), good[0].clone()], 1, 3),
        (vec![good[0].clone(), good[1].clone(), nobody], 2, 4),
    ] {
        let brought = bring(&payment(), &Material { approvals: Some(entries), ..Material::default() });
        let verdict = run(&program, &active(), &brought).verdict;
        let found = (verdict.reason, verdict.rule, verdict.detail, verdict.have.to(), verdict.need.to());
        assert_eq!(found, (Reason::BadMaterial, Some(0), 1, at, why));
    }
}

#[test]
fn material_out_of_form_never_passes() {
    let program = two_of_group(BOTH);
    let good = approved(&program, &payment(), &[1, 2]);
    assert_eq!(run(&program, &active(), &good).verdict.reason, Reason::Allowed);
    let mut longer = good.signatures.to_vec();
    let length_at = longer.len() - 33;
    longer[length_at] = 0xff;
    let unknown = seal(&[], &[9, 0, 0, 0]);
    for signatures in [longer, unknown, seal(&[], &[1, 0, 0, 1, 5])] {
        let verdict = run(&program, &active(), &Request { signatures: signatures.into(), ..payment() }).verdict;
        let found = (verdict.reason, verdict.rule, verdict.effect, verdict.have, verdict.need);
        assert_eq!(found, (Reason::MalformedMaterial, Some(0), 0, U256::ZERO, U256::ZERO));
    }
}

#[test]
fn the_initiator_and_the_owners_who_signed_count_only_where_the_group_says_so() {
    let mut state = active();
    safe_of(&mut state, 1, &[1, 4]);
    let asked = Request { initiator: member(2), ..payment() };
    for (flags, expected) in [(0, 1), (1, 2), (2, 2), (3, 3)] {
        let program = with(|list| vec![obliging(&approvals(list, 4, flags), &[])]);
        let owner = sign(&key(1), asked.hash(CHAIN).unwrap()).unwrap();
        let entries = approved_until(&binding(&program, &asked), &GROUP, NOW);
        let material = Material { approvals: Some(entries), ..Material::default() };
        let brought = Request { signatures: seal(&owner, &material.encode().unwrap()).into(), ..asked.clone() };
        assert_eq!(outcome(&program, &state, &brought), (Reason::TooFewApprovals, expected, 4), "{flags}");

        // Approvals made on chain are left out alike.
        let binding = binding(&program, &asked);
        let mut state = state.clone();
        for number in GROUP {
            state.words.insert(approval_slot(&binding, member(number)), U256::from(NOW));
        }
        let bare = Request { signatures: owner.into(), ..asked.clone() };
        assert_eq!(outcome(&program, &state, &bare), (Reason::TooFewApprovals, expected, 4), "{flags}");
    }
}

#[test]
fn a_denial_outweighs_every_approval() {
    let program = two_of_group(BOTH);
    let brought = approved(&program, &payment(), &GROUP);
    let list = program.len() - 12 - 63;
    let mut state = active();
    let slot = denial_slot(&binding(&program, &payment()), list as u32);
    state.words.insert(slot, U256::ONE);
    assert_eq!(outcome(&program, &state, &brought), (Reason::ApprovalDenied, list as u64, 0));
    // A denial of another request does not.
    let next = approved(&program, &Request { nonce: U256::from(8), ..payment() }, &GROUP);
    let next = Request { nonce: U256::from(8), ..next };
    assert_eq!(run(&program, &state, &next).verdict.reason, Reason::Allowed);
}

#[test]
fn approvals_on_chain_count_until_their_deadline_and_for_members_alone() {
    let program = two_of_group(BOTH);
    let binding = binding(&program, &payment());
    for (deadlines, expected) in [
        (&[(1, NOW)][..], 1),
        (&[(1, NOW), (2, NOW - 1)], 1),
        (&[(1, NOW), (4, NOW)], 1),
        (&[(1, NOW), (2, NOW + 1)], 2),
    ] {
        let mut state = active();
        for (number, deadline) in deadlines {
            state.words.insert(approval_slot(&binding, member(*number)), U256::from(*deadline));
        }
        let evaluation = run(&program, &state, &payment());
        let [Obligation { have, need, .. }] = evaluation.obligations[..] else { panic!("{evaluation:?}") };
        assert_eq!((have, need), (Some(expected), 2), "{deadlines:?}");
        assert_eq!(evaluation.verdict.reason == Reason::Allowed, expected == 2);
        // An item of approvals, even an empty one, is all that is looked at.
        let empty = bring(&payment(), &Material { approvals: Some(vec![]), ..Material::default() });
        assert_eq!(outcome(&program, &state, &empty), (Reason::TooFewApprovals, 0, 2));
        if expected == 2 {
            let entries = ascending(&[1, 2]).into_iter().map(|one| ApprovalEntry::OnChain { signer: member(one) });
            let named = Material { approvals: Some(entries.collect()), ..Material::default() };
            assert_eq!(run(&program, &state, &bring(&payment(), &named)).verdict.reason, Reason::Allowed);
        }
    }
}

#[test]
fn of_a_registry_only_those_count_who_are_brought() {
    let registry = Address::repeat_byte(0x4e);
    let members = [[0, 0, 255].as_slice(), registry.as_slice(), &[0x5d, 0xba, 0x5e, 0x5f]].concat();
    let program = program_of(members, |list| vec![obliging(&approvals(list, 1, BOTH), &[])]);
    let mut state = active();
    state.words.insert(approval_slot(&binding(&program, &payment()), member(1)), U256::from(NOW));
    assert_eq!(outcome(&program, &state, &payment()), (Reason::TooFewApprovals, 0, 1));
    let brought = approved(&program, &payment(), &[1]);
    // It does not answer.
    let verdict = run(&program, &state, &brought).verdict;
    let failed = (Reason::RegistryFailed, Some(0), U256::from_be_slice(registry.as_slice()));
    assert_eq!((verdict.reason, verdict.rule, verdict.have), failed);
    for (answer, reason) in [(0, Reason::TooFewApprovals), (1, Reason::Allowed)] {
        let asked = [[0x5d, 0xba, 0x5e, 0x5f].as_slice(), member(1).into_word().as_slice()].concat();
        state.answers.insert((registry, asked.into()), word(answer).to_vec().into());
        assert_eq!(run(&program, &state, &brought).verdict.reason, reason);
    }
}

#[test]
fn a_module_and_a_request_of_several_actions_never_bring_anything() {
    let both = with(|list| {
        let body = obliging(&approvals(list, 1, BOTH), &[]);
        let by_modules = [&[7], &body[1..]].concat();
        vec![body, by_modules]
    });
    let good = approved(&both, &payment(), &GROUP);
    assert_eq!(run(&both, &active(), &good).verdict.reason, Reason::Allowed);
    let by_module = Request { origin: Some(member(INITIATOR)), ..good.clone() };
    assert_eq!(outcome(&both, &active(), &by_module), (Reason::TooFewApprovals, 0, 1));
    let twice = Request { actions: [good.actions.clone(), good.actions.clone()].concat(), ..good };
    assert_eq!(outcome(&both, &active(), &twice), (Reason::TooFewApprovals, 0, 1));
}

#[test]
fn attestations_are_of_the_set_and_of_these_effects() {
    let program = with(|_| vec![obliging(&[0x04, 1], &[])]);
    let reason_of = |request: &Request| {
        let Verdict { reason, rule, detail, have, need, .. } = run(&program, &active(), request).verdict;
        assert_eq!(rule, Some(0));
        (reason, detail, have.to::<u64>(), need.to::<u64>())
    };
    let good = attested(&program, &payment(), 1, &[1, 2]);
    assert_eq!(reason_of(&payment()), (Reason::AttestationRequired, 1, 0, 0));
    let other_set = bring_attestations(&payment(), vec![AttestationItem { set: 0, ..good.clone() }]);
    assert_eq!(reason_of(&other_set), (Reason::AttestationRequired, 1, 0, 0));
    let one = bring_attestations(&payment(), vec![attested(&program, &payment(), 1, &[1, 4])]);
    assert_eq!(reason_of(&one), (Reason::TooFewAttesters, 1, 1, 2));
    let late = bring_attestations(&payment(), vec![AttestationItem { deadline: NOW - 1, ..good.clone() }]);
    assert_eq!(reason_of(&late), (Reason::BadMaterial, 2, 0, 1));
    let said = bring_attestations(&payment(), vec![AttestationItem { statement: vec![0].into(), ..good.clone() }]);
    assert_eq!(reason_of(&said), (Reason::MalformedMaterial, 0, 0, 0));
    // What was signed for five wei says nothing about six.
    let mut more = bring_attestations(&payment(), vec![good.clone()]);
    more.actions[0].value = U256::from(6);
    assert_ne!(reason_of(&more).0, Reason::Allowed);
    let brought = bring_attestations(&payment(), vec![good]);
    assert_eq!(run(&program, &active(), &brought).verdict.reason, Reason::Allowed);
}

#[test]
fn sets_are_met_in_their_order_and_before_approvals() {
    let program = with(|list| {
        let asks = [approvals(list, 3, BOTH), vec![0x04, 1], vec![0x04, 0]].concat();
        vec![obliging(&asks, &[])]
    });
    let verdict = |request: &Request| run(&program, &active(), request).verdict;
    assert_eq!((verdict(&payment()).reason, verdict(&payment()).detail), (Reason::AttestationRequired, 0));
    let first = attested(&program, &payment(), 0, &[3]);
    let brought = bring_attestations(&payment(), vec![first.clone()]);
    assert_eq!((verdict(&brought).reason, verdict(&brought).detail), (Reason::AttestationRequired, 1));
    let all = vec![first, attested(&program, &payment(), 1, &[1, 2])];
    let evaluation = run(&program, &active(), &bring_attestations(&payment(), all));
    assert_eq!(evaluation.verdict.reason, Reason::TooFewApprovals);
    let told: Vec<_> = evaluation.obligations.iter().map(|one| (one.have, one.need)).collect();
    assert_eq!(told, [(Some(0), 3), (Some(2), 2), (Some(1), 1)]);
}

#[test]
fn what_is_not_known_of_the_chain_decides_nothing() {
    struct Forgetful(MemoryState);
    impl State for Forgetful {
        fn word(&self, slot: U256) -> Result<U256, Missing> {
            self.0.words.get(&slot).copied().ok_or(Missing::Word(slot))
        }
        fn code_hash(&self, address: Address) -> Result<alloy_primitives::B256, Missing> {
            Err(Missing::CodeHash(address))
        }
        fn static_call(&self, target: Address, _: &[u8], _: u32) -> Result<Option<Bytes>, Missing> {
            Err(Missing::StaticCall(target))
        }
    }
    let mut state = active();
    for n in 1..4 {
        state.words.insert(account_slot(ACCOUNT, n), U256::ZERO);
    }
    let program = two_of_group(BOTH);
    let slot = denial_slot(&binding(&program, &payment()), (program.len() - 12 - 63) as u32);
    let undecided = evaluate(&program, CHAIN, HOOK, &Forgetful(state.clone()), &payment(), NOW);
    assert_eq!(undecided, Err(Undecided::Missing(Missing::Word(slot))));
    let undecided = evaluate(&two_of_group(0), CHAIN, HOOK, &Forgetful(state), &payment(), NOW);
    assert_eq!(undecided, Err(Undecided::Missing(Missing::StaticCall(ACCOUNT))));
}
