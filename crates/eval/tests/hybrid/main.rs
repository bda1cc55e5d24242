//! What the chain allows with honest attestations is what was foreseen, and nothing unknown loosens anything: random
//! policies, requests, states, facts and unknowns.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

mod draft;

use alloy_primitives::{B256, Bytes, keccak256};
use draft::{ATTESTERS, CHAIN, Case, HOOK, NOW, SETS, key};
use portcullis_attest::{AttestationItem, Binding, Material, Proof, seal, sign, signer};
use portcullis_eval::{
    Answer, Forecast, OnUnknown, Outlook, Projection, Question, Reason, Request, evaluate, forecast, project,
};
use portcullis_policy::{Compiled, Knowledge, Observations, Scene};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CASES: u64 = 4_000;

/// What is known of a question, and until when a statement of it counts.
fn judge(case: &Case, compiled: &Compiled, observations: &Observations, question: &Question<'_>) -> (Answer, u64) {
    let knowledge = Knowledge::new(&case.policy, &compiled.source_map, observations, NOW);
    let effect = question.effect;
    let scene = Scene {
        at: question.at,
        initiator: case.request.initiator,
        target: effect.target,
        asset: effect.asset,
        recipient: effect.recipient,
    };
    let judgement = knowledge.judge(question.set, question.index, &scene).expect("has the rule");
    let answer = match judgement.truth {
        Some(true) => Answer::True,
        Some(false) => Answer::False,
        None if judgement.is_held => Answer::Unknown(OnUnknown::Hold),
        None => Answer::Unknown(OnUnknown::Closed),
    };
    (answer, judgement.deadline)
}

fn foresee(case: &Case, program: &[u8], request: &Request, answer: impl Fn(&Question<'_>) -> Answer) -> Forecast {
    forecast(program, CHAIN, HOOK, &case.state, request, NOW, answer).expect("everything is known")
}

/// The request with an attestation of every set, signed by so many of its members.
fn attested(case: &Case, program: &[u8], projection: &Projection, deadline: u64, signers: usize) -> Request {
    let request = &case.request;
    let binding = Binding {
        chain_id: CHAIN,
        hook: HOOK,
        account: request.account,
        request: request.hash(CHAIN).expect("owners ask"),
        program: keccak256(program),
        epoch: 0,
    };
    let items = (0..).zip(&projection.statements).map(|(set, statement)| {
        let statement = Bytes::copy_from_slice(statement.as_bytes());
        let item = AttestationItem { set, deadline, proposal: B256::ZERO, statement, proofs: Vec::new() };
        let digest = binding.attestation_digest(projection.digest, &item);
        let mut keys: Vec<_> = (0..ATTESTERS).map(|n| key(set, n)).collect();
        keys.sort_by_key(signer);
        let proofs = keys.iter().take(signers).map(|key| Proof::ecdsa(sign(key, digest).expect("is a key")));
        AttestationItem { proofs: proofs.collect(), ..item }
    });
    let material = Material { attestations: items.collect(), ..Material::default() };
    Request { signatures: seal(&[], &material.encode().expect("fits")).into(), ..request.clone() }
}

#[test]
fn what_the_chain_allows_was_foreseen_as_allowed() {
    let (mut allowed, mut by_truth, mut denied, mut unattested, mut exact) = ([0; 3], 0, 0, 0, 0);
    for seed in 0..CASES {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let Some((case, compiled)) = draft::case(rng) else { continue };
        let program = &compiled.program;
        let observations = case.observations(rng);
        let told = |question: &Question<'_>| judge(&case, &compiled, &observations, question).0;
        let deadline = std::cell::Cell::new(u64::MAX);
        let state = |question: &Question<'_>| {
            let (answer, until) = judge(&case, &compiled, &observations, question);
            deadline.set(deadline.get().min(until));
            answer
        };
        let projection = project(program, CHAIN, HOOK, &case.state, &case.request, NOW, state).expect("has effects");
        // Sometimes too few sign.
        let signers = if rng.random_range(0..10) == 0 { 1 } else { ATTESTERS.into() };
        let request = attested(&case, program, &projection, deadline.get(), signers);
        let chain = evaluate(program, CHAIN, HOOK, &case.state, &request, NOW).expect("everything is known");
        let foreseen = foresee(&case, program, &request, told);
        let semantics = usize::from(program[2]);
        let asked = chain.tests.iter().any(|test| test.op == 0x11);
        if chain.verdict.is_allowed() {
            assert_eq!(foreseen.outlook, Outlook::Allowed, "seed {seed}\n{}", case.policy.to_toml());
            // Under nothing unknown both are the same, but for what attesters are asked for.
            assert_eq!(foreseen.unknowns, []);
            assert_eq!((foreseen.evaluation.verdict, &foreseen.evaluation.charges), (chain.verdict, &chain.charges));
            allowed[semantics] += usize::from(asked);
            by_truth += usize::from(chain.tests.iter().any(|test| test.op == 0x11 && test.held));
        } else {
            denied += 1;
            unattested += usize::from(chain.verdict.reason == Reason::AttestationRequired);
            // And what was foreseen without unknowns comes true when enough have signed in time.
            if foreseen.unknowns.is_empty() && signers > 1 && deadline.get() >= NOW {
                assert_eq!(foreseen.evaluation.verdict, chain.verdict, "seed {seed}\n{}", case.policy.to_toml());
                exact += 1;
            }
        }
    }
    println!(
        "allowed by hybrid rules {allowed:?}, by a truth {by_truth}, denied {denied}, unattested {unattested}, {exact}"
    );
    assert!(allowed.iter().all(|count| *count > 60) && by_truth > 120, "{allowed:?} {by_truth}");
    assert!(unattested > 100 && exact > 100, "{denied} {unattested} {exact}");
}

