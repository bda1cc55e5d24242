//! What was asked for besides, by whom it was met, and why it was not.

use std::collections::BTreeMap;

use alloy_primitives::{U256, keccak256};
use portcullis_attest::{ApprovalEntry, Binding, Material, Proof, split};
use portcullis_eval::{AccountState, Ask, Evaluation, Obligation, Reason, approval_slot};

use super::Coverage;
use super::required::ASKS;
use crate::case::Case;
use crate::safes::Release;
use crate::scan::Body;
use crate::world;

/// What a signature of an owner is, by its last byte.
pub(super) const SIGNED: [&str; 4] = ["contract's", "approved hash", "plain", "eth_sign"];
/// Why material is bad, by its number.
pub(super) const FAULTS: [&str; 5] = ["", "late", "no signature", "out of order", "not on chain"];

pub(super) fn name(release: Release) -> &'static str {
    match release {
        Release::V130 => "1.3.0",
        Release::V141 => "1.4.1",
        Release::V150 => "1.5.0",
        Release::Stranger => "stranger",
    }
}

const fn ask(one: &Obligation) -> &'static str {
    match one.ask {
        Ask::Approvals { .. } => "approvals",
        Ask::Signatures => "signatures",
        Ask::Signers { .. } => "signers",
        Ask::Attestation { .. } => "attestation",
    }
}

/// By key, contract or on chain.
const fn way(entry: &ApprovalEntry) -> &'static str {
    match entry {
        ApprovalEntry::Signed { proof: Proof::Ecdsa { .. }, .. } => "key",
        ApprovalEntry::Signed { proof: Proof::Contract { .. }, .. } => "contract",
        ApprovalEntry::OnChain { .. } => "word",
    }
}

impl Coverage {
    pub(super) fn obligations(
        &mut self,
        case: &Case,
        evaluation: &Evaluation,
        account: &AccountState,
        bodies: &BTreeMap<u16, Body>,
    ) {
        let verdict = evaluation.verdict;
        let allowed = verdict.reason == Reason::Allowed;
        if account.frozen && allowed {
            self.hit(if evaluation.removal { "a freeze ended by removal" } else { "control under a freeze" });
        }
        if verdict.reason == Reason::MalformedProgram {
            for op in bodies.values().filter_map(|body| body.malformed_ask) {
                let op = ASKS.get(usize::from(op).wrapping_sub(1)).unwrap_or(&"of no number");
                self.hit(format!("obligation {op} malformed"));
            }
        }
        if allowed && !evaluation.notices.is_empty() {
            self.hit("obligation notice met");
        }
        let asked = &evaluation.obligations;
        if asked.is_empty() {
            return;
        }
        let decided = evaluation.decisions.iter().all(|decision| decision.rule.is_some());
        if verdict.reason == Reason::RegistryFailed && decided {
            self.hit("a registry of members fails");
        }
        if allowed && asked.iter().any(|one| one.effect > 0) {
            self.hit("asked for by a later effect");
        }
        let parts = split(&case.signed.signatures).ok();
        let material = parts.and_then(|parts| Material::parse(parts.payload?).ok()).unwrap_or_default();
        if verdict.reason == Reason::BadMaterial {
            let what = if verdict.detail == 1 { "approvals" } else { "attestation" };
            let why = FAULTS.get(verdict.need.saturating_to::<usize>()).unwrap_or(&"");
            self.hit(format!("{what} {why}"));
            let at = verdict.have.saturating_to::<usize>();
            let late = |deadline: u64| deadline.checked_add(1) == Some(case.now);
            let approval = material.approvals.iter().flatten().nth(at).filter(|_| verdict.detail == 1);
            if let Some(ApprovalEntry::Signed { deadline, .. }) = approval
                && late(*deadline)
            {
                self.hit("approval a second late");
            }
            if verdict.detail == 2
                && verdict.need == U256::ONE
                && material.attestations.iter().any(|i| late(i.deadline))
            {
                self.hit("attestation a second late");
            }
        }
        self.owners(case, evaluation, parts.map_or(&[], |parts| parts.owners));
        if !allowed {
            return;
        }
        for one in asked {
            self.hit(format!("obligation {} met", ask(one)));
            let list = match one.ask {
                Ask::Approvals { list, initiator, owners } => {
                    self.hit(format!("approvals met, initiator {initiator}, owners {owners}"));
                    list
                }
                Ask::Signers { list } => list,
                _ => continue,
            };
            let at = usize::try_from(list).unwrap_or(usize::MAX).saturating_add(2);
            let registry = case.program.get(at) == Some(&255);
            self.hit(format!("{} of {} met", ask(one), if registry { "a registry" } else { "a list" }));
        }
        if asked.iter().any(|one| matches!(one.ask, Ask::Approvals { .. })) {
            self.approved(case, &material, account.epoch);
        }
        if asked.iter().any(|one| matches!(one.ask, Ask::Attestation { .. })) {
            for item in &material.attestations {
                if item.deadline == case.now {
                    self.hit("attestation in its last second");
                }
                for proof in &item.proofs {
                    let key = matches!(proof, Proof::Ecdsa { .. });
                    self.hit(format!("attestation by {}", if key { "key" } else { "contract" }));
                }
            }
        }
    }

    fn approved(&mut self, case: &Case, material: &Material, epoch: u32) {
        let request = case.request();
        let Some(entries) = &material.approvals else {
            self.hit("approvals on chain alone");
            let Some(hash) = request.hash(world::CHAIN_ID) else { return };
            let program = keccak256(&case.program);
            let (chain_id, hook, account) = (world::CHAIN_ID, world::HOOK, case.account);
            let binding = Binding { chain_id, hook, account, request: hash, program, epoch };
            let last = crate::obligations::everyone()
                .into_iter()
                .any(|who| case.words.get(&approval_slot(&binding, who)) == Some(&U256::from(case.now)));
            if last {
                self.hit("approval on chain in its last second");
            }
            return;
        };
        for entry in entries {
            self.hit(format!("approval by {}", way(entry)));
            if let ApprovalEntry::Signed { deadline, .. } = entry
                && *deadline == case.now
            {
                self.hit("approval in its last second");
            }
        }
    }

    /// Signatures of owners, of those that were asked for.
    fn owners(&mut self, case: &Case, evaluation: &Evaluation, signatures: &[u8]) {
        let asking = |one: &Obligation| match one.ask {
            Ask::Approvals { owners, .. } => !owners,
            Ask::Attestation { .. } => false,
            _ => true,
        };
        let verdict = evaluation.verdict;
        let Some(safe) = case.safe.as_ref().filter(|_| evaluation.obligations.iter().any(asking)) else { return };
        let most =
            evaluation.obligations.iter().filter(|one| one.ask == Ask::Signatures).map(|one| u64::from(one.need));
        let need = usize::try_from(most.max().unwrap_or(0).max(safe.threshold)).unwrap_or(usize::MAX);
        let refused = verdict.reason == Reason::BadOwnerSignatures;
        if refused && verdict.have == U256::MAX {
            self.hit("an account that is no Safe");
        }
        for (i, part) in signatures.chunks_exact(65).take(need).enumerate() {
            let kind = match part.last() {
                Some(0) => 0,
                Some(1) => 1,
                Some(..=30) => 2,
                _ => 3,
            };
            let Some(kind) = SIGNED.get(kind) else { continue };
            let release = name(safe.release);
            if verdict.reason == Reason::Allowed {
                self.hit(format!("{kind} signature under {release} counts"));
            } else if refused && verdict.have == U256::from(i) {
                self.hit(format!("{kind} signature under {release} refused"));
            }
        }
    }
}
