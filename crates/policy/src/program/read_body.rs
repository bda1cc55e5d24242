//! A body's obligations and conditions as written.

use alloy_primitives::{Address, Bytes, U256};

use super::{
    Malformed, body,
    bounds::DATA_BYTES,
    condition::{Attribute, Call, Condition, List, MAX_DEPTH, Within},
    read::{self, Cursor, RawAsked, RawLimit},
};
use crate::Comparison;

/// What conditions refer to.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) program: &'a [u8],
    pub(crate) limits: &'a [RawLimit],
}

impl Context<'_> {
    /// Every condition up to the end, with those of groups.
    pub(crate) fn conditions(self, mut body: Cursor<'_>, depth: usize) -> Result<Vec<Condition>, Malformed> {
        let mut conditions = Vec::new();
        while !body.is_empty() {
            conditions.push(self.condition(&mut body, depth)?);
        }
        Ok(conditions)
    }

    /// Everything that is asked for.
    pub(crate) fn asked(self, mut body: Cursor<'_>) -> Result<Vec<RawAsked>, Malformed> {
        let mut asked = Vec::new();
        while !body.is_empty() {
            let malformed = Malformed::Body { at: body.at() };
            let [op] = body.array()?;
            asked.push(match op {
                body::APPROVALS => RawAsked::Approvals {
                    list: self.list(&mut body)?,
                    at_least: byte(&mut body)?,
                    flags: byte(&mut body)?,
                },
                body::SIGNATURES => RawAsked::Signatures(byte(&mut body)?),
                body::SIGNERS => RawAsked::Signers(self.list(&mut body)?, byte(&mut body)?),
                body::ATTESTATION => RawAsked::Attestation(byte(&mut body)?),
                body::NOTIFY => {
                    let word = body.array::<32>()?;
                    let name = word.split(|byte| *byte == 0).next().unwrap_or_default();
                    RawAsked::Notify(str::from_utf8(name).map_err(|_| malformed)?.to_owned())
                }
                _ => return Err(malformed),
            });
        }
        Ok(asked)
    }

    fn condition(self, body: &mut Cursor<'_>, depth: usize) -> Result<Condition, Malformed> {
        let at = body.at();
        let malformed = Malformed::Body { at };
        let [op] = body.array()?;
        if let Some(attribute) = Attribute::ALL.into_iter().find(|attribute| attribute.op() == op) {
            return Ok(Condition::Member(attribute, self.list(body)?));
        }
        Ok(match op {
            0x04 => Condition::AtLeast(value(body)?),
            0x05 => Condition::AtMost(value(body)?),
            0x06 => Condition::IsContract,
            0x09 => {
                let count = body.size::<1>()?;
                Condition::Selectors((0..count).map(|_| body.array()).collect::<Result<_, _>>()?)
            }
            0x0a => Condition::Kinds(byte(body)?),
            0x0b => Condition::Time { from: body.number::<3>()?, to: body.number::<3>()? },
            0x0c => Condition::Days(byte(body)?),
            0x0d => {
                let (offset, comparison) = (offset(body)?, comparison(body)?);
                let mask = match body.size::<1>()? {
                    0 => U256::MAX,
                    length => number(body, length)?,
                };
                Condition::Word { offset, comparison, mask, value: value(body)? }
            }
            0x0e => {
                let offset = offset(body)?;
                Condition::WordIn(offset, self.list(body)?)
            }
            0x0f => {
                let target = Address::from(body.array::<20>()?);
                let (gas, words, index) = (body.number::<3>()?, byte(body)?, byte(body)?);
                let (comparison, value) = (comparison(body)?, value(body)?);
                let length = Some(body.size::<1>()?).filter(|length| DATA_BYTES.contains(length));
                let data = Bytes::copy_from_slice(body.take(length.ok_or(malformed)?)?);
                Condition::StaticCall(Box::new(Call { target, gas, words, index, comparison, value, data }))
            }
            0x10 => {
                let limit = byte(body)?;
                let raw = self.limits.get(usize::from(limit)).ok_or(malformed)?;
                Condition::Within(Within { limit, asset: raw.asset, per_recipient: raw.scope == 1 })
            }
            0x11 if depth == 0 => {
                let set = byte(body)?;
                Condition::Attested { set, index: offset(body)? }
            }
            body::ANY | body::ALL | body::NOT if depth < MAX_DEPTH => {
                let length = body.size::<2>()?;
                let inner = self.conditions(body.part(length)?, depth.saturating_add(1))?;
                match op {
                    body::ANY => Condition::Any(inner),
                    body::ALL => Condition::All(inner),
                    _ => Condition::Not(inner),
                }
            }
            _ => return Err(malformed),
        })
    }

    fn list(self, body: &mut Cursor<'_>) -> Result<List, Malformed> {
        read::list(self.program, body.size::<3>()?)
    }
}

fn byte(body: &mut Cursor<'_>) -> Result<u8, Malformed> {
    let [byte] = body.array()?;
    Ok(byte)
}

fn offset(body: &mut Cursor<'_>) -> Result<u16, Malformed> {
    Ok(u16::from_be_bytes(body.array()?))
}

fn comparison(body: &mut Cursor<'_>) -> Result<Comparison, Malformed> {
    let at = body.at();
    Comparison::ALL.get(body.size::<1>()?).copied().ok_or(Malformed::Body { at })
}

fn value(body: &mut Cursor<'_>) -> Result<U256, Malformed> {
    let length = body.size::<1>()?;
    number(body, length)
}

fn number(body: &mut Cursor<'_>, length: usize) -> Result<U256, Malformed> {
    let at = body.at();
    U256::try_from_be_slice(body.take(length)?).ok_or(Malformed::Body { at })
}
