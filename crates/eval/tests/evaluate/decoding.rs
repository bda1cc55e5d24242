//! What calls to declared tokens and to Permit2 decode to.

use alloy_primitives::{Address, U256, address};
use portcullis_eval::{Action, Effect, EffectKind, Evaluation, PERMIT2, Reason};

use crate::common::{
    ACCOUNT, ALLOW, Draft, HOOK, PAYEE, Rule, TOKEN, active, call, call_of, limit, native_rule, request, run, word,
};

const SOMEBODY: Address = address!("50eb0d4000000000000000000000000000000001");
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
const INCREASE_ALLOWANCE: [u8; 4] = [0x39, 0x50, 0x93, 0x51];
const SAFE_TRANSFER_FROM: [u8; 4] = [0x42, 0x84, 0x2e, 0x0e];
const SAFE_TRANSFER_FROM_DATA: [u8; 4] = [0xb8, 0x8d, 0x4f, 0xde];
const SAFE_TRANSFER_FROM_ID: [u8; 4] = [0xf2, 0x42, 0x43, 0x2a];
const SAFE_BATCH_TRANSFER_FROM: [u8; 4] = [0x2e, 0xb2, 0xc2, 0xd6];
const SET_APPROVAL_FOR_ALL: [u8; 4] = [0xa2, 0x2c, 0xb4, 0x65];
const PERMIT2_APPROVE: [u8; 4] = [0x87, 0x51, 0x7c, 0x45];

/// Allows any effect on a token, which is declared with the standard.
fn everything(standard: u8, limits: &[[u8; 84]]) -> Vec<u8> {
    let classes = 0x8888_8880_u32;
    let draft = Draft { classes, limits: limits.to_vec(), tokens: vec![(TOKEN, standard)], ..Draft::default() };
    draft.bytes(|_| (1..=5).map(|kind| Rule { kind: 0x80 | 0x40 | kind, ..native_rule(ALLOW.to_vec()) }).collect())
}

fn evaluation(standard: u8, action: Action) -> Evaluation {
    run(&everything(standard, &[]), &active(), &request(vec![action]))
}

fn effects(standard: u8, action: Action) -> Vec<Effect> {
    let evaluation = evaluation(standard, action);
    assert_eq!(evaluation.verdict.reason, Reason::Allowed);
    evaluation.decisions.into_iter().map(|decision| decision.effect).collect()
}

fn reason(standard: u8, action: Action) -> Reason {
    evaluation(standard, action).verdict.reason
}

/// Kind, recipient and amount.
type Moved = (EffectKind, Option<Address>, Option<U256>);

fn moved(standard: u8, selector: [u8; 4], words: &[[u8; 32]]) -> Moved {
    let found = effects(standard, call_of(TOKEN, selector, words));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].target, found[0].subject, found[0].asset), (TOKEN, TOKEN, Some(TOKEN)));
    (found[0].kind, found[0].recipient, found[0].amount)
}

fn transfer(amount: u64) -> Moved {
    (EffectKind::Transfer, Some(PAYEE), Some(U256::from(amount)))
}

fn approve(amount: U256) -> Moved {
    (EffectKind::Approve, Some(PAYEE), Some(amount))
}

const OPAQUE: Moved = (EffectKind::Opaque, None, None);

fn who(address: Address) -> [u8; 32] {
    address.into_word().0
}

fn dirty(address: Address) -> [u8; 32] {
    let mut word = who(address);
    word[0] = 1;
    word
}

