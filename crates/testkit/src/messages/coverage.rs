//! What the message cases reached.

use std::collections::BTreeMap;

use portcullis_attest::SignedMessage;
use portcullis_eval::{Asked, Reason};

use super::{Agreed, MessageCase};
use crate::safes::{Release, Verifier};

/// Reasons that a message can be refused for, and the one that it is not.
const REASONS: [Reason; 12] = [
    Reason::Allowed,
    Reason::NoProgram,
    Reason::Frozen,
    Reason::MalformedProgram,
    Reason::RegistryFailed,
    Reason::BadOwnerSignatures,
    Reason::TooFewSignatures,
    Reason::TooFewNamedSigners,
    Reason::MessageDenied,
    Reason::NoMessageRule,
    Reason::MessageUntrusted,
    Reason::MessageUnknown,
];

/// Besides reasons and releases.
const POINTS: [&str; 13] = [
    "any domain decides",
    "any type decides",
    "a named domain and type decide",
    "a later rule decides",
    "trusted under an everywhere limit",
    "more than the threshold signed",
    "named owners signed",
    "signed on chain allowed",
    "signed on chain, and more asked",
    "a contract signed",
    "eth_sign signed",
    "an approved hash signed",
    "the account cannot be read",
];

/// How many cases reached each point.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    hits: BTreeMap<String, u64>,
    /// How many cases the plain evaluator took no part in.
    pub declined: u64,
    /// How many end in allow.
    pub allowed: u64,
}

/// Every point that a run must reach.
#[must_use]
pub fn required() -> Vec<String> {
    let mut all: Vec<String> = POINTS.iter().map(|point| (*point).to_owned()).collect();
    for form in ["digest", "data"] {
        all.extend(REASONS.iter().map(|reason| format!("{form} {reason}")));
        all.extend(["V130", "V141", "V150"].iter().map(|release| format!("{form} signed by {release}")));
    }
    all
}

impl Coverage {
    /// Notes an agreed case.
    pub fn note(&mut self, case: &MessageCase, agreed: &Agreed) {
        let form = if matches!(case.asked, Asked::Digest(_)) { "digest" } else { "data" };
        let (reason, allowed) = (agreed.verdict.reason, agreed.verdict.reason == Reason::Allowed);
        self.declined += u64::from(agreed.declined);
        self.allowed += u64::from(allowed);
        self.hit(format!("{form} {reason}"));
        let Some(safe) = &case.case.safe else { return };
        if reason == Reason::BadOwnerSignatures && safe.release == Release::Stranger {
            self.hit("the account cannot be read");
        }
        let Some(shown) = SignedMessage::shown(&case.case.signed.signatures) else { return };
        let program = &case.case.program;
        let table =
            program.get(28..31).map_or(0, |at| at.iter().fold(0, |number, byte| number * 256 + usize::from(*byte)));
        let Some(index) = agreed.verdict.rule else { return };
        let at = table + 72 * usize::from(index);
        let Some(record) = program.get(at..).and_then(<[u8]>::first_chunk::<72>) else { return };
        let any = |word: &[u8]| word.iter().all(|byte| *byte == 0);
        let asks_more = record[65] > 0 || record[69] > 0;
        let on_chain =
            shown.owners.is_empty() && safe.signed.contains(&super::signed_hash(case.case.account, &case.asked));
        if on_chain && asks_more && reason == Reason::TooFewSignatures {
            self.hit("signed on chain, and more asked");
        }
        if !allowed {
            return;
        }
        self.hit(format!("{form} signed by {:?}", safe.release));
        let limits = usize::from(program.get(8).copied().unwrap_or_default());
        let everywhere = (0..limits).any(|n| program.get(64 + 84 * n + 57).is_some_and(|flags| flags & 1 == 1));
        let signed = usize::try_from(safe.threshold).unwrap_or(0);
        let parts: Vec<&[u8; 65]> = shown.owners.as_chunks::<65>().0.iter().take(signed).collect();
        let points = [
            ("any domain decides", any(&record[..32])),
            ("any type decides", any(&record[32..64])),
            ("a named domain and type decide", !any(&record[..32]) && !any(&record[32..64])),
            ("a later rule decides", index > 0),
            ("trusted under an everywhere limit", everywhere && record[64] & 2 == 2),
            ("more than the threshold signed", u64::from(record[65]) > safe.threshold),
            ("named owners signed", record[69] > 0),
            ("signed on chain allowed", on_chain),
            (
                "a contract signed",
                parts
                    .iter()
                    .any(|part| part[64] == 0 && Verifier::ALL.iter().any(|one| part[12..32] == one.address()[..])),
            ),
            ("eth_sign signed", parts.iter().any(|part| part[64] > 30)),
            ("an approved hash signed", parts.iter().any(|part| part[64] == 1)),
        ];
        for (point, reached) in points {
            if reached {
                self.hit(point);
            }
        }
    }

    fn hit(&mut self, point: impl Into<String>) {
        *self.hits.entry(point.into()).or_default() += 1;
    }

    /// The required points that no case reached.
    #[must_use]
    pub fn uncovered(&self) -> Vec<String> {
        required().into_iter().filter(|point| !self.hits.contains_key(point)).collect()
    }

    /// Points and how often each was reached.
    #[must_use]
    pub const fn hits(&self) -> &BTreeMap<String, u64> {
        &self.hits
    }

    /// Adds what other cases reached.
    pub fn join(&mut self, other: Self) {
        for (point, hits) in other.hits {
            *self.hits.entry(point).or_default() += hits;
        }
        self.allowed += other.allowed;
        self.declined += other.declined;
    }
}
