//! Known faults, planted to prove that parity sees them.
//!
//! In the mirror a fault is what an evaluator with that fault would see: the case is changed for it alone. In the
//! contract it is a constant of the compiled code, replaced.

use alloy_primitives::{U256, hex};
use eyre::{Result, eyre};

use crate::case::Case;
use crate::hook::HookCode;

/// A fault of the mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorFault {
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
}

impl MirrorFault {
    /// Every fault.
    pub const ALL: [Self; 15] = [
        Self::FastClock,
        Self::LooseCap,
        Self::NotEverywhere,
        Self::ExclusiveMinimum,
        Self::ExclusiveMaximum,
        Self::LateExpiry,
        Self::ShortDelay,
        Self::NoWildcards,
        Self::NoOrigin,
        Self::AnyInitiator,
        Self::NoValue,
        Self::WrongUnit,
        Self::AnyoneHasCode,
        Self::FailureIsNo,
        Self::LooseAnswers,
    ];

    /// The case as an evaluator with this fault sees it.
    #[must_use]
    pub fn plant(self, case: &Case) -> Case {
        let mut seen = case.clone();
        let mut program = case.program.to_vec();
        match self {
            Self::FastClock => seen.now = seen.now.saturating_add(1),
            Self::LooseCap => {
                for limit in limits(&mut program) {
                    if let Some(cap) = limit.get_mut(32..56) {
                        bump(cap, true);
                    }
                }
            }
            Self::NotEverywhere => {
                for limit in limits(&mut program) {
                    if let Some(flags) = limit.get_mut(57) {
                        *flags = 0;
                    }
                }
            }
            Self::ExclusiveMinimum => bounds(&mut program, 4, true),
            Self::ExclusiveMaximum => bounds(&mut program, 5, false),
            Self::LateExpiry => {
                if let Some(expiry) = program.get_mut(9..13) {
                    bump(expiry, true);
                }
            }
            Self::ShortDelay => {
                for (offset, _) in bodies(&program) {
                    if let Some(delay) = program.get_mut(offset + 2..offset + 6)
                        && delay.iter().any(|byte| *byte != 0)
                    {
                        bump(delay, false);
                    }
                }
            }
            Self::NoWildcards => {
                if let Some(classes) = program.get_mut(4..8) {
                    classes.iter_mut().for_each(|nibbles| *nibbles &= 0x33);
                }
            }
            Self::NoOrigin => seen.origin = None,
            Self::AnyInitiator => seen.initiator = crate::world::initiators().first().copied().unwrap_or_default(),
            Self::NoValue => seen.actions.iter_mut().for_each(|action| action.value = U256::ZERO),
            // What these see of the case is right; see `Surroundings`.
            Self::AnyoneHasCode | Self::FailureIsNo | Self::LooseAnswers => {}
            Self::WrongUnit => {
                for limit in limits(&mut program) {
                    // The unit exponent is between the lane seconds and the zero byte.
                    if let Some(exponent) = limit.get_mut(62)
                        && *exponent > 0
                    {
                        *exponent -= 1;
                    }
                }
            }
        }
        seen.program = program.into();
        seen
    }
}

/// Adds or takes one; nothing beyond the ends.
fn bump(number: &mut [u8], up: bool) {
    let (end, start) = if up { (0xff, 0) } else { (0, 0xff) };
    if number.iter().all(|byte| *byte == end) {
        return;
    }
    for byte in number.iter_mut().rev() {
        if *byte != end {
            *byte = if up { byte.wrapping_add(1) } else { byte.wrapping_sub(1) };
            return;
        }
        *byte = start;
    }
}

fn limits(program: &mut [u8]) -> impl Iterator<Item = &mut [u8]> {
    let count = usize::from(program.get(8).copied().unwrap_or_default()).min(32);
    program.get_mut(64..).unwrap_or_default().chunks_exact_mut(84).take(count)
}

