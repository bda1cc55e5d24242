//! What attesters state of the conditions that the chain cannot see, `docs/program.md` §1.

use core::fmt;

use portcullis_attest::{Material, split};

use crate::condition::{Act, Setting};
use crate::effect::Effect;
use crate::obligation::{Ask, Obligations};
use crate::verdict::Fault;

/// What a hybrid rule asks an attester set of one effect: whether what the chain cannot see holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The set's number.
    pub set: u8,
    /// The rule's place among the hybrid rules of the set, in the program's order, from 0.
    pub index: u16,
    /// The index of the effect.
    pub at: u32,
    /// The effect.
    pub effect: &'a Effect,
}

/// Where answers come from.
pub(crate) enum Source<'a> {
    /// What the request brings, read when it is first asked: none where nothing is well formed.
    Material(Option<Option<Material>>),
    /// Somebody who knows, and then nobody has to attest it.
    Told(&'a mut dyn FnMut(&Question<'_>) -> bool),
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Material(material) => f.debug_tuple("Material").field(material).finish(),
            Self::Told(_) => f.write_str("Told"),
        }
    }
}

/// Who answers, and what the request was asked for so far.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    source: Source<'a>,
    pub(crate) obligations: Obligations,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(source: Source<'a>) -> Self {
        Self { source, obligations: Obligations::default() }
    }

    /// Whether the set states that the rule's conditions hold for the effect. An answer has to be attested.
    #[cold]
    pub(crate) fn holds<S>(
        &mut self,
        setting: &Setting<'_, S>,
        act: &Act<'_>,
        rule: u16,
        set: u8,
        index: u16,
    ) -> Result<bool, Fault> {
        let attesters = setting.program.attesters(set)?;
        if index >= attesters.hybrid_rules {
            return Err(Fault::Malformed);
        }
        // Nothing is brought with a module's request, so nobody's knowledge helps it.
        if setting.request.origin.is_some() {
            return Err(Fault::Unattested(set));
        }
        let material = match &mut self.source {
            Source::Told(tell) => return Ok(tell(&Question { set, index, at: act.at, effect: act.effect })),
            Source::Material(material) => material.get_or_insert_with(|| brought(setting)),
        };
        let item = material.as_ref().and_then(|all| all.attestations.iter().find(|item| item.set == set));
        let statement = item.map_or(&[][..], |item| &item.statement);
        // 32 bits times 16 bits and 16 bits more.
        let pair = u64::from(act.at).saturating_mul(u64::from(attesters.hybrid_rules)).saturating_add(u64::from(index));
        let byte = usize::try_from(pair >> 2).ok().and_then(|at| statement.get(at)).ok_or(Fault::Unattested(set))?;
        let answer = match (byte >> (6_u64.saturating_sub((pair & 3) << 1))) & 3 {
            1 => false,
            2 => true,
            _ => return Err(Fault::Unattested(set)),
        };
        self.obligations.add(Ask::Attestation { set }, attesters.need, rule, act.at);
        Ok(answer)
    }
}

/// The material behind the owner signatures, if it is well formed.
fn brought<S>(setting: &Setting<'_, S>) -> Option<Material> {
    setting.request.safe_transaction()?;
    let parts = split(&setting.request.signatures).ok()?;
    Material::parse(parts.payload?).ok()
}
