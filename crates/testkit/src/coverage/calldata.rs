//! Which calls were decoded, and which were not what they seemed.

use alloy_primitives::{Address, Bytes, U256};
use portcullis_eval::{Effect, EffectKind, Evaluation, Reason};

use super::Coverage;
use super::required::{EDGES, ROWS};
use crate::case::{Case, CaseAction};
use crate::draft::{APPROVAL_FOR_ALL, APPROVE, BATCH_1155, ENABLE_MODULE, PERMIT2_APPROVE, PLUGINS};
use crate::shrink::transactions;
use crate::{scan, world};

/// Target and calldata of every leaf, as far as batches are canonical.
fn leaves(actions: &[CaseAction]) -> Vec<(Address, Bytes)> {
    let each = actions.iter().flat_map(|action| match action.operation {
        0 => vec![(action.to, action.data.clone())],
        _ => leaves(&transactions(&action.data).unwrap_or_default()),
    });
    each.collect()
}

impl Coverage {
    pub(super) fn calldata(&mut self, case: &Case, evaluation: &Evaluation) {
        let standards = scan::standards(&case.program);
        let standard = |token: Address| standards.get(&token).map_or(0, |(standard, _)| *standard);
        let verdict = evaluation.verdict;
        let allowed = verdict.reason == Reason::Allowed;
        for decision in &evaluation.decisions {
            let effect = &decision.effect;
            self.row(effect, standard(effect.subject));
            self.amount(effect);
            let to_permit2 = effect.kind == EffectKind::Call && effect.target == world::PERMIT2;
            if to_permit2 && effect.selector == Some(PERMIT2_APPROVE) {
                let named = leaves(&case.actions).iter().any(|(to, data)| {
                    let token = data.get(4..36).map(U256::from_be_slice).unwrap_or(U256::MAX);
                    *to == world::PERMIT2 && standards.keys().any(|one| U256::from_be_slice(one.as_slice()) == token)
                });
                self.hit(if named { "permit2 of a token that is no ERC-20" } else { "permit2 names no token" });
            }
            if effect.selector == Some(ENABLE_MODULE) && effect.target == world::ACCOUNT {
                if allowed {
                    self.hit("enableModule allowed");
                } else if verdict.reason == Reason::NoRule {
                    self.hit("enableModule without a rule");
                }
            }
            let plugin = PLUGINS.iter().position(|selector| effect.selector == Some(*selector));
            if let Some(call) = plugin.filter(|_| allowed) {
                if effect.target == world::MANAGER {
                    self.hit(format!("manager call {call} to the manager allowed"));
                }
                if effect.target == world::ACCOUNT {
                    self.hit(format!("manager call {call} to the account allowed"));
                }
            }
        }
        if evaluation.decisions.windows(2).any(|pair| {
            pair.iter().all(|decision| decision.effect.selector == Some(BATCH_1155) && decision.effect.amount.is_some())
        }) {
            self.hit("erc1155 batch of several");
        }
        if verdict.reason == Reason::NonCanonicalCalldata {
            for (to, data) in leaves(&case.actions) {
                if data.get(..4).is_some_and(|selector| U256::from_be_slice(selector) == verdict.have) {
                    self.not_canonical(to, &data, standard(to));
                }
            }
        }
        if verdict.reason == Reason::ControlDenied
            && leaves(&case.actions).iter().any(|(to, data)| {
                let selector = data.get(..4).map(U256::from_be_slice).unwrap_or_default();
                *to == world::MANAGER && selector == verdict.have
            })
        {
            self.hit("other manager call denied");
        }
    }

    fn row(&mut self, effect: &Effect, standard: u8) {
        let row = ROWS.iter().find(|(of, selector, ..)| *of == standard && effect.selector == Some(*selector));
        let Some((_, selector, row, sourced)) = row else { return };
        match effect.kind {
            EffectKind::Transfer | EffectKind::Approve => {
                self.hit(format!("{row} decodes"));
                let nothing = effect.amount.is_some_and(|amount| amount.is_zero());
                if *selector == APPROVAL_FOR_ALL {
                    self.hit(format!("setApprovalForAll {}", if nothing { "revokes" } else { "grants" }));
                }
                if standard == 2 && *selector == APPROVE && nothing {
                    self.hit("erc721 approve revokes");
                }
            }
            EffectKind::Opaque if *sourced => self.hit(format!("{row} from another is opaque")),
            _ => {}
        }
    }

    fn not_canonical(&mut self, to: Address, data: &[u8], standard: u8) {
        let standard = if to == world::PERMIT2 { 1 } else { standard };
        let row = ROWS.iter().find(|(of, selector, ..)| *of == standard && data.starts_with(selector));
        if let Some((_, _, row, _)) = row {
            self.hit(format!("{row} is not canonical"));
        }
        if to == world::ACCOUNT && data.starts_with(&ENABLE_MODULE) {
            self.hit("enableModule is not canonical");
        }
    }

    fn amount(&mut self, effect: &Effect) {
        let Some(amount) = effect.amount else { return };
        if amount.is_zero() {
            self.hit("amount of nothing");
        }
        if amount == U256::MAX {
            self.hit("amount of everything");
        }
        for edge in EDGES {
            if amount == U256::ONE << edge {
                self.hit(format!("amount of 2^{edge}"));
            }
        }
    }
}