#[test]
fn nothing_unknown_ever_loosens() {
    let (mut open, mut completions) = ([0; 4], 0);
    for seed in 0..CASES {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed ^ 0xfac7);
        let Some((case, compiled)) = draft::case(rng) else { continue };
        let program = &compiled.program;
        let observations = case.observations(rng);
        let told = |question: &Question<'_>| judge(&case, &compiled, &observations, question).0;
        let foreseen = foresee(&case, program, &case.request, told);
        open[match foreseen.outlook {
            Outlook::Allowed => 0,
            Outlook::Denied => 1,
            Outlook::Hold => 2,
            Outlook::TooManyUnknowns => 3,
        }] += usize::from(!foreseen.unknowns.is_empty());
        // Every completion of all unknown pairs, those that are never asked included.
        let mut unknown = Vec::new();
        let listed = std::cell::RefCell::new(&mut unknown);
        let note = |question: &Question<'_>| {
            let answer = told(question);
            if matches!(answer, Answer::Unknown(_)) {
                listed.borrow_mut().push((question.set, question.index, question.at));
            }
            answer
        };
        project(program, CHAIN, HOOK, &case.state, &case.request, NOW, note).expect("has effects");
        if unknown.len() > 6 {
            continue;
        }
        let (mut some_allow, mut some_deny) = (false, false);
        for bits in 0..1_u32 << unknown.len() {
            let complete = |question: &Question<'_>| {
                let pair = (question.set, question.index, question.at);
                match unknown.iter().position(|known| *known == pair) {
                    Some(at) if bits >> at & 1 == 1 => Answer::True,
                    Some(_) => Answer::False,
                    None => told(question),
                }
            };
            let completion = foresee(&case, program, &case.request, complete);
            assert_eq!(completion.evaluations, 1);
            match completion.outlook {
                Outlook::Allowed => some_allow = true,
                _ => some_deny = true,
            }
            completions += 1;
        }
        let expected = match (some_allow, some_deny) {
            (true, false) => Outlook::Allowed,
            (true, true) if foreseen.unknowns.iter().all(|met| met.on_unknown == OnUnknown::Hold) => Outlook::Hold,
            _ => Outlook::Denied,
        };
        assert_eq!(foreseen.outlook, expected, "seed {seed}\n{}", case.policy.to_toml());
    }
    println!("outlooks with unknowns {open:?}, completions {completions}");
    assert!(open[..3].iter().all(|count| *count > 40) && completions > 5_000, "{open:?} {completions}");
}

#[test]
fn the_sets_of_the_policies_are_those_that_sign() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let (case, _) = std::iter::repeat_with(|| draft::case(rng)).flatten().next().expect("some compile");
    assert_eq!(case.policy.attesters.len(), usize::from(SETS));
}
