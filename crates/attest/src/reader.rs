//! Reads bytes from the front.

use crate::MalformedMaterial;

pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// How many bytes of the payload were read.
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], MalformedMaterial> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(MalformedMaterial::Truncated { at: self.at })?;
        self.rest = rest;
        // A length that was in memory is not near the end of numbers.
        self.at = self.at.saturating_add(length);
        Ok(taken)
    }

    /// A reader of the next bytes alone, which counts on from here.
    pub(crate) fn part(&mut self, length: usize) -> Result<Self, MalformedMaterial> {
        let at = self.at;
        Ok(Self { rest: self.take(length)?, at })
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], MalformedMaterial> {
        let at = self.at;
        self.take(N)?.try_into().map_err(|_| MalformedMaterial::Truncated { at })
    }

    pub(crate) fn u8(&mut self) -> Result<u8, MalformedMaterial> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, MalformedMaterial> {
        self.array().map(u64::from_be_bytes)
    }

    /// A number of two bytes, as a length.
    pub(crate) fn short(&mut self) -> Result<usize, MalformedMaterial> {
        self.array().map(u16::from_be_bytes).map(usize::from)
    }

    /// A number of three bytes, as a length.
    pub(crate) fn medium(&mut self) -> Result<usize, MalformedMaterial> {
        let [a, b, c] = self.array()?;
        let at = self.at;
        // Not lossy: 24 bits fit wherever this runs.
        usize::try_from(u32::from_be_bytes([0, a, b, c])).map_err(|_| MalformedMaterial::Truncated { at })
    }
}
