//! What became of module requests that consent is asked for.

use std::collections::BTreeSet;

use alloy_primitives::{U256, keccak256};
use portcullis_attest::Binding;
use portcullis_eval::{AccountState, Ask, Evaluation, Opening, Reason, approval_slot, kept_slot};

use super::{Coverage, side};
use crate::case::Case;
use crate::obligations::everyone;
use crate::world;

/// What is bound to the request, if it is open.
pub(crate) fn binding(case: &Case, opening: &Opening, epoch: u32) -> Option<Binding> {
    let (chain_id, hook, account) = (world::CHAIN_ID, world::HOOK, case.account);
    let program = keccak256(&case.program);
    opening.request.map(|request| Binding { chain_id, hook, account, request, program, epoch })
}

impl Coverage {
    pub(super) fn openings(&mut self, case: &Case, evaluation: &Evaluation, account: &AccountState) {
        let (Some(opening), verdict) = (&evaluation.opening, evaluation.verdict) else { return };
        if opening.opened_at != 0 {
            let expiry = case.program.get(9..13).map(U256::from_be_slice).unwrap_or_default();
            let expires = U256::from(opening.opened_at).saturating_add(expiry);
            self.hit(format!("now {} the end of an opening", side(U256::from(case.now).cmp(&expires))));
        }
        let Some(binding) = binding(case, opening, account.epoch) else {
            if verdict.reason == Reason::TooFewApprovals || verdict.reason == Reason::AttestationRequired {
                self.hit(format!("not open: {:?}", verdict.reason));
            }
            return;
        };
        let last = |word: Option<&U256>| word == Some(&U256::from(case.now));
        match verdict.reason {
            Reason::Allowed => {
                for one in &evaluation.obligations {
                    let Ask::Attestation { set } = one.ask else {
                        self.hit("module request approved");
                        continue;
                    };
                    self.hit("module request attested");
                    let deadline = case.words.get(&kept_slot(&binding, set)).map(|word| *word >> 16);
                    if last(deadline.as_ref()) {
                        self.hit("kept attestation in its last second");
                    }
                }
                if everyone().into_iter().any(|who| last(case.words.get(&approval_slot(&binding, who)))) {
                    self.hit("approval of a module request in its last second");
                }
                if case.actions.len() > 1 {
                    self.hit("module request of several actions");
                }
            }
            Reason::BadMaterial if verdict.need == U256::ONE => self.hit("kept attestation late"),
            Reason::BadMaterial => self.hit("kept attestation of other effects"),
            Reason::MalformedMaterial => self.hit("kept attestation with a statement"),
            Reason::AttestationRequired => self.hit("open, and not attested"),
            Reason::TooFewApprovals => self.hit("open, and not approved"),
            Reason::ApprovalDenied => self.hit("open, and denied"),
            _ => {}
        }
    }
}

pub(super) fn required(all: &mut BTreeSet<String>) {
    for what in ["below", "equal", "above"] {
        all.insert(format!("now {what} the end of an opening"));
    }
    for what in [
        "not open: TooFewApprovals",
        "not open: AttestationRequired",
        "module request approved",
        "module request attested",
        "module request of several actions",
        "kept attestation in its last second",
        "kept attestation late",
        "kept attestation of other effects",
        "kept attestation with a statement",
        "approval of a module request in its last second",
        "open, and not attested",
        "open, and not approved",
        "open, and denied",
    ] {
        all.insert(what.to_owned());
    }
}
