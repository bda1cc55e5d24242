//! The payload: items, and the entries in them.

use alloc::{vec, vec::Vec};

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::{ecdsa, reader::Reader};

pub(crate) const APPROVALS: u8 = 1;
const ATTESTATION: u8 = 2;

const ECDSA: u8 = 0;
const CONTRACT: u8 = 1;
const ON_CHAIN: u8 = 2;

/// Everything that a payload holds. Nothing of it counts before it is verified.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Material {
    /// By strictly ascending signer; none without an item for them.
    pub approvals: Option<Vec<ApprovalEntry>>,
    /// By strictly ascending set.
    pub attestations: Vec<AttestationItem>,
}

/// One member's consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApprovalEntry {
    /// A signature over [`crate::Binding::approval_digest`].
    Signed {
        /// The last second at which it counts.
        deadline: u64,
        /// The signature.
        proof: Proof,
    },
    /// An approval that was made on chain.
    OnChain {
        /// Who made it.
        signer: Address,
    },
}

/// One attester set's statement, with the signatures of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationItem {
    /// The set, by its number in the program.
    pub set: u8,
    /// The last second at which it counts.
    pub deadline: u64,
    /// The hash of a proposal; zero for none.
    pub proposal: B256,
    /// The bytes of a [`crate::Statement`], at most 65,535.
    pub statement: Bytes,
    /// Signatures over [`crate::Binding::attestation_digest`], by strictly ascending signer.
    pub proofs: Vec<Proof>,
}

/// A signature over a digest that the verifier computes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Of a key: `v` 27 or 28, `s` at most half the order.
    Ecdsa {
        /// The point's first coordinate.
        r: B256,
        /// The signature proper.
        s: B256,
        /// Which of two points.
        v: u8,
    },
    /// Of a contract, by ERC-1271.
    Contract {
        /// Whom to ask.
        signer: Address,
        /// What to show it, at most 65,535 bytes.
        signature: Bytes,
    },
}

/// Why a payload is not material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedMaterial {
    /// The payload is said to be longer than what precedes its length.
    #[error("the payload is said to have {length} bytes where {available} stand before it")]
    LongPayload {
        /// As written.
        length: U256,
        /// What there is.
        available: usize,
    },
    /// Something goes on beyond the end of what holds it.
    #[error("cut off at byte {at}")]
    Truncated {
        /// Where it starts in the payload.
        at: usize,
    },
    /// No such kind of item.
    #[error("item of unknown kind {kind} at byte {at}")]
    UnknownItem {
        /// As written.
        kind: u8,
        /// Where.
        at: usize,
    },
    /// Items descend, or one comes twice.
    #[error("the item at byte {at} does not belong behind the one before it")]
    ItemOrder {
        /// Where.
        at: usize,
    },
    /// No such tag, or not in such an item.
    #[error("entry with unknown tag {tag} at byte {at}")]
    UnknownTag {
        /// As written.
        tag: u8,
        /// Where.
        at: usize,
    },
}

/// Material that the payload has no room or place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unencodable {
    /// A length does not fit its field.
    #[error("{length} bytes do not fit a length field of {field} bytes")]
    TooLong {
        /// In bytes.
        length: usize,
        /// The field's size, in bytes.
        field: usize,
    },
    /// Longer than what the chain keeps.
    #[error("a statement of {length} bytes is longer than the 1024 that are kept on chain")]
    LongStatement {
        /// In bytes.
        length: usize,
    },
    /// Attestations descend, or one set comes twice.
    #[error("the attestation of set {set} does not belong behind the one before it")]
    SetOrder {
        /// The later one.
        set: u8,
    },
}

impl Proof {
    /// Out of `r ‖ s ‖ v`, as [`crate::sign`] gives it.
    #[must_use]
    pub fn ecdsa(signature: [u8; 65]) -> Self {
        let (r, s, v) = ecdsa::parts(&signature);
        Self::Ecdsa { r, s, v }
    }
}

impl Material {
    /// Reads a payload. Its form is checked whole, before anybody looks at a signature.
    ///
    /// # Errors
    /// [`MalformedMaterial`], wherever it breaks the form.
    pub fn parse(payload: &[u8]) -> Result<Self, MalformedMaterial> {
        let mut material = Self::default();
        let mut reader = Reader::new(payload);
        while !reader.is_empty() {
            let at = reader.position();
            let kind = reader.u8()?;
            let length = reader.medium()?;
            let mut body = reader.part(length)?;
            match kind {
                APPROVALS => {
                    if material.approvals.is_some() || !material.attestations.is_empty() {
                        return Err(MalformedMaterial::ItemOrder { at });
                    }
                    material.approvals = Some(entries(&mut body, approval)?);
                }
                ATTESTATION => {
                    let item = attestation(&mut body)?;
                    if material.attestations.last().is_some_and(|before| before.set >= item.set) {
                        return Err(MalformedMaterial::ItemOrder { at });
                    }
                    material.attestations.push(item);
                }
                _ => return Err(MalformedMaterial::UnknownItem { kind, at }),
            }
        }
        Ok(material)
    }

