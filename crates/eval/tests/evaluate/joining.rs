//! What is asked for is joined over all effects, or not well formed.

use alloy_primitives::U256;
use portcullis_eval::{Ask, Evaluation, Reason};

use crate::common::{ALLOW, active, obliging, pay, request, run};
use crate::obligations::{BOTH, approvals, approved, payment, with};

#[test]
fn joining_keeps_the_highest_number_who_asked_first_for_it_and_what_all_agree_to() {
    // Payments of 5 ask rule 1, others rule 0.
    let program = with(|list| {
        let exactly = |value| [0x04, 1, value, 0x05, 1, value];
        let four = obliging(&approvals(list, 1, 1), &exactly(4));
        let five = obliging(&approvals(list, 3, 3), &exactly(5));
        let six = obliging(&[approvals(list, 2, 2), vec![0x02, 1]].concat(), &exactly(6));
        vec![four, five, six]
    });
    let obligations = |amounts: &[u64]| -> Evaluation {
        let actions = amounts.iter().map(|amount| pay(U256::from(*amount))).collect();
        run(&program, &active(), &request(actions))
    };
    let told = |amounts: &[u64]| {
        let joined = obligations(amounts).obligations;
        joined.iter().map(|one| (one.ask, one.need, one.rule, one.effect)).collect::<Vec<_>>()
    };
    let list = (program.len() - 12 - 63) as u32;
    let ask = |initiator, owners| Ask::Approvals { list, initiator, owners };
    assert_eq!(told(&[4, 5]), [(ask(true, false), 3, 1, 1)]);
    assert_eq!(told(&[5, 5, 4]), [(ask(true, false), 3, 1, 0)]);
    assert_eq!(told(&[4, 6]), [(ask(false, false), 2, 2, 1), (Ask::Signatures, 1, 2, 1)]);
}

#[test]
fn obligations_out_of_form_are_malformed_where_they_are_joined() {
    for bad in [
        vec![0x00],
        vec![0x06],
        vec![0x01, 0, 0, 64, 1],
        vec![0x01, 0, 0, 64, 0, 0],
        vec![0x01, 0, 0, 64, 1, 4],
        vec![0x02],
        vec![0x02, 0],
        vec![0x03, 0, 0, 64, 0],
        vec![0x03, 0, 0, 64],
        vec![0x04],
        vec![0x04, 2],
        [[0x05].as_slice(), &[b'a'; 31]].concat(),
    ] {
        let program = with(|_| vec![obliging(&bad, &[])]);
        let verdict = run(&program, &active(), &payment()).verdict;
        assert_eq!((verdict.reason, verdict.rule, verdict.effect), (Reason::MalformedProgram, None, 0), "{bad:?}");
        // A rule that does not decide is not asked.
        let program = with(|_| vec![ALLOW.to_vec(), obliging(&bad, &[])]);
        assert_eq!(run(&program, &active(), &payment()).verdict.reason, Reason::Allowed, "{bad:?}");
    }
    // A body shorter than its obligations is malformed when it is read.
    let program = with(|_| vec![vec![5, 0, 0, 0, 0, 0, 0, 3, 2, 1]]);
    assert_eq!(run(&program, &active(), &payment()).verdict.reason, Reason::MalformedProgram);
    // So is a list that turns out to be none, when it is asked: after the last effect.
    let program = with(|_| vec![obliging(&approvals([0, 0, 28], 1, BOTH), &[])]);
    let verdict = run(&program, &active(), &payment()).verdict;
    assert_eq!((verdict.reason, verdict.rule, verdict.effect), (Reason::MalformedProgram, None, 1));
}

#[test]
fn attester_tables_out_of_form_are_malformed() {
    let good = with(|_| vec![obliging(&[0x04, 1], &[])]);
    let table = good.len() - 12;
    let malformed = |what: &str, spoil: &dyn Fn(&mut Vec<u8>)| {
        let mut program = good.clone();
        spoil(&mut program);
        let verdict = run(&program, &active(), &payment()).verdict;
        assert_eq!((verdict.reason, verdict.effect), (Reason::MalformedProgram, 0), "{what}");
    };
    malformed("there is no table", &|program| program[22..25].fill(0));
    malformed("the record asks for nobody", &|program| program[table + 9] = 0);
    malformed("the record is cut off", &|program| program.truncate(table + 11));
    malformed("there are too many", &|program| program[21] = 17);
}

#[test]
fn what_is_asked_for_comes_before_the_announcement() {
    let program = with(|list| {
        let body = obliging(&approvals(list, 1, BOTH), &[]);
        vec![[&body[..2], &[0, 0, 0, 60], &body[6..]].concat()]
    });
    assert_eq!(run(&program, &active(), &payment()).verdict.reason, Reason::TooFewApprovals);
    let brought = approved(&program, &payment(), &[1]);
    assert_eq!(run(&program, &active(), &brought).verdict.reason, Reason::NotAnnounced);
}

#[test]
fn every_channel_is_told_once_with_the_first_rule_that_names_it() {
    let channel = |name: u8| [[0x05].as_slice(), &[name; 32]].concat();
    let program = with(|_| {
        let (five, six) = ([0x05, 1, 5], [0x04, 1, 6]);
        vec![obliging(&channel(b'b'), &five), obliging(&[channel(b'a'), channel(b'b')].concat(), &six)]
    });
    let told = |amounts: &[u64]| {
        let actions = amounts.iter().map(|amount| pay(U256::from(*amount))).collect();
        let evaluation = run(&program, &active(), &request(actions));
        assert_eq!((evaluation.verdict.reason, evaluation.obligations.len()), (Reason::Allowed, 0));
        evaluation.notices.iter().map(|notice| (notice.channel[0], notice.rule)).collect::<Vec<_>>()
    };
    assert_eq!(told(&[5, 6]), [(b'b', 0), (b'a', 1)]);
    assert_eq!(told(&[6, 5]), [(b'a', 1), (b'b', 1)]);
}
