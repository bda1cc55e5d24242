//! Statements: two bits for each effect and rule, and nothing else.

use crate::common;

use common::dice;
use portcullis_attest::{Statement, StatementError, Truth};
use rand::RngExt;

const TRUTHS: [Truth; 3] = [Truth::Absent, Truth::False, Truth::True];

#[test]
fn both_bits_set_anywhere_make_all_of_it_an_error() {
    for (effects, rules) in [(1, 1), (2, 3), (4, 1), (3, 5)] {
        for pair in 0..effects * rules {
            let mut bytes = Statement::new(effects, rules).unwrap().as_bytes().to_vec();
            bytes[pair / 4] |= 0b11 << (6 - 2 * (pair % 4));
            let neither = StatementError::Neither { effect: pair / rules, rule: pair % rules };
            assert_eq!(Statement::parse(&bytes, effects, rules), Err(neither));
        }
    }
}

#[test]
fn another_length_or_a_spare_bit_is_an_error() {
    for (effects, rules, need) in [(0, 9, 0), (1, 1, 1), (1, 4, 1), (5, 1, 2), (3, 5, 4), (255, 257, 16_384)] {
        for have in [need + 1, usize::from(need == 0), need.saturating_sub(1)] {
            if have != need {
                let wrong = Statement::parse(&vec![0; have], effects, rules);
                assert_eq!(wrong, Err(StatementError::Length { have, need }));
            }
        }
        assert_eq!(Statement::parse(&vec![0; need], effects, rules).unwrap().as_bytes().len(), need);
    }
    for spare in 0..6 {
        assert_eq!(Statement::parse(&[1 << spare], 1, 1), Err(StatementError::SpareBits));
    }
    assert_eq!(Statement::parse(&[0, 0b0010_0000], 5, 1), Err(StatementError::SpareBits));
}

#[test]
fn no_size_is_too_large_to_refuse() {
    for (effects, rules) in [(usize::MAX, 2), (usize::MAX, usize::MAX), (65_536, 4), (1, 262_141)] {
        assert_eq!(Statement::new(effects, rules), Err(StatementError::TooLong { effects, rules }));
    }
    assert_eq!(Statement::new(1, 262_140).unwrap().as_bytes().len(), Statement::MAX_BYTES);
    assert!(Statement::parse(&[], usize::MAX, 0).unwrap().as_bytes().is_empty());
}

#[test]
fn nothing_is_said_of_effects_and_rules_that_are_not_there() {
    let mut statement = Statement::new(2, 3).unwrap();
    for (effect, rule) in [(2, 0), (0, 3), (usize::MAX, 0), (0, usize::MAX)] {
        let out = StatementError::OutOfRange { effect, rule };
        assert_eq!(statement.get(effect, rule), Err(out));
        assert_eq!(statement.set(effect, rule, Truth::True), Err(out));
    }
}

#[test]
fn effects_come_first_then_rules_from_the_highest_bits_on() {
    let mut statement = Statement::new(2, 3).unwrap();
    assert_eq!(statement.as_bytes(), [0, 0]);
    statement.set(0, 0, Truth::True).unwrap();
    statement.set(0, 2, Truth::False).unwrap();
    statement.set(1, 0, Truth::True).unwrap();
    statement.set(1, 2, Truth::False).unwrap();
    assert_eq!(statement.as_bytes(), [0b1000_0110, 0b0001_0000]);
    statement.set(0, 0, Truth::Absent).unwrap();
    assert_eq!(statement.as_bytes(), [0b0000_0110, 0b0001_0000]);
}

#[test]
fn whatever_is_said_reads_back() {
    let mut dice = dice(6);
    for _ in 0..300 {
        let (effects, rules) = (dice.random_range(0..9), dice.random_range(0..9));
        let mut statement = Statement::new(effects, rules).unwrap();
        let mut said = Vec::new();
        for effect in 0..effects {
            for rule in 0..rules {
                let truth = TRUTHS[dice.random_range(0..3)];
                statement.set(effect, rule, truth).unwrap();
                said.push((effect, rule, truth));
            }
        }
        let read = Statement::parse(statement.as_bytes(), effects, rules).unwrap();
        assert_eq!(read, statement);
        for (effect, rule, truth) in said {
            assert_eq!(read.get(effect, rule), Ok(truth));
        }
    }
}
