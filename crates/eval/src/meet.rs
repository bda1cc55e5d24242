//! Whether what rules asked for is there, `docs/program.md` §8.7 and §8.11.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};
use portcullis_attest::{
    BadMaterial, BadOwners, Binding, Calls, Fault as Flaw, Material, OwnerRequest, Signers, Statement, split,
    verify_approvals, verify_attestation, verify_owners,
};

use crate::condition::Setting;
use crate::layout::{Missing, State, approval_slot, denial_slot, kept_slot};
use crate::obligation::{Ask, Obligation};
use crate::program::Malformed;
use crate::reason::Reason;
use crate::verdict::{Denial, Fault, Stop};

/// Bytes of an owner signature's static part.
pub(crate) const STATIC_PART: usize = 65;
/// What `BadMaterial` is about, in its `detail`.
const APPROVALS: u8 = 1;
const ATTESTATION: u8 = 2;
/// Why, in its `need`.
const EXPIRED: u8 = 1;
const OTHER_EFFECTS: u8 = 5;

/// The effects of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effects {
    pub(crate) count: u32,
    /// Their hash; zero where the program has no attesters.
    pub(crate) digest: B256,
}

/// A chain that can be asked.
pub(crate) struct Chain<'a, S>(pub(crate) &'a S);

impl<S: State> Calls for Chain<'_, S> {
    type Missing = Missing;

    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
        self.0.static_call(target, data, gas)
    }
}

/// Meets the joined obligations of a request that is allowed so far, or denies by the first that is not met. How many
/// there are of each is noted in it. `opened` is what an open module request is called.
pub(crate) fn meet<S: State>(
    setting: &Setting<'_, S>,
    epoch: u32,
    opened: Option<B256>,
    effects: Effects,
    joined: &mut [Obligation],
) -> Result<(), Stop> {
    let Some(first) = joined.first() else {
        return Ok(());
    };
    let request = setting.request;
    let transaction = request.safe_transaction();
    let signatures = if transaction.is_some() { request.signatures.as_ref() } else { &[] };
    let malformed = deny(Reason::MalformedMaterial, first);
    let parts = split(signatures).map_err(|_| malformed)?;
    let material = match parts.payload {
        Some(payload) if joined.iter().any(|one| one.ask.is_for_material()) => {
            Material::parse(payload).map_err(|_| malformed)?
        }
        _ => Material::default(),
    };
    let is_named = transaction.is_some() || opened.is_some();
    // Without a name nothing was brought, so nothing is bound to this one.
    let transaction = transaction.unwrap_or_default();
    let binding = Binding {
        chain_id: setting.chain_id,
        hook: setting.hook,
        account: request.account,
        request: opened.unwrap_or_else(|| transaction.hash(request.account, setting.chain_id)),
        program: setting.program.version(),
        epoch,
    };
    let meeting = Meeting { setting, effects, is_named, binding, material };
    meeting.attestations(joined)?;
    let owners = OwnerRequest {
        chain_id: setting.chain_id,
        account: request.account,
        initiator: request.initiator,
        transaction: &transaction,
    };
    let owners = meeting.owners(&owners, parts.owners, joined)?;
    meeting.named_signers(&owners, joined)?;
    meeting.approvals(&owners, joined)
}

struct Meeting<'a, S> {
    setting: &'a Setting<'a, S>,
    effects: Effects,
    /// Whether there is a name that approvals can be bound to.
    is_named: bool,
    binding: Binding,
    material: Material,
}

