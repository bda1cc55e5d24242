//! One case through all three evaluators.

use std::{collections::BTreeMap, fmt};

use alloy_primitives::U256;
use eyre::Result;
use portcullis_eval::{Evaluation, Excess, Reason, Verdict, evaluate, verdict};

use crate::around::{Around, Asked, Surroundings};
use crate::case::{Case, Entry, Vector};
use crate::contract::Contract;
use crate::faults::MirrorFault;
use crate::generate::generate;
use crate::hook::HookCode;
use crate::plain::{self, Declined};
use crate::world;

/// The compiled hook, the mirror, and the plain evaluator.
#[derive(Debug)]
pub struct Evaluators {
    contract: Contract,
    around: Around,
    fault: Option<MirrorFault>,
}

/// What they agree on.
#[derive(Debug)]
pub struct Agreement {
    /// The mirror's.
    pub evaluation: Evaluation,
    /// The static calls that the mirror made, in order.
    pub asked: Vec<Asked>,
    /// Whether the plain evaluator took no part.
    pub declined: bool,
    /// What the contract says to the same execution again in the same transaction, if that was tried.
    pub replayed: Option<Verdict>,
    /// What limits that meter are charged after the execution, or why it is undone; if that was tried.
    pub settled: Option<Result<Vec<Excess>, Verdict>>,
}

/// Where they differ.
#[derive(Clone, Debug)]
pub struct Disagreement(String);

