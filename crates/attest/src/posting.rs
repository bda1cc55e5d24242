//! What is posted on chain for an opened module request, which carries no signatures itself.

use alloc::{vec, vec::Vec};

use alloy_primitives::B256;

use crate::material::{APPROVALS, write_item, write_proof, write_proofs, write_short};
use crate::{AttestationItem, Proof, Unencodable};

/// The kind of an attestation that says what effects it is about.
const POSTED_ATTESTATION: u8 = 3;
/// Bytes of the longest statement that is kept on chain.
const LONGEST_STATEMENT: usize = 1_024;

/// Material for the hook's `post`. Nothing of it is kept unless all of it verifies.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Posting {
    /// Signatures over [`crate::Binding::approval_digest`] and the last second at which each counts, by strictly
    /// ascending signer.
    pub approvals: Vec<(u64, Proof)>,
    /// By strictly ascending set, each with the hash of the effects that its attesters signed.
    pub attestations: Vec<(B256, AttestationItem)>,
}

impl Posting {
    /// The payload.
    ///
    /// # Errors
    /// [`Unencodable`], as it tells; also for a statement longer than 1,024 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, Unencodable> {
        let mut payload = Vec::new();
        if !self.approvals.is_empty() {
            let mut body = Vec::new();
            for (deadline, proof) in &self.approvals {
                write_proof(&mut body, Some(*deadline), proof)?;
            }
            write_item(&mut payload, APPROVALS, &body)?;
        }
        let mut before = None;
        for (effects, item) in &self.attestations {
            if before.is_some_and(|before| before >= item.set) {
                return Err(Unencodable::SetOrder { set: item.set });
            }
            before = Some(item.set);
            if item.statement.len() > LONGEST_STATEMENT {
                return Err(Unencodable::LongStatement { length: item.statement.len() });
            }
            let mut body = vec![item.set];
            body.extend(item.deadline.to_be_bytes());
            body.extend(effects);
            body.extend(item.proposal);
            write_short(&mut body, &item.statement)?;
            write_proofs(&mut body, &item.proofs)?;
            write_item(&mut payload, POSTED_ATTESTATION, &body)?;
        }
        Ok(payload)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, Bytes};

    use super::*;

    fn item(set: u8, statement: &'static [u8]) -> AttestationItem {
        let proofs = vec![Proof::Ecdsa { r: B256::repeat_byte(1), s: B256::repeat_byte(2), v: 27 }];
        let (deadline, proposal) = (7, B256::repeat_byte(4));
        AttestationItem { set, deadline, proposal, statement: Bytes::from_static(statement), proofs }
    }

    #[test]
    fn a_payload_is_what_the_page_tells() {
        let signer = Address::repeat_byte(9);
        let contract = Proof::Contract { signer, signature: Bytes::from_static(&[5, 6]) };
        let posting =
            Posting { approvals: vec![(8, contract)], attestations: vec![(B256::repeat_byte(3), item(1, &[0xaa]))] };
        let approvals = [&[1, 0, 0, 0, 0, 0, 0, 0, 8][..], signer.as_slice(), &[0, 2, 5, 6]].concat();
        let signature = [&[0][..], &[1; 32], &[2; 32], &[27]].concat();
        let attestation = [&[1, 0, 0, 0, 0, 0, 0, 0, 7][..], &[3; 32], &[4; 32], &[0, 1, 0xaa], &signature].concat();
        let expected = [&[1, 0, 0, 33][..], &approvals, &[3, 0, 0, 142], &attestation].concat();
        assert_eq!(posting.encode(), Ok(expected));
        assert_eq!(Posting::default().encode(), Ok(Vec::new()));
    }

    #[test]
    fn what_the_chain_would_refuse_is_not_written() {
        let of = |attestations: Vec<AttestationItem>| {
            let attestations = attestations.into_iter().map(|item| (B256::ZERO, item)).collect();
            Posting { attestations, ..Posting::default() }.encode()
        };
        assert_eq!(of(vec![item(1, &[]), item(1, &[])]), Err(Unencodable::SetOrder { set: 1 }));
        assert_eq!(of(vec![item(0, &[0; 1_025])]), Err(Unencodable::LongStatement { length: 1_025 }));
        assert!(of(vec![item(0, &[0; 1_024]), item(1, &[])]).is_ok());
    }
}
