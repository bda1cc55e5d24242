//! The owner signatures.

use super::*;

impl<W: World> Walk<'_, W> {
    /// What the account answers.
    pub(super) fn account_says(&self, signature: &str, words: &[U256]) -> Option<Vec<u8>> {
        let mut data = keccak256(signature).get(..4)?.to_vec();
        data.extend(words.iter().flat_map(|word| word.to_be_bytes::<32>()));
        self.world.static_call(self.case.account, &data, 100_000)
    }

    pub(in crate::plain) fn account_number(&self, signature: &str, words: &[U256]) -> Option<U256> {
        self.account_says(signature, words)
            .filter(|answer| answer.len() == 32)
            .map(|answer| U256::from_be_slice(&answer))
    }

    /// The owners who signed, if anybody asks for them.
    pub(in crate::plain) fn owners(&self, name: Option<&Name>, signatures: &[u8]) -> Result<Vec<Address>, Stop> {
        let rank = |one: &&Joined| match one.ask {
            Ask::Signatures(_) => Some(0),
            Ask::Signers { .. } => Some(1),
            Ask::Approvals { flags, .. } if flags & 2 == 0 && self.case.origin.is_none() => Some(2),
            _ => None,
        };
        let asking = self.asked.iter().filter(|one| rank(one).is_some()).min_by_key(rank);
        let Some(one) = asking else { return Ok(Vec::new()) };
        let asked = if let Ask::Signatures(_) = one.ask { one.need } else { 0 };
        let bad = by(BAD_OWNER_SIGNATURES, one);
        let version = self.account_says("VERSION()", &[]).ok_or(bad.have(U256::MAX))?;
        let is =
            |number: &str| version == [U256::from(32).to_be_bytes::<32>().to_vec(), tail(number.as_bytes())].concat();
        let by_hash = is("1.5.0");
        if !by_hash && !is("1.3.0") && !is("1.4.1") {
            return Err(bad.have(U256::MAX));
        }
        let threshold = self.account_number("getThreshold()", &[]).ok_or(bad.have(U256::MAX))?;
        let need = threshold.max(U256::from(asked));
        if U256::from(signatures.len() / 65) < need {
            return Err(by(TOO_FEW_SIGNATURES, one).have(U256::from(signatures.len() / 65)).need(need));
        }
        // No more than there are bytes.
        let need: usize = need.saturating_to();
        let mut owners: Vec<Address> = Vec::new();
        for (i, part) in signatures.chunks(65).take(need).enumerate() {
            let before = owners.last().copied().unwrap_or_default();
            let owner = name.and_then(|name| self.owner(name, by_hash, signatures, 65 * need, part));
            let owner = owner.filter(|owner| *owner > before && word(*owner) > U256::ONE);
            let owner = owner.filter(|one| self.account_number("isOwner(address)", &[word(*one)]) == Some(U256::ONE));
            owners.push(owner.ok_or(bad.have(U256::from(i)))?);
        }
        Ok(owners)
    }

    /// Who signed this part, as the Safe reads it.
    fn owner(&self, name: &Name, by_hash: bool, all: &[u8], statics: usize, part: &[u8]) -> Option<Address> {
        let (r, s) = (U256::from_be_slice(part.get(..32)?), U256::from_be_slice(part.get(32..64)?));
        let v = *part.get(64)?;
        let digest = B256::from(name.request);
        let named = Address::from_word(r.into());
        match v {
            0 => {
                let at = usize::try_from(s).ok().filter(|at| *at >= statics)?;
                let start = at.checked_add(32)?;
                let length = usize::try_from(U256::from_be_slice(all.get(at..start)?)).ok()?;
                let signature = all.get(start..start.checked_add(length)?)?;
                let (data, magic) = if by_hash {
                    (asking(digest, signature), [0x16, 0x26, 0xba, 0x7e])
                } else {
                    (asking_data(&name.preimage, signature), [0x20, 0xc1, 0x3b, 0x0b])
                };
                says(self.world.static_call(named, &data, 300_000), magic).then_some(named)
            }
            1 => {
                let approved = |who| self.account_number("approvedHashes(address,bytes32)", &[word(who), name.request]);
                let agreed = named == self.case.initiator || approved(named).is_some_and(|word| !word.is_zero());
                agreed.then_some(named)
            }
            31.. => {
                let prefixed = [b"\x19Ethereum Signed Message:\n32".as_slice(), digest.as_slice()].concat();
                recover(keccak256(prefixed), r, s, v - 4)
            }
            _ => recover(digest, r, s, v),
        }
    }
}