impl Disagreement {
    pub(crate) const fn new(why: String) -> Self {
        Self(why)
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Evaluators {
    /// With this hook code.
    ///
    /// # Errors
    /// As [`world::chain`].
    pub fn new(code: &HookCode) -> Result<Self> {
        let chain = world::chain(code)?;
        Ok(Self { contract: Contract::new(chain.clone()), around: Around::new(chain), fault: None })
    }

    /// The same with a fault planted in the mirror.
    #[must_use]
    pub fn with_fault(mut self, fault: MirrorFault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// What surrounds the hook.
    #[must_use]
    pub const fn around(&self) -> &Around {
        &self.around
    }

    /// The mirror's evaluation, and the static calls it made.
    ///
    /// # Errors
    /// [`Disagreement`] when it has none: nothing is missing here.
    pub fn mirror(&self, case: &Case) -> Result<(Evaluation, Vec<Asked>), Disagreement> {
        let faulty = self.fault.map(|fault| fault.plant(case));
        let seen = faulty.as_ref().unwrap_or(case);
        let state = Surroundings::new(&self.around, seen).with_fault(self.fault);
        let evaluation = evaluate(&seen.program, world::CHAIN_ID, world::HOOK, &state, &seen.request(), seen.now)
            .map_err(|undecided| Disagreement(format!("the mirror is undecided: {undecided}")))?;
        let asked = state.asked();
        let state = Surroundings::new(&self.around, seen).with_fault(self.fault);
        let alone = verdict(&seen.program, world::CHAIN_ID, world::HOOK, &state, &seen.request(), seen.now);
        if alone != Ok(evaluation.verdict) {
            return Err(Disagreement(format!("the mirror alone {alone:?}, with its trace {:?}", evaluation.verdict)));
        }
        Ok((evaluation, asked))
    }

    /// Runs a case through all.
    ///
    /// # Errors
    /// [`Disagreement`] on verdict, reason, effect, rule, values or any word of storage.
    pub fn compare(&self, case: &Case) -> Result<Agreement, Disagreement> {
        let (evaluation, asked) = self.mirror(case)?;
        let declined = self.plainly(case, &evaluation)?;
        let outcome = self.contract.run(case).map_err(|why| Disagreement(format!("the contract: {why:#}")))?;
        let agree = |what: &str, chain: &Verdict| {
            if *chain == evaluation.verdict {
                Ok(())
            } else {
                Err(Disagreement(format!("{what}: chain {chain:?}, mirror {:?}", evaluation.verdict)))
            }
        };
        agree("check", &outcome.check)?;
        let mut words = case.words.clone();
        if let Some(entry) = &outcome.entry {
            agree("entry", entry)?;
            words.extend(evaluation.writes.iter().copied());
            words.retain(|_, word| !word.is_zero());
        }
        if evaluation.verdict.reason != Reason::Allowed && !evaluation.writes.is_empty() {
            return Err(Disagreement("the mirror writes for a denied request".to_owned()));
        }
        if words != outcome.words {
            let (chain, mirror) = (changed(case, &outcome.words), changed(case, &words));
            return Err(Disagreement(format!("storage: chain {chain:?}, mirror {mirror:?}")));
        }
        let replayed = self.again(case, &evaluation)?;
        let settled = self.settled(case, &evaluation, declined)?;
        Ok(Agreement { evaluation, asked, declined, replayed, settled })
    }

    /// What comes after the execution, where limits meter.
    fn settled(
        &self,
        case: &Case,
        first: &Evaluation,
        declined: bool,
    ) -> Result<Option<Result<Vec<Excess>, Verdict>>, Disagreement> {
        let Some(metering) = first.metering.as_ref().filter(|_| first.verdict.is_allowed()) else { return Ok(None) };
        if !matches!(case.entry, Entry::Transaction | Entry::Module) || case.safe.is_none() || first.watched.is_some() {
            return Ok(None);
        }
        let faulty = self.fault.map(|fault| fault.plant(case));
        let seen = faulty.as_ref().unwrap_or(case);
        let after = Surroundings::new(&self.around, seen).with_fault(self.fault).after();
        let settled = metering.settle(case.account, &after);
        let settled = settled.map_err(|missing| Disagreement(format!("the mirror is undecided after: {missing}")))?;
        let mirror = settled.clone().map(|charged| {
            let mut words = case.words.clone();
            words.extend(first.writes.iter().copied().chain(charged.iter().filter_map(|excess| excess.write)));
            words.retain(|_, word| !word.is_zero());
            words
        });
        let chain =
            self.contract.executed(case).map_err(|why| Disagreement(format!("after the execution: {why:#}")))?;
        if chain != mirror {
            return Err(Disagreement(format!("after the execution: chain {chain:?}, mirror {mirror:?}")));
        }
        if !declined {
            let world = Surroundings::new(&self.around, case);
            let plain = plain::executed(case, world::HOOK, &world, &Surroundings::new(&self.around, case).after());
            let told = mirror.clone().map_err(|v| (v.reason.number(), v.effect, v.detail, v.have, v.need));
            let plain = plain.map(|plain| plain.map_err(|v| (v.reason, v.effect, v.detail, v.have, v.need)));
            if plain != Ok(told.clone()) {
                return Err(Disagreement(format!("after the execution: plain {plain:?}, mirror {told:?}")));
            }
        }
        Ok(Some(settled))
    }

    /// What was executed with obligations is executed once in a transaction. Mirrors see one execution alone, so what
    /// the second comes to is said here.
    fn again(&self, case: &Case, first: &Evaluation) -> Result<Option<Verdict>, Disagreement> {
        let locks = first.watched.is_some() || first.metering.is_some();
        let asked = !first.obligations.is_empty() || !first.notices.is_empty() || locks;
        let allowed = first.verdict.reason == Reason::Allowed;
        if case.entry != Entry::Transaction || case.safe.is_none() || !asked || !allowed {
            return Ok(None);
        }
        let chain = self.contract.again(case).map_err(|why| Disagreement(format!("again: {why:#}")))?;
        if locks {
            return locked(chain);
        }
        let mut later = case.clone();
        later.words.extend(first.writes.iter().copied());
        let (later, _) = self.mirror(&later)?;
        let mut expected = later.verdict;
        let late = [Reason::Allowed, Reason::NotAnnounced, Reason::NotMatured, Reason::AnnouncementExpired];
        if late.contains(&expected.reason) {
            // Where channels are told, they may have been asked for first.
            let first = later.obligations.first().filter(|_| later.notices.is_empty());
            expected = Verdict {
                reason: Reason::RequestReplayed,
                effect: first.map_or(chain.effect, |first| first.effect),
                rule: first.map_or(chain.rule, |first| Some(first.rule)),
                detail: 0,
                have: case.signed.nonce,
                need: U256::ZERO,
            };
        }
        if chain == expected {
            Ok(Some(chain))
        } else {
            Err(Disagreement(format!("again: chain {chain:?}, expected {expected:?}")))
        }
    }

    /// Compares the mirror with the plain evaluator; whether that declined.
    fn plainly(&self, case: &Case, mirror: &Evaluation) -> Result<bool, Disagreement> {
        let answer = match plain::evaluate(case, world::HOOK, &Surroundings::new(&self.around, case)) {
            Ok(answer) => answer,
            Err(Declined) => return Ok(true),
        };
        let (p, m) = (answer.verdict, mirror.verdict);
        if (p.reason, p.effect, p.rule, p.detail, p.have, p.need)
            != (m.reason.number(), m.effect, m.rule, m.detail, m.have, m.need)
        {
            return Err(Disagreement(format!("plain {p:?}, mirror {m:?}")));
        }
        let writes: BTreeMap<_, _> = mirror.writes.iter().copied().collect();
        if answer.writes != writes {
            let (plain, mirror) = (changed(case, &answer.writes), changed(case, &writes));
            return Err(Disagreement(format!("storage: plain {plain:?}, mirror {mirror:?}")));
        }
        Ok(false)
    }

    /// The case with what the mirror makes of it.
    ///
    /// # Errors
    /// As [`Evaluators::mirror`].
    pub fn vector(&self, case: &Case) -> Result<Vector, Disagreement> {
        let (evaluation, _) = self.mirror(case)?;
        let writes: BTreeMap<_, _> = evaluation.writes.into_iter().collect();
        Ok(Vector { case: case.clone(), verdict: evaluation.verdict.into(), writes: writes.into_iter().collect() })
    }
}

/// For each of the faulty evaluators the first case under `seed`, of so many, that divides it and not the healthy ones.
/// `found` is called for each.
pub fn catch(healthy: &Evaluators, faulty: &[Evaluators], seed: u64, cases: u64, found: impl Fn()) -> Vec<Option<u64>> {
    let mut caught = vec![None; faulty.len()];
    for index in 0..cases {
        let case = generate(seed, index, healthy.around()).case;
        if caught.iter().all(Option::is_some) {
            break;
        }
        if healthy.compare(&case).is_err() {
            continue;
        }
        for (caught, faulty) in caught.iter_mut().zip(faulty) {
            if caught.is_none() && faulty.compare(&case).is_err() {
                *caught = Some(index);
                found();
            }
        }
    }
    caught
}

/// After a delegatecall, and under limits that meter, nothing else is executed in the transaction.
fn locked(chain: Verdict) -> Result<Option<Verdict>, Disagreement> {
    let (have, need) = (U256::ZERO, U256::ZERO);
    let expected = Verdict { reason: Reason::AccountLocked, effect: 0, rule: None, detail: 0, have, need };
    if chain == expected {
        Ok(Some(chain))
    } else {
        Err(Disagreement(format!("again: chain {chain:?}, expected {expected:?}")))
    }
}

/// The words that are not as the case has them.
fn changed(case: &Case, words: &BTreeMap<U256, U256>) -> Vec<String> {
    let changed = words.iter().filter(|(slot, word)| case.words.get(*slot) != Some(word));
    changed.map(|(slot, word)| format!("{slot:#x}={word:#x}")).collect()
}
