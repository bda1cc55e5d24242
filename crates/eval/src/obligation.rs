//! What rules ask for besides conditions, limits and delay, `docs/program.md` §1 and §8.

use alloc::vec::Vec;

use alloy_primitives::B256;

use crate::operand::Operands;
use crate::program::{Malformed, Program};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Approvals by members of a group.
    Approvals {
        /// Where the group's list is in the program.
        list: u32,
        /// Whether the initiator counts.
        initiator: bool,
        /// Whether owners who signed count.
        owners: bool,
    },
    /// Signatures of owners.
    Signatures,
    /// Signatures of owners who are on a list.
    Signers {
        /// Where the list is in the program.
        list: u32,
    },
    /// An attestation by members of an attester set.
    Attestation {
        /// The set's number.
        set: u8,
    },
}

/// An obligation, as all deciding rules of a request join it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// What is asked for.
    pub ask: Ask,
    /// How many are asked for; for owner signatures the account's threshold may be higher.
    pub need: u8,
    /// How many there are; none where it was not counted, since the verdict came before.
    pub have: Option<u64>,
    /// The rule that first asked for so many.
    pub rule: u16,
    /// The index of the effect for which it did.
    pub effect: u32,
}

/// A channel that is told of an allowed request, by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its ASCII name, zero-padded on the right.
    pub channel: B256,
    /// The first rule that names it.
    pub rule: u16,
}

impl Ask {
    /// Whether material is looked at for it.
    pub(crate) const fn is_for_material(self) -> bool {
        matches!(self, Self::Approvals { .. } | Self::Attestation { .. })
    }

    /// Whether the owner signatures are read for it. A module's request has no signers whose approvals would not count.
    pub(crate) const fn is_for_owners(self, by_module: bool) -> bool {
        match self {
            Self::Signatures | Self::Signers { .. } => true,
            Self::Approvals { owners, .. } => !owners && !by_module,
            Self::Attestation { .. } => false,
        }
    }

    /// Joins the same thing asked for again; false for another thing.
    pub(crate) fn join(&mut self, other: Self) -> bool {
        match (self, other) {
            (
                Self::Approvals { list, initiator, owners },
                Self::Approvals { list: same, initiator: too, owners: also },
            ) => {
                if *list != same {
                    return false;
                }
                *initiator &= too;
                *owners &= also;
                true
            }
            (one, other) => *one == other,
        }
    }
}

/// The obligations of a request so far, in the order in which they were first asked for.
#[derive(Debug, Default)]
pub(crate) struct Obligations {
    pub(crate) all: Vec<Obligation>,
    pub(crate) notices: Vec<Notice>,
}

impl Obligations {
    /// Joins what a deciding rule asks for.
    pub(crate) fn join(
        &mut self,
        program: &Program<'_>,
        obligations: &[u8],
        rule: u16,
        effect: u32,
    ) -> Result<(), Malformed> {
        let mut operands = Operands(obligations);
        while let Some(op) = operands.op() {
            let (ask, need) = match op {
                0x01 => {
                    let (list, need, flags) = (operands.offset()?, operands.byte()?, operands.byte()?);
                    if flags > 3 {
                        return Err(Malformed);
                    }
                    (Ask::Approvals { list, initiator: flags & 1 == 1, owners: flags & 2 == 2 }, need)
                }
                0x02 => (Ask::Signatures, operands.byte()?),
                0x03 => (Ask::Signers { list: operands.offset()? }, operands.byte()?),
                0x04 => {
                    let set = operands.byte()?;
                    (Ask::Attestation { set }, program.attesters(set)?.need)
                }
                0x05 => {
                    let channel = operands.word()?;
                    if self.notices.iter().all(|notice| notice.channel != channel) {
                        self.notices.push(Notice { channel, rule });
                    }
                    continue;
                }
                _ => return Err(Malformed),
            };
            if need == 0 {
                return Err(Malformed);
            }
            self.add(ask, need, rule, effect);
        }
        Ok(())
    }

    /// Joins one thing that is asked for.
    pub(crate) fn add(&mut self, ask: Ask, need: u8, rule: u16, effect: u32) {
        match self.all.iter_mut().find_map(|one| one.ask.join(ask).then_some(one)) {
            Some(one) if one.need >= need => {}
            Some(one) => (one.need, one.rule, one.effect) = (need, rule, effect),
            None => self.all.push(Obligation { ask, need, have: None, rule, effect }),
        }
    }
}