/// The call of this many words for each selector of each standard that has a fixed length.
fn fixed() -> Vec<(u8, [u8; 4], Vec<[u8; 32]>)> {
    vec![
        (1, TRANSFER, vec![who(PAYEE), word(9)]),
        (1, TRANSFER_FROM, vec![who(ACCOUNT), who(PAYEE), word(9)]),
        (1, APPROVE, vec![who(PAYEE), word(9)]),
        (1, INCREASE_ALLOWANCE, vec![who(PAYEE), word(9)]),
        (2, TRANSFER_FROM, vec![who(ACCOUNT), who(PAYEE), word(9)]),
        (2, SAFE_TRANSFER_FROM, vec![who(ACCOUNT), who(PAYEE), word(9)]),
        (2, APPROVE, vec![who(PAYEE), word(9)]),
        (2, SET_APPROVAL_FOR_ALL, vec![who(PAYEE), word(1)]),
        (3, SET_APPROVAL_FOR_ALL, vec![who(PAYEE), word(1)]),
    ]
}

#[test]
fn another_length_or_a_dirty_address_is_never_decoded() {
    for (standard, selector, words) in fixed() {
        let whole = call_of(TOKEN, selector, &words);
        assert_eq!(reason(standard, whole.clone()), Reason::Allowed, "{selector:x?}");
        for length in (4..whole.data.len()).chain([whole.data.len() + 1, whole.data.len() + 32]) {
            let mut data = whole.data.to_vec();
            data.resize(length, 0);
            assert_eq!(reason(standard, call(TOKEN, data)), Reason::NonCanonicalCalldata, "{selector:x?} {length}");
        }
        for (at, argument) in words.iter().enumerate().filter(|(_, word)| word[12..] != [0; 20] && word[12] != 0) {
            let mut words = words.clone();
            words[at] = dirty(Address::from_word((*argument).into()));
            let spoilt = reason(standard, call_of(TOKEN, selector, &words));
            assert_eq!(spoilt, Reason::NonCanonicalCalldata, "{selector:x?} word {at}");
        }
    }
}

#[test]
fn what_is_not_the_accounts_is_opaque_whatever_the_standard() {
    let data = dynamic(&[who(SOMEBODY), who(PAYEE), word(1)], &[]);
    assert_eq!(moved(1, TRANSFER_FROM, &[who(SOMEBODY), who(PAYEE), word(9)]), OPAQUE);
    assert_eq!(moved(2, TRANSFER_FROM, &[who(SOMEBODY), who(PAYEE), word(9)]), OPAQUE);
    assert_eq!(moved(2, SAFE_TRANSFER_FROM, &[who(SOMEBODY), who(PAYEE), word(9)]), OPAQUE);
    assert_eq!(moved(2, SAFE_TRANSFER_FROM_DATA, &data), OPAQUE);
    let data = dynamic(&[who(SOMEBODY), who(PAYEE), word(1), word(2)], &[]);
    assert_eq!(moved(3, SAFE_TRANSFER_FROM_ID, &data), OPAQUE);
    assert_eq!(moved(3, SAFE_BATCH_TRANSFER_FROM, &batch(SOMEBODY, &[1, 2], &[3, 4], &[])), OPAQUE);
    // The form is checked before whose it is.
    let odd = call_of(TOKEN, SAFE_BATCH_TRANSFER_FROM, &batch(SOMEBODY, &[1], &[3, 4], &[]));
    assert_eq!(reason(3, odd), Reason::NonCanonicalCalldata);
}

#[test]
fn selectors_of_another_standard_are_opaque() {
    for (standard, selectors) in [
        (1, vec![SAFE_TRANSFER_FROM, SAFE_TRANSFER_FROM_DATA, SAFE_TRANSFER_FROM_ID, SAFE_BATCH_TRANSFER_FROM]),
        (1, vec![SET_APPROVAL_FOR_ALL, PERMIT2_APPROVE]),
        (2, vec![TRANSFER, INCREASE_ALLOWANCE, SAFE_TRANSFER_FROM_ID, SAFE_BATCH_TRANSFER_FROM]),
        (3, vec![TRANSFER, TRANSFER_FROM, APPROVE, SAFE_TRANSFER_FROM, SAFE_TRANSFER_FROM_DATA]),
    ] {
        for selector in selectors {
            assert_eq!(moved(standard, selector, &[]), OPAQUE, "{standard} {selector:x?}");
        }
    }
}

