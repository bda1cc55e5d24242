//! Known faults, planted to prove that parity sees them.
//!
//! In the mirror a fault is what an evaluator with that fault would see: the case is changed for it alone, or what
//! surrounds it. In the contract it is a constant of the compiled code, replaced.

mod bytes;
mod contract;
mod limits;

use alloy_primitives::{Bytes, U256};
use portcullis_attest::{ApprovalEntry, Material, Proof, seal, split};
use portcullis_eval::{AccountState, MemoryState, Opening, account_slot, kept_slot};

use crate::case::Case;
use crate::coverage::openings;
use crate::safes::Release;
use crate::scan::{self, Found};
use crate::{signing, world};
use bytes::{bump, change};
pub use contract::{CONTRACT_FAULTS, ContractFault};
use limits::allowances_leave;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A fault of the mirror.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum MirrorFault {
            $($(#[$doc])* $name,)*
        }

        impl MirrorFault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

faults! {
    /// Its clock is a second fast.
    FastClock,
    /// A limit lets one base unit too many through.
    LooseCap,
    /// Everywhere limits meet only the rules that name them.
    NotEverywhere,
    /// An amount equal to the least one does not match.
    ExclusiveMinimum,
    /// An amount equal to the greatest one does not match.
    ExclusiveMaximum,
    /// Announcements live a second longer.
    LateExpiry,
    /// Delays are a second shorter.
    ShortDelay,
    /// Rules without a target are not found.
    NoWildcards,
    /// Module requests are taken for those of the owners.
    NoOrigin,
    /// The initiator is not looked at.
    AnyInitiator,
    /// Native value is not seen.
    NoValue,
    /// Usage in other units is taken as it stands.
    WrongUnit,
    /// Whatever is on chain counts as code.
    AnyoneHasCode,
    /// A static call that fails answers no.
    FailureIsNo,
    /// Of an answer that is too long the first word counts.
    LooseAnswers,
    /// The first match decides under any semantics.
    FirstMatchAlone,
    /// All rules must pass under any semantics but the first match.
    NoOverrides,
    /// Any of a group is taken for all of it.
    AnyIsAll,
    /// A denied group is taken as it stands.
    NotIsAll,
    /// At most is less, and at least is more.
    StrictComparisons,
    /// Masks are not applied.
    NoMask,
    /// Calldata is read from one byte further on.
    ShiftedWord,
    /// The end of a span of time belongs to it.
    InclusiveEnd,
    /// Weeks begin on Sunday.
    SundayFirst,
    /// Any kind of effect will do.
    AnyKind,
    /// Of an answer only the first word is read.
    FirstWord,
    /// Static calls are given one unit of gas less.
    LessGas,
    /// Registries are all asked the same.
    OneMethod,
    /// Whether a limit would still fit is not asked.
    NotWithin,
    /// A limit counts for the account as a whole, whatever its scope.
    OneScope,
    /// Counts are amounts.
    NoCounts,
    /// Every token is an ERC-20.
    AllErc20,
    /// ERC-1155 is ERC-721.
    NoErc1155,
    /// Permit2 is a contract like any other.
    NoPermit2,
    /// A freeze stops nothing.
    NoFreeze,
    /// One approval is enough.
    OneApproval,
    /// One attester is enough.
    OneAttester,
    /// Owner signatures beyond the threshold are not asked for.
    NoQuorum,
    /// One of the named signers is enough.
    OneSigner,
    /// The initiator's approval counts.
    InitiatorApproves,
    /// The approvals of owners who signed count.
    OwnersApprove,
    /// Nobody can deny.
    NoDenials,
    /// Signatures are good for any nonce: all are taken for those of the first.
    AnyNonce,
    /// The refund's terms are not signed.
    NoRefundTerms,
    /// The twin of a signature counts.
    Twins,
    /// Signatures of keys may end in 0 and 1.
    LooseEnds,
    /// Whatever the threshold, one owner signs.
    NoThreshold,
    /// Contracts of Safes 1.5.0 are asked as before.
    OldQuestions,
    /// `eth_sign` is not known.
    NoEthSign,
    /// Approvals on chain have no end.
    EndlessApprovals,
    /// The material is not looked for.
    NoEnvelope,
    /// Opened requests stay open.
    EndlessOpenings,
    /// An opened request is called like the next.
    NextSerial,
    /// What was posted of attesters has no end.
    EndlessAttestations,
    /// Statements are passed over.
    NoStatements,
    /// What is stated of one rule is taken for another's.
    OtherRule,
    /// What nobody stated is false.
    SilenceIsNo,
    /// What attesters say is not asked.
    AllTrue,
    /// A statement may be longer than it must.
    LongStatements,
    /// No rule allows a delegatecall.
    NoDelegatecalls,
    /// Guards are taken for where a manager holds the hook.
    NoManager,
    /// Limits meter nothing.
    NoMeters,
    /// Nothing leaves but what was declared.
    NothingBeyond,
    /// Allowances are taken for what left.
    AllowancesLeave,
}

impl MirrorFault {
    /// The case as an evaluator with this fault sees it.
    #[must_use]
    pub fn plant(self, case: &Case) -> Case {
        let mut seen = case.clone();
        let mut program = case.program.to_vec();
        match self {
            Self::FastClock => seen.now = seen.now.saturating_add(1),
            Self::NoOrigin => seen.origin = None,
            Self::AnyInitiator => seen.initiator = world::initiators().first().copied().unwrap_or_default(),
            Self::NoValue => seen.actions.iter_mut().for_each(|action| action.value = U256::ZERO),
            Self::NoPermit2 => {
                seen.actions.iter_mut().filter(|action| action.to == world::PERMIT2).for_each(|action| {
                    action.to = world::targets().first().copied().unwrap_or_default();
                })
            }
            Self::NoFreeze => {
                let word: &mut U256 = seen.words.entry(account_slot(case.account, 0)).or_default();
                *word &= !(U256::ONE << 232_usize);
            }
            Self::NoManager => {
                let word: &mut U256 = seen.words.entry(account_slot(case.account, 0)).or_default();
                if *word >> 224_usize & U256::from(0xff) == U256::from(3) {
                    *word ^= U256::ONE << 225_usize;
                }
            }
            Self::NoDenials => seen.words.retain(|_, word| *word != U256::ONE),
            Self::EndlessApprovals => {
                // Words as small as times are nothing else.
                let small = |word: &&mut U256| !word.is_zero() && **word < U256::from(case.now);
                seen.words.values_mut().filter(small).for_each(|word| *word = U256::from(u64::MAX));
            }
            Self::AnyNonce => seen.signed.nonce = U256::ZERO,
            Self::NoRefundTerms => seen.signed.base_gas = U256::ZERO,
            Self::NoThreshold | Self::OldQuestions => {
                if let Some(safe) = &mut seen.safe {
                    safe.threshold = if self == Self::NoThreshold { 1 } else { safe.threshold };
                    if self == Self::OldQuestions && safe.release == Release::V150 {
                        safe.release = Release::V141;
                    }
                }
            }
            Self::Twins
            | Self::LooseEnds
            | Self::NoEthSign
            | Self::NoEnvelope
            | Self::SilenceIsNo
            | Self::LongStatements => {
                seen.signed.signatures = self.signatures(&case.signed.signatures);
            }
            Self::EndlessOpenings | Self::NextSerial => self.opening(case, &mut seen),
            Self::EndlessAttestations | Self::NoStatements => self.kept(case, &mut seen),
            // What these see of the case is right; see `Surroundings`.
            Self::AnyoneHasCode | Self::FailureIsNo | Self::LooseAnswers => {}
            Self::NothingBeyond => seen.held.values_mut().for_each(|held| held.after = held.before),
            Self::AllowancesLeave => allowances_leave(case, &mut seen),
            Self::LooseCap
            | Self::NotEverywhere
            | Self::WrongUnit
            | Self::OneScope
            | Self::NoCounts
            | Self::NoMeters => {
                self.limits(&mut program);
            }
            _ => self.rules(&mut program),
        }
        seen.program = program.into();
        seen
    }

    fn opening(self, case: &Case, seen: &mut Case) {
        let Some((opening, _)) = opened(case) else { return };
        let Some(word) = seen.words.get_mut(&opening.slot) else { return };
        *word = match self {
            Self::NextSerial => *word + (U256::ONE << 40),
            _ => *word >> 40 << 40 | U256::from(case.now),
        };
    }

    fn kept(self, case: &Case, seen: &mut Case) {
        let Some((opening, epoch)) = opened(case) else { return };
        let Some(binding) = openings::binding(case, &opening, epoch) else { return };
        for set in 0..16 {
            let Some(word) = seen.words.get_mut(&kept_slot(&binding, set)) else { continue };
            *word = match self {
                Self::NoStatements => *word >> 16 << 16,
                _ => *word | U256::from(u64::MAX) << 16,
            };
        }
    }

    fn rules(self, program: &mut [u8]) {
        let bodies = scan::bodies(program);
        match self {
            Self::LateExpiry => bump(program, 9..13, true),
            // The nibble of kind 6.
            Self::NoDelegatecalls => change(program, 4, |nibbles| nibbles & 0xf0),
            Self::NoWildcards => (4..8).for_each(|at| change(program, at, |nibbles| nibbles & 0x33)),
            Self::FirstMatchAlone => change(program, 2, |_| 0),
            Self::NoOverrides => change(program, 2, |semantics| semantics.min(1)),
            Self::AllErc20 | Self::NoErc1155 => {
                let most = if self == Self::AllErc20 { 1 } else { 2 };
                for (_, at) in scan::standards(program).into_values() {
                    change(program, at, |standard| standard.min(most));
                }
            }
            Self::OneAttester => {
                let number = |at: usize, n: usize| {
                    program.get(at..at + n).map_or(0, |bytes| U256::from_be_slice(bytes).saturating_to::<usize>())
                };
                let (sets, table) = (number(21, 1), number(22, 3));
                (0..sets).for_each(|set| change(program, table + 6 * set + 3, |m| m.min(1)));
            }
            Self::OneApproval | Self::OneSigner | Self::NoQuorum | Self::InitiatorApproves | Self::OwnersApprove => {
                bodies.values().flat_map(|body| &body.asks).for_each(|at| self.ask(program, *at));
            }
            Self::ShortDelay => {
                for body in bodies.values() {
                    bump(program, body.at + 2..body.at + 6, false);
                }
            }
            _ => bodies.values().flat_map(|body| &body.conditions).for_each(|found| self.condition(program, found)),
        }
    }

    fn ask(self, program: &mut [u8], at: usize) {
        match (self, program.get(at)) {
            (Self::OneApproval, Some(1)) | (Self::OneSigner, Some(3)) => change(program, at + 4, |_| 1),
            (Self::NoQuorum, Some(2)) => change(program, at + 1, |_| 1),
            (Self::InitiatorApproves, Some(1)) => change(program, at + 5, |flags| flags | 1),
            (Self::OwnersApprove, Some(1)) => change(program, at + 5, |flags| flags | 2),
            _ => {}
        }
    }

    /// The signatures as they seem.
    fn signatures(self, signatures: &Bytes) -> Bytes {
        let Ok(parts) = split(signatures) else { return signatures.clone() };
        if self == Self::NoEnvelope {
            return Bytes::copy_from_slice(parts.owners);
        }
        let mut owners = parts.owners.to_vec();
        if self == Self::NoEthSign {
            owners.chunks_exact_mut(65).filter_map(|part| part.last_mut()).filter(|v| **v > 30).for_each(|v| *v = 2);
        }
        let Some(payload) = parts.payload else { return owners.into() };
        let Ok(mut material) = Material::parse(payload) else { return signatures.clone() };
        for item in &mut material.attestations {
            let mut bytes = item.statement.to_vec();
            match self {
                Self::SilenceIsNo => bytes.iter_mut().for_each(|byte| *byte |= !(*byte | *byte >> 1) & 0x55),
                Self::LongStatements => bytes.truncate(bytes.len().saturating_sub(1)),
                _ => {}
            }
            item.statement = bytes.into();
        }
        let approvals = material.approvals.iter_mut().flatten().filter_map(|entry| match entry {
            ApprovalEntry::Signed { proof, .. } => Some(proof),
            ApprovalEntry::OnChain { .. } => None,
        });
        let attestations = material.attestations.iter_mut().flat_map(|item| &mut item.proofs);
        for proof in approvals.chain(attestations) {
            let Proof::Ecdsa { s, v, .. } = proof else { continue };
            if self == Self::LooseEnds && *v < 2 {
                *v += 27;
            }
            let low = signing::ORDER.saturating_sub(U256::from_be_bytes(s.0));
            if self == Self::Twins && low < U256::from_be_bytes(s.0) && (27..29).contains(v) {
                (*s, *v) = (low.into(), 55 - *v);
            }
        }
        material.encode().map_or_else(|_| signatures.clone(), |payload| seal(&owners, &payload).into())
    }

    fn condition(self, program: &mut [u8], found: &Found) {
        let at = found.at;
        match (self, found.op) {
            (Self::ExclusiveMinimum, 0x04) => bump(program, found.value.clone(), true),
            (Self::ExclusiveMaximum, 0x05) => bump(program, found.value.clone(), false),
            (Self::AnyIsAll, 0x20) | (Self::NotIsAll, 0x22) => change(program, at, |_| 0x21),
            (Self::StrictComparisons, 0x0d | 0x0f) => {
                let at = if found.op == 0x0d { at + 3 } else { at + 26 };
                change(program, at, |cmp| if cmp == 3 || cmp == 5 { cmp - 1 } else { cmp });
            }
            (Self::NoMask, 0x0d) => {
                let length = usize::from(program.get(at + 4).copied().unwrap_or_default());
                (at + 5..at + 5 + length).for_each(|at| change(program, at, |_| 0xff));
            }
            (Self::ShiftedWord, 0x0d | 0x0e) => bump(program, at + 1..at + 3, true),
            (Self::InclusiveEnd, 0x0b) => bump(program, at + 4..at + 7, true),
            (Self::SundayFirst, 0x0c) => change(program, at + 1, |days| (days >> 1 | days << 6) & 0x7f),
            (Self::AnyKind, 0x0a) => change(program, at + 1, |_| 0xff),
            (Self::FirstWord, 0x0f) => change(program, at + 25, |_| 0),
            (Self::LessGas, 0x0f) => bump(program, at + 21..at + 24, false),
            (Self::OneMethod, _) => {
                if let Some(list) = found.list.filter(|list| program.get(list + 2) == Some(&255)) {
                    (list + 23..list + 27).for_each(|at| change(program, at, |_| 0));
                }
            }
            (Self::OtherRule, 0x11) => bump(program, at + 2..at + 4, false),
            // Any kind of effect, in as many bytes.
            (Self::AllTrue, 0x11) => {
                (at..at + 4).for_each(|at| change(program, at, |_| 0xff));
                (at..at + 4).step_by(2).for_each(|at| change(program, at, |_| 0x0a));
            }
            (Self::NotWithin, 0x10) => {
                change(program, at, |_| 0x0a);
                change(program, at + 1, |_| 0xff);
            }
            _ => {}
        }
    }
}

/// The opening of a module request, and the epoch.
fn opened(case: &Case) -> Option<(Opening, u32)> {
    let state = MemoryState { words: case.words.clone(), ..MemoryState::default() };
    let epoch = AccountState::read(case.account, &state).ok()?.epoch;
    let expiry = case.program.get(9..13).map(U256::from_be_slice)?;
    let opening = Opening::read(&state, &case.request(), case.origin?, epoch, expiry.saturating_to(), case.now);
    opening.ok().map(|opening| (opening, epoch))
}
