//! What attesters state of a request, in the file that goes from one to the next.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes};
use portcullis_attest::{AttestationItem, Binding, Proof, recover};
use serde::{Deserialize, Serialize};

use crate::hash::Account;

/// One attester set's statement, and who has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// What it is bound to.
    pub binding: Binding,
    /// The hash of the request's effects.
    pub effects: B256,
    /// What is signed; its proofs are empty.
    pub item: AttestationItem,
    /// `r ‖ s ‖ v` over [`Attested::digest`], by attester.
    signatures: BTreeMap<Address, [u8; 65]>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenAttestation {
    set: u8,
    hook: Address,
    program: B256,
    epoch: u32,
    effects: B256,
    deadline: u64,
    proposal: B256,
    statement: Bytes,
    signatures: Vec<WrittenAttester>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenAttester {
    attester: Address,
    signature: Bytes,
}

impl Attested {
    /// A statement that nobody has signed yet.
    #[must_use]
    pub fn new(binding: Binding, effects: B256, item: AttestationItem) -> Self {
        Self { binding, effects, item, signatures: BTreeMap::new() }
    }

    /// What every attester signs.
    #[must_use]
    pub fn digest(&self) -> B256 {
        self.binding.attestation_digest(self.effects, &self.item)
    }

    /// Adds a signature; false when it is not that attester's.
    #[must_use]
    pub fn sign(&mut self, attester: Address, signature: [u8; 65]) -> bool {
        let [scalars @ .., v] = &signature;
        let (r, s) = scalars.split_at(32);
        let is = recover(self.digest(), *v, B256::from_slice(r), B256::from_slice(s)) == Some(attester);
        if is {
            self.signatures.insert(attester, signature);
        }
        is
    }

    /// Whether both say the same of the same, whoever signed.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.binding, self.effects, &self.item) == (other.binding, other.effects, &other.item)
    }

    /// Takes another's signatures of the same statement.
    pub(crate) fn join(&mut self, other: Self) {
        self.signatures.extend(other.signatures);
    }

    /// Who has signed, ascending.
    pub fn attesters(&self) -> impl Iterator<Item = Address> + '_ {
        self.signatures.keys().copied()
    }

    /// As the payload has it.
    #[must_use]
    pub fn material(&self) -> AttestationItem {
        let proofs = self.signatures.values().map(|[scalars @ .., v]| {
            let (r, s) = scalars.split_at(32);
            Proof::Ecdsa { r: B256::from_slice(r), s: B256::from_slice(s), v: *v }
        });
        AttestationItem { proofs: proofs.collect(), ..self.item.clone() }
    }
}

impl WrittenAttestation {
    pub(crate) fn of(attested: &Attested) -> Self {
        let Attested { binding: Binding { hook, program, epoch, .. }, effects, ref item, ref signatures } = *attested;
        Self {
            set: item.set,
            hook,
            program,
            epoch,
            effects,
            deadline: item.deadline,
            proposal: item.proposal,
            statement: item.statement.clone(),
            signatures: signatures
                .iter()
                .map(|(attester, signature)| WrittenAttester {
                    attester: *attester,
                    signature: Bytes::copy_from_slice(signature),
                })
                .collect(),
        }
    }

    pub(crate) fn understand(self, account: &Account, request: B256) -> Result<Attested, String> {
        let Self { set, hook, program, epoch, effects, deadline, proposal, statement, signatures } = self;
        let binding = Binding { chain_id: account.chain_id, hook, account: account.safe, request, program, epoch };
        let item = AttestationItem { set, deadline, proposal, statement, proofs: Vec::new() };
        let mut attested = Attested::new(binding, effects, item);
        for WrittenAttester { attester, signature } in signatures {
            let signature: [u8; 65] = signature
                .as_ref()
                .try_into()
                .map_err(|_| format!("the signature of `{attester}` has {} bytes, not 65", signature.len()))?;
            if attested.signatures.contains_key(&attester) {
                return Err(format!("`{attester}` has attested twice in it"));
            }
            if !attested.sign(attester, signature) {
                return Err(format!("the attestation is not that of `{attester}`; it was changed"));
            }
        }
        Ok(attested)
    }
}