#[test]
fn a_declaration_of_no_standard_is_malformed() {
    for standard in [0, 4, 255] {
        assert_eq!(reason(standard, call(TOKEN, vec![1, 2, 3, 4])), Reason::MalformedProgram, "{standard}");
    }
}

#[test]
fn fixed_calls_move_what_they_say() {
    assert_eq!(moved(1, TRANSFER, &[who(PAYEE), word(9)]), transfer(9));
    assert_eq!(moved(1, TRANSFER_FROM, &[who(ACCOUNT), who(PAYEE), word(9)]), transfer(9));
    assert_eq!(moved(1, APPROVE, &[who(PAYEE), word(9)]), approve(U256::from(9)));
    assert_eq!(moved(1, INCREASE_ALLOWANCE, &[who(PAYEE), word(9)]), approve(U256::from(9)));
    assert_eq!(moved(2, TRANSFER_FROM, &[who(ACCOUNT), who(PAYEE), word(9)]), transfer(1));
    assert_eq!(moved(2, SAFE_TRANSFER_FROM, &[who(ACCOUNT), who(PAYEE), [255; 32]]), transfer(1));
    assert_eq!(moved(2, APPROVE, &[who(PAYEE), word(0)]), approve(U256::ONE));
    let nobody = (EffectKind::Approve, Some(Address::ZERO), Some(U256::ZERO));
    assert_eq!(moved(2, APPROVE, &[word(0), word(9)]), nobody);
    for standard in [2, 3] {
        assert_eq!(moved(standard, SET_APPROVAL_FOR_ALL, &[who(PAYEE), word(1)]), approve(U256::MAX));
        assert_eq!(moved(standard, SET_APPROVAL_FOR_ALL, &[who(PAYEE), word(0)]), approve(U256::ZERO));
        for boolean in [word(2), dirty(Address::ZERO)] {
            let spoilt = call_of(TOKEN, SET_APPROVAL_FOR_ALL, &[who(PAYEE), boolean]);
            assert_eq!(reason(standard, spoilt), Reason::NonCanonicalCalldata);
        }
    }
}

/// Words, the offset of bytes behind them, and those.
fn dynamic(words: &[[u8; 32]], bytes: &[u8]) -> Vec<[u8; 32]> {
    let mut all = words.to_vec();
    all.push(word(32 * (words.len() as u64 + 1)));
    all.extend(tail(bytes));
    all
}

fn tail(bytes: &[u8]) -> Vec<[u8; 32]> {
    let mut all = vec![word(bytes.len() as u64)];
    for chunk in bytes.chunks(32) {
        let mut padded = [0; 32];
        padded[..chunk.len()].copy_from_slice(chunk);
        all.push(padded);
    }
    all
}

/// The arguments of a batch to the payee.
fn batch(from: Address, ids: &[u64], amounts: &[u64], bytes: &[u8]) -> Vec<[u8; 32]> {
    let second = 160 + 32 * (ids.len() as u64 + 1);
    let third = second + 32 * (amounts.len() as u64 + 1);
    let mut all = vec![who(from), who(PAYEE), word(160), word(second), word(third)];
    for array in [ids, amounts] {
        all.push(word(array.len() as u64));
        all.extend(array.iter().map(|number| word(*number)));
    }
    all.extend(tail(bytes));
    all
}

/// Each standard and selector with bytes at its end.
fn with_bytes(bytes: &[u8]) -> [(u8, [u8; 4], Vec<[u8; 32]>); 3] {
    [
        (2, SAFE_TRANSFER_FROM_DATA, dynamic(&[who(ACCOUNT), who(PAYEE), word(7)], bytes)),
        (3, SAFE_TRANSFER_FROM_ID, dynamic(&[who(ACCOUNT), who(PAYEE), word(7), word(8)], bytes)),
        (3, SAFE_BATCH_TRANSFER_FROM, batch(ACCOUNT, &[7, 8], &[9, 10], bytes)),
    ]
}

