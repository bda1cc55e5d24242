//! What an attester set says of each effect and hybrid rule.

use alloc::{vec, vec::Vec};

/// What is said of one hybrid rule's off-chain conditions for one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// Nothing is said.
    Absent,
    /// They do not hold.
    False,
    /// They hold.
    True,
}

/// Two bits for each effect and hybrid rule of the set: effect by effect, rules in program order, the most
/// significant bits first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    effects: usize,
    rules: usize,
    bytes: Vec<u8>,
}

/// Why bytes are not a statement, or a place not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// More effects and rules than any statement has room for.
    #[error("{effects} effects and {rules} rules do not fit a statement")]
    TooLong {
        /// Effects of the request.
        effects: usize,
        /// Hybrid rules of the set.
        rules: usize,
    },
    /// Not as long as the effects and rules ask for.
    #[error("the statement has {have} bytes instead of {need}")]
    Length {
        /// In bytes.
        have: usize,
        /// In bytes.
        need: usize,
    },
    /// Both bits are set, which says nothing.
    #[error("effect {effect} and rule {rule} are neither true, false nor absent")]
    Neither {
        /// The effect's index.
        effect: usize,
        /// The rule's index among the hybrid rules of the set.
        rule: usize,
    },
    /// Bits behind the last pair are set.
    #[error("spare bits are set")]
    SpareBits,
    /// There is no such effect or rule.
    #[error("the statement has no effect {effect} and rule {rule}")]
    OutOfRange {
        /// The effect's index.
        effect: usize,
        /// The rule's index among the hybrid rules of the set.
        rule: usize,
    },
}

impl Statement {
    /// The longest, in bytes: what its length field can tell.
    pub const MAX_BYTES: usize = 0xffff;

    /// Says nothing yet.
    ///
    /// # Errors
    /// [`StatementError::TooLong`] beyond [`Statement::MAX_BYTES`].
    pub fn new(effects: usize, rules: usize) -> Result<Self, StatementError> {
        Ok(Self { effects, rules, bytes: vec![0; length(effects, rules)?] })
    }

    /// Reads a statement, whole: a pair that says nothing makes all of it an error.
    ///
    /// # Errors
    /// [`StatementError`], as it tells.
    pub fn parse(bytes: &[u8], effects: usize, rules: usize) -> Result<Self, StatementError> {
        let need = length(effects, rules)?;
        if bytes.len() != need {
            return Err(StatementError::Length { have: bytes.len(), need });
        }
        let statement = Self { effects, rules, bytes: bytes.to_vec() };
        if need == 0 {
            return Ok(statement);
        }
        let mut canonical = Self::new(effects, rules)?;
        for effect in 0..effects {
            for rule in 0..rules {
                canonical.set(effect, rule, statement.get(effect, rule)?)?;
            }
        }
        if canonical != statement {
            return Err(StatementError::SpareBits);
        }
        Ok(statement)
    }

    /// The bytes that attesters sign.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is said of an effect and a rule, each by its index from 0.
    ///
    /// # Errors
    /// [`StatementError::OutOfRange`], and [`StatementError::Neither`] while parsing.
    pub fn get(&self, effect: usize, rule: usize) -> Result<Truth, StatementError> {
        let (byte, shift) = self.place(effect, rule)?;
        let bits = self.bytes.get(byte).ok_or(StatementError::OutOfRange { effect, rule })?;
        match (bits >> shift) & 3 {
            0 => Ok(Truth::Absent),
            1 => Ok(Truth::False),
            2 => Ok(Truth::True),
            _ => Err(StatementError::Neither { effect, rule }),
        }
    }

    /// Says it, whatever was said before.
    ///
    /// # Errors
    /// [`StatementError::OutOfRange`].
    pub fn set(&mut self, effect: usize, rule: usize, truth: Truth) -> Result<(), StatementError> {
        let (byte, shift) = self.place(effect, rule)?;
        let bits = self.bytes.get_mut(byte).ok_or(StatementError::OutOfRange { effect, rule })?;
        let pair = match truth {
            Truth::Absent => 0,
            Truth::False => 1,
            Truth::True => 2_u8,
        };
        *bits = *bits & !(3 << shift) | pair << shift;
        Ok(())
    }

    /// The byte of a pair, and how far from its low end.
    fn place(&self, effect: usize, rule: usize) -> Result<(usize, u8), StatementError> {
        let out = StatementError::OutOfRange { effect, rule };
        if effect >= self.effects || rule >= self.rules {
            return Err(out);
        }
        let pair = effect.checked_mul(self.rules).and_then(|pair| pair.checked_add(rule)).ok_or(out)?;
        let shift = match pair & 3 {
            0 => 6,
            1 => 4,
            2 => 2,
            _ => 0,
        };
        Ok((pair >> 2, shift))
    }
}

/// `⌈2 · effects · rules / 8⌉`.
fn length(effects: usize, rules: usize) -> Result<usize, StatementError> {
    let pairs = effects.checked_mul(rules);
    let bytes = pairs.map(|pairs| pairs.div_ceil(4)).filter(|bytes| *bytes <= Statement::MAX_BYTES);
    bytes.ok_or(StatementError::TooLong { effects, rules })
}