    /// The payload: the one that [`Material::parse`] reads back.
    ///
    /// # Errors
    /// [`Unencodable`], as it tells.
    pub fn encode(&self) -> Result<Vec<u8>, Unencodable> {
        let mut payload = Vec::new();
        if let Some(approvals) = &self.approvals {
            let mut body = Vec::new();
            for entry in approvals {
                write_approval(&mut body, entry)?;
            }
            write_item(&mut payload, APPROVALS, &body)?;
        }
        let mut before = None;
        for item in &self.attestations {
            if before.is_some_and(|before| before >= item.set) {
                return Err(Unencodable::SetOrder { set: item.set });
            }
            before = Some(item.set);
            let mut body = vec![item.set];
            body.extend(item.deadline.to_be_bytes());
            body.extend(item.proposal);
            write_short(&mut body, &item.statement)?;
            write_proofs(&mut body, &item.proofs)?;
            write_item(&mut payload, ATTESTATION, &body)?;
        }
        Ok(payload)
    }
}

fn entries<T>(
    body: &mut Reader,
    read: impl Fn(&mut Reader) -> Result<T, MalformedMaterial>,
) -> Result<Vec<T>, MalformedMaterial> {
    let mut found = Vec::new();
    while !body.is_empty() {
        found.push(read(body)?);
    }
    Ok(found)
}

fn approval(body: &mut Reader) -> Result<ApprovalEntry, MalformedMaterial> {
    let at = body.position();
    match body.u8()? {
        ON_CHAIN => Ok(ApprovalEntry::OnChain { signer: body.array()?.into() }),
        tag => {
            known(tag, at)?;
            let deadline = body.u64()?;
            Ok(ApprovalEntry::Signed { deadline, proof: proof(body, tag, at)? })
        }
    }
}

fn attestation(body: &mut Reader) -> Result<AttestationItem, MalformedMaterial> {
    let set = body.u8()?;
    let deadline = body.u64()?;
    let proposal = body.array()?.into();
    let length = body.short()?;
    let statement = Bytes::copy_from_slice(body.take(length)?);
    let proofs = entries(body, |body| {
        let at = body.position();
        let tag = body.u8()?;
        proof(body, tag, at)
    })?;
    Ok(AttestationItem { set, deadline, proposal, statement, proofs })
}

const fn known(tag: u8, at: usize) -> Result<(), MalformedMaterial> {
    if tag == ECDSA || tag == CONTRACT { Ok(()) } else { Err(MalformedMaterial::UnknownTag { tag, at }) }
}

fn proof(body: &mut Reader, tag: u8, at: usize) -> Result<Proof, MalformedMaterial> {
    known(tag, at)?;
    if tag == ECDSA {
        return body.array().map(Proof::ecdsa);
    }
    let signer = body.array()?.into();
    let length = body.short()?;
    Ok(Proof::Contract { signer, signature: Bytes::copy_from_slice(body.take(length)?) })
}

fn write_approval(body: &mut Vec<u8>, entry: &ApprovalEntry) -> Result<(), Unencodable> {
    match entry {
        ApprovalEntry::Signed { deadline, proof } => write_proof(body, Some(*deadline), proof),
        ApprovalEntry::OnChain { signer } => {
            body.push(ON_CHAIN);
            body.extend(signer);
            Ok(())
        }
    }
}

pub(crate) fn write_proofs(body: &mut Vec<u8>, proofs: &[Proof]) -> Result<(), Unencodable> {
    proofs.iter().try_for_each(|proof| write_proof(body, None, proof))
}

pub(crate) fn write_proof(body: &mut Vec<u8>, deadline: Option<u64>, proof: &Proof) -> Result<(), Unencodable> {
    body.push(match proof {
        Proof::Ecdsa { .. } => ECDSA,
        Proof::Contract { .. } => CONTRACT,
    });
    body.extend(deadline.into_iter().flat_map(u64::to_be_bytes));
    match proof {
        Proof::Ecdsa { r, s, v } => {
            body.extend(r);
            body.extend(s);
            body.push(*v);
            Ok(())
        }
        Proof::Contract { signer, signature } => {
            body.extend(signer);
            write_short(body, signature)
        }
    }
}

pub(crate) fn write_short(body: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Unencodable> {
    let too_long = |_| Unencodable::TooLong { length: bytes.len(), field: 2 };
    body.extend(u16::try_from(bytes.len()).map_err(too_long)?.to_be_bytes());
    body.extend(bytes);
    Ok(())
}

pub(crate) fn write_item(payload: &mut Vec<u8>, kind: u8, body: &[u8]) -> Result<(), Unencodable> {
    let too_long = Unencodable::TooLong { length: body.len(), field: 3 };
    let [high, length @ ..] = u32::try_from(body.len()).map_err(|_| too_long)?.to_be_bytes();
    if high != 0 {
        return Err(too_long);
    }
    payload.push(kind);
    payload.extend(length);
    payload.extend(body);
    Ok(())
}
