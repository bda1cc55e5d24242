//! Conditions that only attesters see.

use alloy_primitives::{Bytes, U256};
use portcullis_attest::{AttestationItem, EffectRecord, Proof, effects, seal, sign};
use portcullis_eval::{
    Answer, Ask, OnUnknown, Outlook, Question, Reason, Request, Undecided, Unstatable, Verdict, consented, forecast,
    project,
};

use crate::common::{
    ALLOW, CHAIN, HOOK, NOW, PAYEE, active, allow_with, ascending, key, member, obliging, pay, request, run, safe_of,
    signed_by,
};
use crate::obligations::{binding, bring_attestations, payment, with};

const DENY: [u8; 6] = [0; 6];
/// The first hybrid rule of set 0, and of set 1.
const ASK: [u8; 4] = [0x11, 0, 0, 0];
const ASK_OTHER: [u8; 4] = [0x11, 1, 0, 0];

/// A program of these rules on native value, whose sets have so many hybrid rules: set 0 needs one of the group 1, 2,
/// 3, set 1 two.
fn hybrid(semantics: u8, rules: &[Vec<u8>], hybrid_rules: [u8; 2]) -> Vec<u8> {
    let mut program = with(|_| rules.to_vec());
    program[2] = semantics;
    let table = program.len() - 12;
    (program[table + 5], program[table + 11]) = (hybrid_rules[0], hybrid_rules[1]);
    program
}

/// What the set states of the payment, signed by these.
fn stated(program: &[u8], request: &Request, set: u8, statement: &[u8], numbers: &[u8]) -> AttestationItem {
    let statement = Bytes::copy_from_slice(statement);
    let item = AttestationItem { set, deadline: NOW, proposal: Default::default(), statement, proofs: Vec::new() };
    let pays = |amount| EffectRecord {
        kind: 1,
        target: PAYEE,
        recipient: PAYEE,
        amount: U256::from(amount),
        ..EffectRecord::default()
    };
    let digest = binding(program, request).attestation_digest(effects([&pays(5)]), &item);
    let proofs = ascending(numbers).into_iter().map(|number| Proof::ecdsa(sign(&key(number), digest).unwrap()));
    AttestationItem { proofs: proofs.collect(), ..item }
}

fn told(program: &[u8], statement: &[u8]) -> Verdict {
    let item = stated(program, &payment(), 0, statement, &[1]);
    run(program, &active(), &bring_attestations(&payment(), vec![item])).verdict
}

fn required(rule: u16, set: u8) -> Verdict {
    let zero = U256::ZERO;
    Verdict { reason: Reason::AttestationRequired, effect: 0, rule: Some(rule), detail: set, have: zero, need: zero }
}

#[test]
fn what_was_not_stated_denies_whatever_the_rule_and_the_semantics() {
    for semantics in 0..3 {
        for body in [allow_with(&ASK), [DENY.as_slice(), &ASK].concat()] {
            // The last rule would allow.
            let program = hybrid(semantics, &[body, ALLOW.to_vec()], [1, 0]);
            for statement in [&[][..], &[0], &[0xc0], &[0x2a]] {
                assert_eq!(told(&program, statement), required(0, 0), "{semantics} {statement:02x?}");
            }
        }
    }
}

#[test]
fn without_whole_material_of_the_set_nothing_is_stated() {
    let program = hybrid(0, &[allow_with(&ASK), ALLOW.to_vec()], [1, 1]);
    let verdict = |request: &Request| run(&program, &active(), request).verdict;
    assert_eq!(verdict(&payment()), required(0, 0));
    let item = stated(&program, &payment(), 1, &[0x80], &[1, 2]);
    assert_eq!(verdict(&bring_attestations(&payment(), vec![item])), required(0, 0));
    let item = stated(&program, &payment(), 0, &[0x80], &[1]);
    let good = bring_attestations(&payment(), vec![item]);
    assert_eq!(verdict(&good).reason, Reason::Allowed);
    // Cut off, behind the envelope's length; without the envelope's last word; with a byte too many.
    let mut long = good.signatures.to_vec();
    let length_at = long.len() - 33;
    long[length_at] = 0xff;
    assert_eq!(verdict(&Request { signatures: long.into(), ..good.clone() }), required(0, 0));
    let mut open = good.signatures.to_vec();
    *open.last_mut().unwrap() ^= 1;
    assert_eq!(verdict(&Request { signatures: open.into(), ..good.clone() }), required(0, 0));
    let payload = &good.signatures[..good.signatures.len() - 64];
    let more = seal(&[], &[payload, &[0]].concat());
    assert_eq!(verdict(&Request { signatures: more.into(), ..good.clone() }), required(0, 0));
}