#[test]
fn anything_but_the_one_encoding_of_dynamic_arguments_is_refused() {
    for (standard, selector, words) in with_bytes(&[1, 2, 3]) {
        let whole = call_of(TOKEN, selector, &words).data.to_vec();
        let refused = |data: Vec<u8>, how: &str| {
            let refused = reason(standard, call(TOKEN, data));
            assert_eq!(refused, Reason::NonCanonicalCalldata, "{selector:x?}: {how}");
        };
        assert_eq!(reason(standard, call(TOKEN, whole.clone())), Reason::Allowed, "{selector:x?}");
        for length in 4..whole.len() {
            refused(whole[..length].to_vec(), "cut short");
        }
        refused([whole.as_slice(), &[0; 32]].concat(), "a word too many");
        refused([whole.as_slice(), &[0]].concat(), "a byte too many");
        let last = whole.len();
        for at in last - 29..last {
            let mut padded = whole.clone();
            padded[at] = 1;
            refused(padded, "padding");
        }
    }
}

#[test]
fn an_offset_or_a_length_that_is_another_is_refused() {
    for ((standard, selector, words), structural) in
        with_bytes(&[1; 32]).into_iter().zip([&[3, 4][..], &[4, 5], &[2, 3, 4, 5, 8, 11]])
    {
        for at in structural {
            let number = U256::from_be_bytes(words[*at]);
            let (up, down) = (number + U256::ONE, number - U256::ONE);
            for other in [up, down, number + U256::from(32), U256::MAX, number | U256::ONE << 64] {
                let mut words = words.clone();
                words[*at] = other.to_be_bytes();
                let spoilt = reason(standard, call_of(TOKEN, selector, &words));
                assert_eq!(spoilt, Reason::NonCanonicalCalldata, "{selector:x?} word {at}: {other}");
            }
        }
    }
}

#[test]
fn arrays_of_different_or_no_length_are_refused() {
    for (ids, amounts) in [(&[][..], &[][..]), (&[1], &[]), (&[], &[1]), (&[1, 2], &[1]), (&[1], &[1, 2])] {
        let action = call_of(TOKEN, SAFE_BATCH_TRANSFER_FROM, &batch(ACCOUNT, ids, amounts, &[]));
        assert_eq!(reason(3, action), Reason::NonCanonicalCalldata, "{ids:?} {amounts:?}");
    }
}

#[test]
fn dynamic_calls_move_what_they_say_whatever_bytes_they_carry() {
    for bytes in [&[][..], &[0], &[1; 31], &[1; 32], &[1; 33]] {
        let [one, two, _] = with_bytes(bytes);
        assert_eq!(moved(one.0, one.1, &one.2), transfer(1));
        assert_eq!(moved(two.0, two.1, &two.2), transfer(8));
        let found =
            effects(3, call_of(TOKEN, SAFE_BATCH_TRANSFER_FROM, &batch(ACCOUNT, &[1, 1, 2], &[5, 0, 7], bytes)));
        let amounts: Vec<_> = found.iter().map(|effect| effect.amount.unwrap().to::<u64>()).collect();
        assert_eq!(amounts, [5, 0, 7]);
        assert!(found.iter().all(|effect| effect.kind == EffectKind::Transfer && effect.recipient == Some(PAYEE)));
    }
}

