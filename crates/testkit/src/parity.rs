//! One case through both evaluators.

use std::{collections::BTreeMap, fmt};

use alloy_primitives::Bytes;
use eyre::Result;
use portcullis_eval::{Evaluation, MemoryState, Reason, Verdict, evaluate};

use crate::case::{Case, Vector};
use crate::contract::Contract;
use crate::faults::MirrorFault;
use crate::world;

/// Both evaluators.
#[derive(Debug)]
pub struct Evaluators {
    contract: Contract,
    known_code: MemoryState,
    fault: Option<MirrorFault>,
}

/// Where they differ.
#[derive(Clone, Debug)]
pub struct Disagreement(String);

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Evaluators {
    /// The mirror, and this hook code.
    ///
    /// # Errors
    /// As [`world::chain`].
    pub fn new(hook_code: Bytes) -> Result<Self> {
        let chain = world::chain(hook_code)?;
        let known_code = world::known_code(&chain);
        Ok(Self { contract: Contract::new(chain), known_code, fault: None })
    }

    /// The same with a fault planted in the mirror.
    #[must_use]
    pub fn with_fault(mut self, fault: MirrorFault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// The code that both know.
    #[must_use]
    pub const fn known_code(&self) -> &MemoryState {
        &self.known_code
    }

    /// The mirror's evaluation.
    ///
    /// # Errors
    /// [`Disagreement`] when it has none: nothing is missing here.
    pub fn mirror(&self, case: &Case) -> Result<Evaluation, Disagreement> {
        let faulty = self.fault.map(|fault| fault.plant(case));
        let seen = faulty.as_ref().unwrap_or(case);
        let state = seen.state(&self.known_code);
        evaluate(&seen.program, world::HOOK, &state, &seen.request(), seen.now)
            .map_err(|undecided| Disagreement(format!("the mirror is undecided: {undecided}")))
    }

    /// Runs a case through both.
    ///
    /// # Errors
    /// [`Disagreement`] on verdict, reason, effect, rule, values or any word of storage.
    pub fn compare(&self, case: &Case) -> Result<Evaluation, Disagreement> {
        let evaluation = self.mirror(case)?;
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
            let changed = |words: &BTreeMap<_, _>| {
                words
                    .iter()
                    .filter(|(slot, word)| case.words.get(*slot) != Some(word))
                    .map(|(s, w)| format!("{s:#x}={w:#x}"))
                    .collect::<Vec<_>>()
            };
            let (chain, mirror) = (changed(&outcome.words), changed(&words));
            return Err(Disagreement(format!("storage: chain {chain:?}, mirror {mirror:?}")));
        }
        Ok(evaluation)
    }

    /// The case with what the mirror makes of it.
    ///
    /// # Errors
    /// As [`Evaluators::mirror`].
    pub fn vector(&self, case: &Case) -> Result<Vector, Disagreement> {
        let evaluation = self.mirror(case)?;
        let writes: BTreeMap<_, _> = evaluation.writes.into_iter().collect();
        Ok(Vector { case: case.clone(), verdict: evaluation.verdict.into(), writes: writes.into_iter().collect() })
    }
}