#[test]
fn a_module_states_nothing() {
    let mut body = allow_with(&ASK);
    body[0] |= 2;
    let program = hybrid(0, &[body], [1, 0]);
    let good = bring_attestations(&payment(), vec![stated(&program, &payment(), 0, &[0x80], &[1])]);
    let by_module = Request { origin: Some(member(4)), ..good };
    assert_eq!(run(&program, &active(), &by_module).verdict, required(0, 0));
    // So nobody's knowledge helps it.
    let foreseen = forecast(&program, CHAIN, HOOK, &active(), &by_module, NOW, |_: &Question<'_>| Answer::True);
    let foreseen = foreseen.unwrap();
    assert_eq!((foreseen.outlook, foreseen.evaluation.verdict), (Outlook::Denied, required(0, 0)));
}

#[test]
fn a_request_of_the_past_is_undecided_where_attesters_would_have_had_to_state_something() {
    let program = hybrid(0, &[allow_with(&ASK), ALLOW.to_vec()], [1, 0]);
    let judged = consented(&program, CHAIN, HOOK, &active(), &payment(), NOW);
    assert_eq!(judged.unwrap_err(), Undecided::Unattested(0));
    let mut body = allow_with(&ASK);
    body[0] |= 2;
    let by_module = Request { origin: Some(member(4)), ..payment() };
    let program = hybrid(0, &[body], [1, 0]);
    let judged = consented(&program, CHAIN, HOOK, &active(), &by_module, NOW);
    assert_eq!(judged.unwrap().verdict, required(0, 0));
}

#[test]
fn a_truth_counts_only_with_signatures_over_it() {
    for (semantics, body, statement) in [(0, allow_with(&ASK), 0x80), (0, [DENY.as_slice(), &ASK].concat(), 0x40)] {
        let program = hybrid(semantics, &[body, ALLOW.to_vec()], [1, 0]);
        let verdict = |item: AttestationItem| {
            let Verdict { reason, rule, .. } =
                run(&program, &active(), &bring_attestations(&payment(), vec![item])).verdict;
            (reason, rule)
        };
        let good = stated(&program, &payment(), 0, &[statement], &[1]);
        assert_eq!(verdict(good.clone()).0, Reason::Allowed);
        // Nobody, a stranger, and what was signed as something else.
        let short = (Reason::TooFewAttesters, Some(0));
        assert_eq!(verdict(stated(&program, &payment(), 0, &[statement], &[])), short);
        assert_eq!(verdict(stated(&program, &payment(), 0, &[statement], &[4])), short);
        let other = stated(&program, &payment(), 0, &[0xc0 - statement], &[1]);
        assert_eq!(verdict(AttestationItem { proofs: other.proofs, ..good.clone() }), short);
        let elsewhere = Request { actions: vec![pay(U256::from(6))], ..payment() };
        assert_eq!(verdict(stated(&program, &elsewhere, 0, &[statement], &[1])), short);
        let late = AttestationItem { deadline: NOW - 1, ..good };
        assert_eq!(verdict(late), (Reason::BadMaterial, Some(0)));
    }
}

#[test]
fn a_statement_out_of_form_counts_for_nothing_however_well_signed() {
    // Two hybrid rules; the first is told, and what follows is not well formed.
    let program = hybrid(0, &[allow_with(&ASK)], [2, 0]);
    for statement in [&[0x80, 0][..], &[0xb0], &[0x88], &[0x81]] {
        let verdict = told(&program, statement);
        assert_eq!((verdict.reason, verdict.rule), (Reason::MalformedMaterial, Some(0)), "{statement:02x?}");
    }
    for statement in [[0x80], [0x90], [0xa0]] {
        assert_eq!(told(&program, &statement).reason, Reason::Allowed, "{statement:02x?}");
    }
    // A set that a rule asks for outright may have stated nothing, but at full length.
    let program = hybrid(0, &[obliging(&[0x04, 0], &[])], [2, 0]);
    assert_eq!(told(&program, &[]).reason, Reason::MalformedMaterial);
    assert_eq!(told(&program, &[0]).reason, Reason::Allowed);
}

#[test]
fn a_truth_decides_like_any_other_condition() {
    let asks = |index: u8| allow_with(&[0x11, 0, 0, index]);
    let denies = [DENY.as_slice(), &ASK].concat();
    for (semantics, rules, statement, reason, rule) in [
        (0, vec![asks(0), asks(1)], 0x80, Reason::Allowed, Some(0)),
        (0, vec![asks(0), asks(1)], 0x60, Reason::Allowed, Some(1)),
        (0, vec![asks(0), asks(1)], 0x50, Reason::NoRule, None),
        (0, vec![denies.clone(), asks(1)], 0xa0, Reason::RuleDenies, Some(0)),
        (1, vec![asks(0), asks(1)], 0xa0, Reason::Allowed, Some(0)),
        (1, vec![asks(1), denies.clone()], 0x60, Reason::Allowed, Some(0)),
        (1, vec![asks(1), denies.clone()], 0xa0, Reason::RuleDenies, Some(1)),
        (2, vec![denies.clone(), asks(1)], 0xa0, Reason::Allowed, Some(1)),
        (2, vec![denies, asks(1)], 0x90, Reason::RuleDenies, Some(0)),
    ] {
        let program = hybrid(semantics, &rules, [2, 0]);
        let verdict = told(&program, &[statement]);
        assert_eq!((verdict.reason, verdict.rule), (reason, rule), "{semantics} {statement:02x}");
    }
}

#[test]
fn what_stands_in_the_wrong_place_is_malformed() {
    let malformed = |what: &str, conditions: &[u8], spoil: &dyn Fn(&mut Vec<u8>, usize)| {
        let mut program = hybrid(0, &[allow_with(conditions)], [1, 0]);
        let table = program.len() - 12;
        spoil(&mut program, table);
        assert_eq!(told(&program, &[0x80]).reason, Reason::MalformedProgram, "{what}");
    };
    for group in [0x20, 0x21, 0x22] {
        malformed("a group", &[&[group, 0, 4][..], &ASK].concat(), &|_, _| {});
    }
    malformed("an index too high", &[0x11, 0, 0, 1], &|_, _| {});
    malformed("an index too high", &[0x11, 0, 1, 0], &|_, _| {});
    malformed("a set without hybrid rules", &ASK_OTHER, &|_, _| {});
    malformed("no such set", &[0x11, 2, 0, 0], &|_, _| {});
    malformed("cut off", &[0x11, 0, 0], &|_, _| {});
    malformed("no table", &ASK, &|program, _| program[22..25].fill(0));
    malformed("nobody is asked for", &ASK, &|program, table| program[table + 3] = 0);
    malformed("the table is cut off", &ASK, &|program, table| program.truncate(table + 5));
}

#[test]
fn the_first_rule_that_was_told_anything_is_who_asked() {
    // The first rule is told no, the second asks for the set besides.
    let rules = [allow_with(&ASK), obliging(&[0x04, 0, 0x04, 1], &[])];
    let program = hybrid(0, &rules, [1, 0]);
    let item = stated(&program, &payment(), 0, &[0x40], &[1]);
    let evaluation = run(&program, &active(), &bring_attestations(&payment(), vec![item]));
    let asked: Vec<_> = evaluation.obligations.iter().map(|one| (one.ask, one.rule, one.have)).collect();
    assert_eq!(asked[0], (Ask::Attestation { set: 0 }, 0, Some(1)));
    assert_eq!(asked[1], (Ask::Attestation { set: 1 }, 1, Some(0)));
    assert_eq!((evaluation.verdict.reason, evaluation.verdict.rule), (Reason::AttestationRequired, Some(1)));
}

fn outlook(program: &[u8], request: &Request, answer: impl Fn(&Question<'_>) -> Answer) -> (Outlook, Reason, usize) {
    let forecast = forecast(program, CHAIN, HOOK, &active(), request, NOW, answer).unwrap();
    (forecast.outlook, forecast.evaluation.verdict.reason, forecast.unknowns.len())
}

#[test]
fn an_unknown_is_allowed_only_where_both_answers_are() {
    let closed = |_: &Question<'_>| Answer::Unknown(OnUnknown::Closed);
    let hold = |_: &Question<'_>| Answer::Unknown(OnUnknown::Hold);
    let denies = [DENY.as_slice(), &ASK].concat();
    // Whether the first rule holds makes no difference.
    let either = hybrid(0, &[allow_with(&ASK), ALLOW.to_vec()], [1, 0]);
    assert_eq!(outlook(&either, &payment(), closed), (Outlook::Allowed, Reason::Allowed, 1));
    for (rules, deny) in [(vec![allow_with(&ASK)], Reason::NoRule), (vec![denies, ALLOW.to_vec()], Reason::RuleDenies)]
    {
        let program = hybrid(0, &rules, [1, 0]);
        assert_eq!(outlook(&program, &payment(), closed), (Outlook::Denied, deny, 1));
        assert_eq!(outlook(&program, &payment(), hold), (Outlook::Hold, deny, 1));
    }
    // Denied either way: nobody has to decide.
    let never = hybrid(0, &[allow_with(&ASK), DENY.to_vec()], [1, 0]);
    assert_eq!(outlook(&never, &payment(), |_| Answer::False), (Outlook::Denied, Reason::RuleDenies, 0));
    let never = hybrid(0, &[[DENY.as_slice(), &ASK].concat(), DENY.to_vec()], [1, 0]);
    assert_eq!(outlook(&never, &payment(), hold), (Outlook::Denied, Reason::RuleDenies, 1));
}

#[test]
fn what_every_completion_asks_for_is_joined() {
    let notice = [[0x02, 1, 0x05].as_slice(), &[b'a'; 32]].concat();
    let program = hybrid(0, &[obliging(&notice, &ASK), obliging(&[0x02, 1], &[])], [1, 0]);
    let mut state = active();
    safe_of(&mut state, 1, &[1]);
    let request = signed_by(&[1], payment());
    let answer = |_: &Question<'_>| Answer::Unknown(OnUnknown::Closed);
    let forecast = forecast(&program, CHAIN, HOOK, &state, &request, NOW, answer).unwrap();
    assert_eq!((forecast.outlook, forecast.evaluations), (Outlook::Allowed, 2));
    assert_eq!(forecast.evaluation.obligations.len(), 1);
    assert_eq!(forecast.evaluation.notices.len(), 1);
}

#[test]
fn more_unknowns_than_can_be_followed_are_never_allowed() {
    // Thirteen rules that ask, and one that allows whatever they say: 2^13 completions.
    let ask = |index: u8| [DENY.as_slice(), &[0x11, 0, 0, index]].concat();
    let mut rules: Vec<_> = (0..13).map(ask).collect();
    rules.push(ALLOW.to_vec());
    let program = hybrid(2, &rules, [13, 0]);
    let hold = |_: &Question<'_>| Answer::Unknown(OnUnknown::Hold);
    assert_eq!(outlook(&program, &payment(), hold).0, Outlook::TooManyUnknowns);
    let known =
        |question: &Question<'_>| if question.index < 12 { Answer::False } else { Answer::Unknown(OnUnknown::Hold) };
    assert_eq!(outlook(&program, &payment(), known), (Outlook::Allowed, Reason::Allowed, 1));
}

#[test]
fn attesters_state_what_is_known_and_nothing_else() {
    let program = hybrid(0, &[allow_with(&ASK)], [3, 1]);
    let answer = |question: &Question<'_>| match (question.set, question.index) {
        (0, 0) => Answer::True,
        (0, 2) => Answer::False,
        _ => Answer::Unknown(OnUnknown::Closed),
    };
    let projection = project(&program, CHAIN, HOOK, &active(), &payment(), NOW, answer).unwrap();
    let statements: Vec<_> = projection.statements.iter().map(|one| one.as_bytes().to_vec()).collect();
    assert_eq!(statements, [vec![0b1000_0100], vec![0]]);
    assert_eq!(projection.effects.len(), 1);
    let nothing = project(&program, CHAIN, HOOK, &active(), &request(vec![]), NOW, answer);
    assert_eq!(nothing.map(|one| one.effects.len()), Ok(0));
    let malformed = project(&[0], CHAIN, HOOK, &active(), &payment(), NOW, answer);
    assert_eq!(malformed, Err(Unstatable::NoEffects));
}