#[test]
fn each_amount_of_a_batch_is_charged_and_the_denied_one_is_named() {
    let mut cap = limit(10, 0, true);
    cap[64..].copy_from_slice(TOKEN.as_slice());
    let bytes = everything(3, &[cap]);
    let asked = |amounts: &[u64]| {
        request(vec![call_of(TOKEN, SAFE_BATCH_TRANSFER_FROM, &batch(ACCOUNT, amounts, amounts, &[]))])
    };
    let denied = run(&bytes, &active(), &asked(&[4, 6, 1])).verdict;
    assert_eq!((denied.reason, denied.effect), (Reason::LimitExceeded, 2));
    let allowed = run(&bytes, &active(), &asked(&[4, 5, 1])).verdict;
    assert_eq!((allowed.reason, allowed.effect), (Reason::Allowed, 3));
}

fn permit(token: [u8; 32], spender: [u8; 32], amount: [u8; 32], expiration: [u8; 32]) -> Action {
    call_of(PERMIT2, PERMIT2_APPROVE, &[token, spender, amount, expiration])
}

#[test]
fn an_allowance_through_permit2_is_one_on_the_token() {
    let found = effects(1, permit(who(TOKEN), who(PAYEE), word(9), word(1)));
    assert_eq!(
        found,
        [Effect {
            kind: EffectKind::Approve,
            target: PERMIT2,
            subject: TOKEN,
            selector: Some(PERMIT2_APPROVE),
            asset: Some(TOKEN),
            recipient: Some(PAYEE),
            amount: Some(U256::from(9)),
        }]
    );
}

#[test]
fn permit2_calls_about_declared_tokens_must_be_canonical() {
    let whole = permit(who(TOKEN), who(PAYEE), word(9), word(1));
    let bits = |bits: usize| (U256::ONE << bits).to_be_bytes::<32>();
    assert_eq!(reason(1, permit(who(TOKEN), who(PAYEE), bits(159), bits(47))), Reason::Allowed);
    for spoilt in [
        permit(who(TOKEN), dirty(PAYEE), word(9), word(1)),
        permit(who(TOKEN), who(PAYEE), bits(160), word(1)),
        permit(who(TOKEN), who(PAYEE), word(9), bits(48)),
        call(PERMIT2, whole.data[..131].to_vec()),
        call(PERMIT2, [&whole.data[..], &[0]].concat()),
        call(PERMIT2, whole.data[..36].to_vec()),
    ] {
        assert_eq!(reason(1, spoilt.clone()), Reason::NonCanonicalCalldata, "{spoilt:?}");
    }
}

#[test]
fn permit2_calls_that_name_no_declared_erc20_are_calls() {
    let kind = |standard, action| effects(standard, action)[0].kind;
    assert_eq!(kind(1, permit(who(SOMEBODY), dirty(PAYEE), word(9), word(1))), EffectKind::Call);
    assert_eq!(kind(1, permit(dirty(TOKEN), who(PAYEE), word(9), word(1))), EffectKind::Call);
    assert_eq!(kind(1, call_of(PERMIT2, PERMIT2_APPROVE, &[])), EffectKind::Call);
    let short = permit(who(TOKEN), who(PAYEE), word(9), word(1)).data[..35].to_vec();
    assert_eq!(kind(1, call(PERMIT2, short)), EffectKind::Call);
    assert_eq!(kind(2, permit(who(TOKEN), who(PAYEE), word(9), word(1))), EffectKind::Call);
    assert_eq!(kind(1, call_of(SOMEBODY, PERMIT2_APPROVE, &[who(TOKEN); 4])), EffectKind::Call);
}

#[test]
fn a_token_that_is_the_account_or_the_hook_is_out_of_reach_of_wildcards() {
    for token in [ACCOUNT, HOOK] {
        let draft = Draft { classes: 8 << 12, tokens: vec![(token, 1)], ..Draft::default() };
        let bytes = draft.bytes(|_| vec![Rule { kind: 0x80 | 0x40 | 3, ..native_rule(ALLOW.to_vec()) }]);
        let asked = request(vec![permit(who(token), who(PAYEE), word(9), word(1))]);
        assert_eq!(run(&bytes, &active(), &asked).verdict.reason, Reason::NoRule);
    }
}
