//! What files tell beside the chain: a policy's names, and what is known of its facts.

use super::ledger::Forked;
use crate::outlook::{self, Foreseen};
use crate::{facts_file, policy_file};
use alloy_primitives::{Address, Bytes, keccak256};
use eyre::{Result, WrapErr, bail};
use portcullis_chain::{Ledger, LedgerState};
use portcullis_eval::Request;
use portcullis_policy::{SourceMap, compile, decompile};
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

/// What is told. Names are read once for each program; where no policy is told, the program itself yields them.
#[derive(Debug, Default)]
pub(crate) struct Told {
    policy: Option<PathBuf>,
    facts: Option<PathBuf>,
    known: RefCell<Option<(Bytes, Rc<SourceMap>)>>,
}

impl Told {
    /// The policy on the chain, where a file with it is named.
    pub(crate) fn new(policy: Option<&PathBuf>) -> Self {
        Self { policy: policy.cloned(), ..Self::default() }
    }

    /// With a file of what is known of the policy's facts, where one is named.
    pub(crate) fn with_facts(self, facts: Option<&PathBuf>) -> Self {
        Self { facts: facts.cloned(), ..self }
    }

    pub(super) fn names(&self, active: &Bytes) -> Result<Rc<SourceMap>> {
        if let Some((_, names)) = self.known.borrow().as_ref().filter(|(program, _)| program == active) {
            return Ok(names.clone());
        }
        let names = Rc::new(self.read(active)?);
        *self.known.borrow_mut() = Some((active.clone(), names.clone()));
        Ok(names)
    }

    fn read(&self, active: &[u8]) -> Result<SourceMap> {
        let Some(path) = &self.policy else {
            let policy = decompile(active).wrap_err("the program on the chain does not read back as a policy")?;
            return Ok(compile(&policy)?.source_map);
        };
        let compiled = policy_file::load(path)?.compiled;
        if compiled.program != active {
            bail!(
                "`{}` is not the policy on the chain: it compiles to {}, the Safe is under {}",
                path.display(),
                keccak256(&compiled.program),
                keccak256(active)
            );
        }
        Ok(compiled.source_map)
    }

    /// What the verdict will be once attesters have stated what is known, if anything is told of that.
    pub(super) fn foresee(&self, ledger: &Forked<'_>, hook: Address, request: &Request) -> Result<Option<Foreseen>> {
        let (Some(policy), Some(facts)) = (&self.policy, &self.facts) else { return Ok(None) };
        let file = policy_file::load(policy)?;
        let known = facts_file::load(facts, &file.policy)?;
        let state = LedgerState::new(ledger, hook, None);
        Ok(Some(outlook::foresee(&file, (ledger.chain_id(), hook), &state, request, ledger.0.now(), &known)?))
    }
}
