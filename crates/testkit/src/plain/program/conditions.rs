//! The conditions of a body.

use super::*;

impl Code<'_> {
    /// All that stand in these bytes, `depth` groups deep.
    pub(super) fn conditions(&self, bytes: &[u8], depth: u32) -> Option<Vec<Condition>> {
        let mut rest = Reader(bytes);
        let mut all = Vec::new();
        while !rest.0.is_empty() {
            all.push(self.condition(&mut rest, depth)?);
        }
        Some(all)
    }

    fn condition(&self, rest: &mut Reader<'_>, depth: u32) -> Option<Condition> {
        let op = rest.byte()?;
        Some(match op {
            0x01 => Condition::Listed(Who::Origin, self.list(rest)?),
            0x02 => Condition::Listed(Who::Initiator, self.list(rest)?),
            0x03 => Condition::Listed(Who::Recipient, self.list(rest)?),
            0x04 => Condition::AtLeast(value(rest)?),
            0x05 => Condition::AtMost(value(rest)?),
            0x06 => Condition::RecipientHasCode,
            0x07 => Condition::Listed(Who::Target, self.list(rest)?),
            0x08 => Condition::Listed(Who::Asset, self.list(rest)?),
            0x09 => {
                let n = rest.number(1)?;
                Condition::Selectors((0..n).map(|_| rest.selector()).collect::<Option<_>>()?)
            }
            0x0a => Condition::Kinds(rest.byte()?),
            0x0b => {
                let (from, to) = (rest.number(3)?, rest.number(3)?);
                let sound = from <= 86_400 && to <= 86_400;
                sound.then_some(Condition::Time { from: u64::try_from(from).ok()?, to: u64::try_from(to).ok()? })?
            }
            0x0c => {
                let days = rest.byte()?;
                (1..=127).contains(&days).then_some(Condition::Days(days))?
            }
            0x0d => {
                let (offset, how, length) = (rest.number(2)?, rest.byte()?, rest.number(1)?);
                let mask = if length == 0 { U256::MAX } else { rest.value(length)? };
                let comparison = Comparison { how, value: value(rest)? };
                (how <= 5 && length <= 32).then_some(Condition::Word { offset, mask, comparison })?
            }
            0x0e => Condition::WordListed { offset: rest.number(2)?, list: self.list(rest)? },
            0x0f => {
                let (target, gas) = (rest.address()?, u64::try_from(rest.number(3)?).ok()?);
                let (words, index, how) = (rest.number(1)?, rest.number(1)?, rest.byte()?);
                let comparison = Comparison { how, value: value(rest)? };
                let length = rest.number(1)?;
                let data = rest.take(length)?.to_vec();
                let sound = (1..=8).contains(&words) && index < words && how <= 5 && length >= 4;
                sound.then_some(Condition::Call { target, gas, words, index, comparison, data })?
            }
            0x10 => {
                let index = rest.byte()?;
                (usize::from(index) < self.limits).then_some(Condition::Fits(index))?
            }
            0x11 => {
                let set = rest.byte()?;
                let index = rest.number(2)?;
                let ask = self.attesters(set)?;
                let rules = if let Ask::Attestation { rules, .. } = ask { rules } else { 0 };
                (depth == 0 && index < rules).then_some(Condition::Stated(ask, index))?
            }
            0x20..=0x22 => {
                let length = rest.number(2)?;
                let inside = rest.take(length)?;
                let inside = if depth < 8 { self.conditions(inside, depth + 1)? } else { return None };
                match op {
                    0x20 => Condition::Any(inside),
                    0x21 => Condition::All(inside),
                    _ => Condition::NotAll(inside),
                }
            }
            _ => return None,
        })
    }
}
