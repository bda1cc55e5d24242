//! Known faults, planted to prove that parity on messages sees them.

use alloy_primitives::{Bytes, U256, hex};
use eyre::{Result, ensure};
use portcullis_attest::SignedMessage;
use portcullis_eval::{Asked, account_slot};

use super::MessageCase;
use crate::faults::ContractFault;
use crate::safes::Release;

/// A fault of the mirror: the case as an evaluator with it would see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageFault {
    /// A freeze stops nothing.
    NoFreeze,
    /// Domains are not looked at.
    AnyDomain,
    /// Types are not looked at.
    AnyType,
    /// Zero stands for itself.
    NoWildcards,
    /// Rules that deny allow.
    NoDenials,
    /// Every rule is trusted.
    AllTrusted,
    /// The threshold is all that is asked for.
    ThresholdAlone,
    /// Nobody is named.
    NobodyNamed,
    /// One of those named is enough.
    OneNamed,
    /// The older form is taken for the newer one.
    NoLegacy,
    /// What was signed on chain was not.
    NothingOnChain,
    /// Everything was signed on chain.
    AllOnChain,
    /// Whatever the threshold, one owner signs.
    NoThreshold,
    /// Contracts of Safes 1.5.0 are asked as before.
    OldQuestions,
    /// The last rule decides.
    LastRule,
    /// The envelope may be anybody's.
    AnyEnvelope,
}

impl MessageFault {
    /// Every fault.
    pub const ALL: [Self; 16] = [
        Self::NoFreeze,
        Self::AnyDomain,
        Self::AnyType,
        Self::NoWildcards,
        Self::NoDenials,
        Self::AllTrusted,
        Self::ThresholdAlone,
        Self::NobodyNamed,
        Self::OneNamed,
        Self::NoLegacy,
        Self::NothingOnChain,
        Self::AllOnChain,
        Self::NoThreshold,
        Self::OldQuestions,
        Self::LastRule,
        Self::AnyEnvelope,
    ];

    /// The case as an evaluator with this fault sees it.
    #[must_use]
    pub fn plant(self, case: &MessageCase) -> MessageCase {
        let mut seen = case.clone();
        let hash = super::signed_hash(case.case.account, &case.asked);
        match (self, &mut seen.case.safe) {
            (Self::NoFreeze, _) => {
                let word = seen.case.words.entry(account_slot(case.case.account, 0)).or_default();
                *word &= !(U256::ONE << 232_usize);
            }
            (Self::NoLegacy, _) => seen.asked = Asked::Digest(case.asked.digest()),
            (Self::NothingOnChain, Some(safe)) => safe.signed.clear(),
            (Self::AllOnChain, Some(safe)) => drop(safe.signed.insert(hash)),
            (Self::NoThreshold, Some(safe)) => safe.threshold = safe.threshold.min(1),
            (Self::OldQuestions, Some(safe)) if safe.release == Release::V150 => safe.release = Release::V141,
            (Self::AnyEnvelope, _) => {
                if let Some((rest, _)) = case.case.signed.signatures.split_last_chunk::<32>() {
                    let marked = [rest, portcullis_attest::MESSAGE_TYPEHASH.as_slice()].concat();
                    if SignedMessage::shown(&marked).is_some() {
                        seen.case.signed.signatures = marked.into();
                    }
                }
            }
            _ => seen.case.program = self.program(&case.case.program),
        }
        seen
    }

    fn program(self, program: &Bytes) -> Bytes {
        let mut bytes = program.to_vec();
        let table = bytes.get(28..31).map_or(0, |at| U256::from_be_slice(at).saturating_to::<usize>());
        let count = usize::from(bytes.get(31).copied().unwrap_or_default());
        let Some(records) = bytes.get_mut(table..table + 72 * count).filter(|_| table > 0) else {
            return program.clone();
        };
        if self == Self::LastRule {
            let turned: Vec<u8> = records.chunks_exact(72).rev().flatten().copied().collect();
            records.copy_from_slice(&turned);
        }
        for record in records.as_chunks_mut::<72>().0 {
            let is_any = |word: &[u8]| word.iter().all(|byte| *byte == 0);
            match self {
                Self::AnyDomain => record[..32].fill(0),
                Self::AnyType => record[32..64].fill(0),
                Self::NoWildcards if is_any(&record[..32]) => record[..32].fill(0xee),
                Self::NoDenials => record[64] |= 1,
                Self::AllTrusted if record[64] & 1 == 1 => record[64] |= 2,
                Self::ThresholdAlone => record[65] = 0,
                Self::NobodyNamed => record[66..70].fill(0),
                Self::OneNamed => record[69] = record[69].min(1),
                _ => {}
            }
        }
        bytes.into()
    }
}

/// Faults of the handler's compiled code.
pub const HANDLER_FAULTS: [ContractFault; 7] = [
    ContractFault {
        name: "envelopes are not known",
        from: &hex!("7fd6f137b7de4ec7307b9e231862987a848f3a2ca136715e05d5bfd2d4ee0b2ded"),
        to: &hex!("7fd6f137b7de4ec7307b9e231862987a848f3a2ca136715e05d5bfd2d4ee0b2dee"),
    },
    ContractFault {
        name: "messages are of another type",
        from: &hex!("7f60b3cbf8b4a223d68d641b3b6ddf9a298e7f33710cf3d3a9d1146b5a6150fbca"),
        to: &hex!("7f60b3cbf8b4a223d68d641b3b6ddf9a298e7f33710cf3d3a9d1146b5a6150fbcb"),
    },
    ContractFault {
        name: "accounts have another domain",
        from: &hex!("7f47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218"),
        to: &hex!("7f47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469219"),
    },
    ContractFault { name: "owners are asked for nothing", from: &hex!("6320c13b0b"), to: &hex!("6320c13b0c") },
    ContractFault { name: "what was signed on chain is not asked", from: &hex!("635ae6bd37"), to: &hex!("635ae6bd38") },
    ContractFault { name: "accounts have less gas", from: &hex!("620186a0"), to: &hex!("62000001") },
    ContractFault { name: "contracts have less gas", from: &hex!("620493e0"), to: &hex!("62000001") },
];

/// The handler's code with this fault.
///
/// # Errors
/// When the code has no such constant, so that the fault could not be planted.
pub fn plant(fault: &ContractFault, handler: &Bytes) -> Result<Bytes> {
    let mut code = handler.to_vec();
    ensure!(fault.patch(&mut code), "the compiled handler has no constant for `{}`", fault.name);
    Ok(code.into())
}