/// Offset and length of every body that an entry points to.
pub(crate) fn bodies(program: &[u8]) -> Vec<(usize, usize)> {
    let number = |range: std::ops::Range<usize>| {
        program.get(range).map_or(0, |bytes| U256::from_be_slice(bytes).saturating_to::<usize>())
    };
    let bits = number(3..4).min(15);
    let directory = 64 + 84 * number(8..9).min(32);
    let (start, end) =
        (directory + 3 * ((1 << bits) + 1), number(directory + (3 << bits)..directory + (3 << bits) + 3));
    let mut bodies: Vec<_> = (start..end.min(program.len()))
        .step_by(32)
        .filter(|at| program.get(*at).is_some_and(|kind| kind & 0x0f != 0))
        .map(|at| (number(at + 27..at + 30), number(at + 30..at + 32)))
        .collect();
    bodies.sort_unstable();
    bodies.dedup();
    bodies
}

/// Moves the bounds of the conditions with this opcode by one.
fn bounds(program: &mut [u8], wanted: u8, up: bool) {
    for (offset, length) in bodies(program) {
        let n = usize::from(program.get(offset + 1).copied().unwrap_or_default());
        let mut at = offset + 6 + n;
        while at < offset + length {
            match program.get(at).copied() {
                Some(1..=3) => at += 4,
                Some(op @ 4..=5) => {
                    let size = usize::from(program.get(at + 1).copied().unwrap_or_default());
                    if op == wanted
                        && let Some(value) = program.get_mut(at + 2..at + 2 + size)
                    {
                        bump(value, up);
                    }
                    at += 2 + size;
                }
                _ => break,
            }
        }
    }
}

/// A fault of the contract: a pushed constant, replaced wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractFault {
    /// What is wrong.
    pub name: &'static str,
    from: &'static [u8],
    to: &'static [u8],
}

/// Every fault of the contract.
pub const CONTRACT_FAULTS: [ContractFault; 8] = [
    ContractFault { name: "days are a second longer", from: &hex!("62015180"), to: &hex!("62015181") },
    ContractFault { name: "changes expire a second later", from: &hex!("62127500"), to: &hex!("62127501") },
    ContractFault { name: "lanes hold half", from: &hex!("627fffff"), to: &hex!("623fffff") },
    ContractFault { name: "transferFrom is not known", from: &hex!("6323b872dd"), to: &hex!("6323b872de") },
    ContractFault { name: "setModuleGuard is not known", from: &hex!("63e068df37"), to: &hex!("63e068df38") },
    ContractFault { name: "a batch selector is not known", from: &hex!("638d80ff0a"), to: &hex!("638d80ff0b") },
    ContractFault {
        name: "MultiSendCallOnly 1.4.1 is not known",
        from: &hex!("7fecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939"),
        to: &hex!("7fecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9938"),
    },
    ContractFault {
        name: "MultiSend 1.5.0 is not known",
        from: &hex!("7fca1147a12963172a93910c5cb2bfa5ad0e941c7f03fc7eb017dd06a8ea4e5604"),
        to: &hex!("7fca1147a12963172a93910c5cb2bfa5ad0e941c7f03fc7eb017dd06a8ea4e5605"),
    },
];

impl ContractFault {
    /// The code with this fault.
    ///
    /// # Errors
    /// When the code has no such constant, so that the fault could not be planted.
    pub fn plant(&self, code: &HookCode) -> Result<HookCode> {
        let mut faulty = code.clone();
        let libraries = faulty.libraries.iter_mut().map(|(_, code)| code);
        let mut planted = false;
        for code in libraries.chain([&mut faulty.hook]) {
            let mut bytes = code.to_vec();
            planted |= self.patch(&mut bytes);
            *code = bytes.into();
        }
        if planted { Ok(faulty) } else { Err(eyre!("the compiled hook has no constant for `{}`", self.name)) }
    }

    fn patch(&self, code: &mut [u8]) -> bool {
        let mut planted = false;
        let mut at = 0;
        // Instruction by instruction, so that no data of another push is taken for one.
        while let Some(op) = code.get(at).copied() {
            if let Some(found) = code.get_mut(at..at + self.from.len())
                && found == self.from
            {
                found.copy_from_slice(self.to);
                planted = true;
            }
            at += if (0x60..=0x7f).contains(&op) { usize::from(op) - 0x5e } else { 1 };
        }
        planted
    }
}