impl<S: State> Meeting<'_, S> {
    /// What is wrong with a list or registry that `asker` names.
    fn fault(&self, asker: &Obligation, fault: Fault) -> Stop {
        match fault {
            Fault::Malformed => Denial::new(Reason::MalformedProgram, self.effects.count).into(),
            other => other.stop(asker.effect, asker.rule),
        }
    }

    /// How many of the signers are on the list, leaving some out.
    fn count(&self, signers: &Signers, left_out: &[Address], list: u32, asker: &Obligation) -> Result<u64, Stop> {
        let members = signers.count_members(left_out, |who| self.setting.listed(list, who));
        members.map(number).map_err(|fault| self.fault(asker, fault))
    }

    fn attestations(&self, joined: &mut [Obligation]) -> Result<(), Stop> {
        let set_of = |one: &Obligation| if let Ask::Attestation { set } = one.ask { Some(set) } else { None };
        let mut sets: Vec<_> = joined.iter_mut().filter_map(|one| Some((set_of(one)?, one))).collect();
        sets.sort_by_key(|(set, _)| *set);
        for (set, asked) in sets {
            if self.setting.request.origin.is_some() {
                self.kept(set, asked)?;
                continue;
            }
            let Some(item) = self.material.attestations.iter().find(|item| item.set == set) else {
                asked.have = Some(0);
                return Err(deny(Reason::AttestationRequired, asked).detail(set).into());
            };
            let attesters = self.setting.program.attesters(set).map_err(|bad| self.fault(asked, bad.into()))?;
            let effects = usize::try_from(self.effects.count).unwrap_or(usize::MAX);
            if Statement::parse(&item.statement, effects, usize::from(attesters.hybrid_rules)).is_err() {
                return Err(deny(Reason::MalformedMaterial, asked).into());
            }
            let signers = verify_attestation(
                &Chain(self.setting.state),
                &self.binding,
                self.effects.digest,
                item,
                self.setting.now,
            )
            .map_err(|bad| refuse(bad, asked, ATTESTATION))?;
            let have = self.count(&signers, &[], attesters.list, asked)?;
            asked.have = Some(have);
            if have < u64::from(attesters.need) {
                return Err(short(Reason::TooFewAttesters, asked, have).detail(set).into());
            }
        }
        Ok(())
    }

    /// What was posted for a module request: who signed it was verified then.
    fn kept(&self, set: u8, asked: &mut Obligation) -> Result<(), Stop> {
        asked.have = Some(0);
        let required = deny(Reason::AttestationRequired, asked).detail(set);
        if !self.is_named {
            return Err(required.into());
        }
        let base = kept_slot(&self.binding, set);
        let word = self.setting.state.word(base)?;
        let deadline: U256 = word.wrapping_shr(16);
        if deadline.is_zero() {
            return Err(required.into());
        }
        // Rules for modules cannot ask what only attesters see.
        if word != deadline.wrapping_shl(16) {
            return Err(deny(Reason::MalformedMaterial, asked).into());
        }
        let denied = deny(Reason::BadMaterial, asked).detail(ATTESTATION);
        let bad = |why: u8| Err(denied.need(U256::from(why)).into());
        if U256::from(self.setting.now) > deadline {
            return bad(EXPIRED);
        }
        // No hash is the last slot there is.
        if self.setting.state.word(base.saturating_add(U256::ONE))? != U256::from_be_bytes(self.effects.digest.0) {
            return bad(OTHER_EFFECTS);
        }
        asked.have = Some(u64::from(asked.need));
        Ok(())
    }

    /// The owners who signed, as many as are needed; nobody where nothing needs them.
    fn owners(
        &self,
        request: &OwnerRequest<'_>,
        signatures: &[u8],
        joined: &mut [Obligation],
    ) -> Result<Signers, Stop> {
        let rank = |one: &Obligation| match one.ask {
            Ask::Signatures => 0,
            Ask::Signers { .. } => 1,
            _ => 2,
        };
        let by_module = self.setting.request.origin.is_some();
        let is_for_owners = |one: &&mut Obligation| one.ask.is_for_owners(by_module);
        let Some(asked) = joined.iter_mut().filter(is_for_owners).min_by_key(|one| rank(one)) else {
            return Ok(Signers::default());
        };
        let at_least = if asked.ask == Ask::Signatures { u64::from(asked.need) } else { 0 };
        let bad = |have| Stop::from(deny(Reason::BadOwnerSignatures, asked).have(have));
        match verify_owners(&Chain(self.setting.state), request, signatures, at_least) {
            Ok(owners) => {
                if asked.ask == Ask::Signatures {
                    asked.have = Some(number(owners.as_slice().len()));
                }
                Ok(owners)
            }
            Err(BadOwners::Missing(missing)) => Err(missing.into()),
            Err(BadOwners::UnknownVersion | BadOwners::NoThreshold) => Err(bad(U256::MAX)),
            Err(BadOwners::Signature { index, .. }) => Err(bad(U256::from(index))),
            Err(BadOwners::TooFew { size, need }) => {
                let have = number(size / STATIC_PART);
                if asked.ask == Ask::Signatures {
                    asked.have = Some(have);
                }
                Err(deny(Reason::TooFewSignatures, asked).have(U256::from(have)).need(need).into())
            }
        }
    }

    fn named_signers(&self, owners: &Signers, joined: &mut [Obligation]) -> Result<(), Stop> {
        for asked in joined {
            let Ask::Signers { list } = asked.ask else {
                continue;
            };
            let have = self.count(owners, &[], list, asked)?;
            asked.have = Some(have);
            if have < u64::from(asked.need) {
                return Err(short(Reason::TooFewNamedSigners, asked, have).into());
            }
        }
        Ok(())
    }

    fn approvals(&self, owners: &Signers, joined: &mut [Obligation]) -> Result<(), Stop> {
        let is_asked = |one: &&Obligation| matches!(one.ask, Ask::Approvals { .. });
        let Some(first) = joined.iter().find(is_asked) else {
            return Ok(());
        };
        let now = self.setting.now;
        let approvers = match &self.material.approvals {
            None => None,
            Some(entries) => Some(
                verify_approvals(&Chain(self.setting.state), &self.binding, entries, now, |who| self.has_approved(who))
                    .map_err(|bad| refuse(bad, first, APPROVALS))?,
            ),
        };
        for asked in joined {
            let Ask::Approvals { list, initiator, owners: owners_count } = asked.ask else {
                continue;
            };
            if self.is_named && !self.setting.state.word(denial_slot(&self.binding, list))?.is_zero() {
                return Err(deny(Reason::ApprovalDenied, asked).have(U256::from(list)).into());
            }
            let mut left_out = if owners_count { Vec::new() } else { owners.as_slice().to_vec() };
            if !initiator {
                left_out.push(self.setting.request.initiator);
            }
            let have = match &approvers {
                Some(approvers) => self.count(approvers, &left_out, list, asked)?,
                None => self.approved_on_chain(&left_out, list, asked)?,
            };
            asked.have = Some(have);
            if have < u64::from(asked.need) {
                return Err(short(Reason::TooFewApprovals, asked, have).into());
            }
        }
        Ok(())
    }

    /// How many members of an inline list have approved on chain; nobody of a registry.
    fn approved_on_chain(&self, left_out: &[Address], list: u32, asker: &Obligation) -> Result<u64, Stop> {
        let members = self.setting.program.members(list).map_err(|Malformed| self.fault(asker, Fault::Malformed))?;
        if !self.is_named {
            return Ok(0);
        }
        let mut count = 0_u64;
        for member in members.into_iter().flatten().filter(|member| !left_out.contains(member)) {
            count = count.saturating_add(u64::from(self.has_approved(member)?));
        }
        Ok(count)
    }

    fn has_approved(&self, approver: Address) -> Result<bool, Missing> {
        let deadline = self.setting.state.word(approval_slot(&self.binding, approver))?;
        Ok(U256::from(self.setting.now) <= deadline)
    }
}

/// A denial that names who asked.
const fn deny(reason: Reason, asker: &Obligation) -> Denial {
    Denial::new(reason, asker.effect).rule(asker.rule)
}

fn short(reason: Reason, asker: &Obligation, have: u64) -> Denial {
    deny(reason, asker).have(U256::from(have)).need(U256::from(asker.need))
}

fn refuse(bad: BadMaterial<Missing>, asker: &Obligation, about: u8) -> Stop {
    let (index, why) = match bad {
        BadMaterial::Missing(missing) => return missing.into(),
        BadMaterial::Expired { .. } => (0, EXPIRED),
        BadMaterial::Entry { index, fault } => match fault {
            Flaw::Expired { .. } => (index, EXPIRED),
            Flaw::BadV { .. } | Flaw::HighS | Flaw::NoSigner | Flaw::Refused { .. } => (index, 2),
            Flaw::Order { .. } => (index, 3),
            Flaw::NotApproved { .. } => (index, 4),
        },
    };
    deny(Reason::BadMaterial, asker).detail(about).have(U256::from(index)).need(U256::from(why)).into()
}

/// What is counted here is in memory, so there are fewer than 2^64.
pub(crate) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
