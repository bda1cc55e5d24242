//! What rules ask for besides conditions, limits and delay, and whether it is there.

mod owners;

use alloy_primitives::{Address, B256, U256, keccak256};

use super::bytes::{hash, word};
use super::consent::{
    Attestation, Entry, Name, Payload, Proof, asking, asking_data, envelope, is_low, opening, recover, tail,
};
use super::effects::Effect;
use super::program::List;
use super::reasons::{
    APPROVAL_DENIED, ATTESTATION_REQUIRED, BAD_MATERIAL, BAD_OWNER_SIGNATURES, MALFORMED_MATERIAL, TOO_FEW_APPROVALS,
    TOO_FEW_ATTESTERS, TOO_FEW_NAMED_SIGNERS, TOO_FEW_SIGNATURES,
};
use super::{Stop, Walk, World};
use crate::world;

/// What else a rule asks for. Lists are told apart by where they stand.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Approvals {
        at: usize,
        list: List,
        n: u8,
        flags: u8,
    },
    Signatures(u8),
    Signers {
        at: usize,
        list: List,
        n: u8,
    },
    /// `rules` is how many rules ask the set what the chain cannot see.
    Attestation {
        set: u8,
        list: List,
        m: u8,
        rules: usize,
    },
}

impl Ask {
    pub(super) const fn need(&self) -> u8 {
        match self {
            Self::Approvals { n, .. } | Self::Signatures(n) | Self::Signers { n, .. } => *n,
            Self::Attestation { m, .. } => *m,
        }
    }

    /// What is asked for, however much of it.
    pub(super) fn place(&self) -> (u8, usize) {
        match self {
            Self::Approvals { at, .. } => (1, *at),
            Self::Signatures(_) => (2, 0),
            Self::Signers { at, .. } => (3, *at),
            Self::Attestation { set, .. } => (4, usize::from(*set)),
        }
    }
}

/// Something asked for, by everybody who asks.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    ask: Ask,
    need: u8,
    rule: u16,
    effect: u32,
}

/// Joins what a deciding rule asks for.
pub(super) fn join(all: &mut Vec<Joined>, asks: &[Ask], rule: u16, effect: u32) {
    for ask in asks {
        let (ask, need) = (ask.clone(), ask.need());
        let Some(known) = all.iter_mut().find(|one| one.ask.place() == ask.place()) else {
            all.push(Joined { ask, need, rule, effect });
            continue;
        };
        if let (Ask::Approvals { flags, .. }, Ask::Approvals { flags: too, .. }) = (&mut known.ask, &ask) {
            *flags &= too;
        }
        if need > known.need {
            (known.need, known.rule, known.effect) = (need, rule, effect);
        }
    }
}

/// The hash of all effects so far, from that of those before.
pub(super) fn fold(before: U256, kind: u8, effect: &Effect) -> U256 {
    let asset = word(effect.asset.unwrap_or_default());
    let recipient = word(effect.recipient.unwrap_or_default());
    let selector = super::bytes::selector_number(&effect.data);
    let amount = effect.amount.unwrap_or_default();
    hash(&[before, U256::from(kind), word(effect.target), selector, asset, recipient, amount])
}

fn by(reason: u8, one: &Joined) -> Stop {
    Stop::by(reason, one.effect, one.rule)
}

/// Who signed, in their order; or which entry is wrong, and why.
type Signed = Result<Vec<Address>, (usize, u8)>;

/// Whether a contract answers with the selector alone.
fn says(answer: Option<Vec<u8>>, selector: [u8; 4]) -> bool {
    answer == Some(B256::right_padding_from(&selector).to_vec())
}

impl Joined {
    /// Asked for by a message rule.
    pub(super) const fn by_message(ask: Ask, need: u8, rule: u16) -> Self {
        Self { ask, need, rule, effect: 0 }
    }
}

/// Bits, the highest of each byte first.
fn bits(statement: &[u8]) -> Vec<bool> {
    statement.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
}

/// Whether so many pairs are stated, none of them both, and nothing behind them but the rest of a byte.
fn is_whole(statement: &[u8], pairs: usize) -> bool {
    let all = bits(statement);
    let (said, spare) = all.split_at(all.len().min(2 * pairs));
    let both = said.chunks(2).any(|pair| *pair == [true, true]);
    said.len() == 2 * pairs && spare.len() < 8 && !spare.contains(&true) && !both
}

impl<W: World> Walk<'_, W> {
    /// What the set states of the present effect and a rule; it must then have signed that.
    pub(super) fn states(&mut self, rule: u16, ask: &Ask, index: usize) -> Result<bool, Stop> {
        let Ask::Attestation { set, rules, .. } = ask else { return Err(Stop::Declined) };
        let pair = usize::try_from(self.effects).unwrap_or(usize::MAX) * rules + index;
        let silent = Stop::by(ATTESTATION_REQUIRED, self.effects, rule).detail(*set);
        let truth = self.stated(*set, pair).ok_or(silent)?;
        join(&mut self.asked, std::slice::from_ref(ask), rule, self.effects);
        Ok(truth)
    }

    fn stated(&self, set: u8, pair: usize) -> Option<bool> {
        Name::of(self.case, self.hook, world::CHAIN_ID, self.account.epoch)?;
        let (_, payload) = envelope(&self.case.signed.signatures)?;
        let payload = Payload::parse(payload?)?;
        let item = payload.attestations.iter().find(|item| item.set == set)?;
        match bits(&item.statement).chunks_exact(2).nth(pair)? {
            [false, true] => Some(false),
            [true, false] => Some(true),
            _ => None,
        }
    }

    /// Where a word is used up.
    pub(super) fn meet(&mut self) -> Result<Option<U256>, Stop> {
        let Some(first) = self.asked.first() else { return Ok(None) };
        let malformed = by(MALFORMED_MATERIAL, first);
        let looks = self.asked.iter().any(|one| matches!(one.ask, Ask::Approvals { .. } | Ask::Attestation { .. }));
        let expiry = self.program()?.expiry;
        let mut name = Name::of(self.case, self.hook, world::CHAIN_ID, self.account.epoch);
        let signatures = if name.is_some() { self.case.signed.signatures.as_ref() } else { &[] };
        let opened = (looks && self.case.origin.is_some()).then(|| opening(self.case, self.account.epoch));
        if let Some(word) = opened.map(|slot| self.stored(slot)).filter(|word| !word.is_zero()) {
            let opened_at: U256 = word & U256::from((1_u64 << 40) - 1);
            if U256::from(self.case.now) < opened_at + U256::from(expiry) {
                let (epoch, serial) = (self.account.epoch, word >> 40);
                name = Some(Name::opened(self.case, self.hook, world::CHAIN_ID, epoch, serial));
            }
        }
        let (owners, payload) = envelope(signatures).ok_or(malformed)?;
        let payload = payload.filter(|_| looks);
        let payload = payload.map_or(Some(Payload::default()), Payload::parse).ok_or(malformed)?;
        self.attested(name.as_ref(), &payload)?;
        let owners = self.owners(name.as_ref(), owners)?;
        self.named_signed(&owners)?;
        self.approved(name.as_ref(), payload.approvals.as_deref(), &owners)?;
        Ok(opened)
    }

    /// Whether enough of each list are among the owners who signed.
    pub(super) fn named_signed(&self, owners: &[Address]) -> Result<(), Stop> {
        for one in &self.asked {
            let Ask::Signers { list, .. } = &one.ask else { continue };
            let have = self.members(one, list, owners)?;
            if have < usize::from(one.need) {
                return Err(by(TOO_FEW_NAMED_SIGNERS, one).have(U256::from(have)).need(U256::from(one.need)));
            }
        }
        Ok(())
    }

    /// How many of these are on the list, which is asked for all of them.
    fn members(&self, one: &Joined, list: &List, of: &[Address]) -> Result<usize, Stop> {
        let mut count = 0;
        for who in of {
            let listed = self.listed(one.rule, list, *who).map_err(|stop| stop.change(|v| v.effect = one.effect))?;
            count += usize::from(listed);
        }
        Ok(count)
    }

    /// Who is behind an entry, seen from who came before.
    fn signer(&self, name: &Name, before: Address, digest: B256, entry: &Entry) -> Result<Address, u8> {
        let above = |who: Address| if who > before { Ok(who) } else { Err(3) };
        match &entry.proof {
            Proof::Key { r, s, v } => {
                let signer = if is_low(*s) { recover(digest, *r, *s, *v) } else { None };
                above(signer.ok_or(2)?)
            }
            Proof::Contract { signer, signature } => {
                let signer = above(*signer)?;
                let answer = self.world.static_call(signer, &asking(digest, signature), 300_000);
                if says(answer, [0x16, 0x26, 0xba, 0x7e]) { Ok(signer) } else { Err(2) }
            }
            Proof::OnChain { signer } => {
                let signer = above(*signer)?;
                if self.on_chain(name, signer) { Ok(signer) } else { Err(4) }
            }
        }
    }

    fn on_chain(&self, name: &Name, who: Address) -> bool {
        self.stored(name.slot(word(who), 1)) >= U256::from(self.case.now)
    }

    fn signers(&self, name: &Name, entries: &[Entry], digest: impl Fn(&Entry) -> B256) -> Signed {
        let mut all = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            if entry.deadline.is_some_and(|last| self.case.now > last) {
                return Err((i, 1));
            }
            let before = all.last().copied().unwrap_or_default();
            all.push(self.signer(name, before, digest(entry), entry).map_err(|why| (i, why))?);
        }
        Ok(all)
    }

    fn attested(&self, name: Option<&Name>, payload: &Payload) -> Result<(), Stop> {
        let mut sets: Vec<_> = self.asked.iter().collect();
        sets.sort_by_key(|one| one.ask.place());
        for one in sets {
            let Ask::Attestation { set, list, .. } = &one.ask else { continue };
            if self.case.origin.is_some() {
                self.kept(name, one, *set)?;
                continue;
            }
            let item: Option<&Attestation> = payload.attestations.iter().find(|item| item.set == *set);
            let (Some(item), Some(name)) = (item, name) else { return Err(by(ATTESTATION_REQUIRED, one).detail(*set)) };
            let Ask::Attestation { rules, .. } = &one.ask else { continue };
            if !is_whole(&item.statement, usize::try_from(self.effects).unwrap_or(usize::MAX) * rules) {
                return Err(by(MALFORMED_MATERIAL, one));
            }
            let digest = name.attestation(self.digest, item);
            let signers =
                if self.case.now > item.deadline { Err((0, 1)) } else { self.signers(name, &item.entries, |_| digest) };
            let signers = signers
                .map_err(|(i, why)| by(BAD_MATERIAL, one).detail(2).have(U256::from(i)).need(U256::from(why)))?;
            let have = self.members(one, list, &signers)?;
            if have < usize::from(one.need) {
                let few = by(TOO_FEW_ATTESTERS, one).detail(*set);
                return Err(few.have(U256::from(have)).need(U256::from(one.need)));
            }
        }
        Ok(())
    }

    /// What was posted of a set, for a module request.
    fn kept(&self, name: Option<&Name>, one: &Joined, set: u8) -> Result<(), Stop> {
        let missing = by(ATTESTATION_REQUIRED, one).detail(set);
        let base = name.ok_or(missing)?.slot(U256::from(set), 6);
        let (statement, deadline): (U256, U256) = (self.stored(base) & U256::from(0xffff), self.stored(base) >> 16);
        if deadline.is_zero() {
            return Err(missing);
        }
        if !statement.is_zero() {
            return Err(by(MALFORMED_MATERIAL, one));
        }
        let why = if deadline < U256::from(self.case.now) {
            1
        } else if self.stored(base + U256::ONE) != self.digest {
            5
        } else {
            return Ok(());
        };
        Err(by(BAD_MATERIAL, one).detail(2).need(U256::from(why)))
    }

    fn approved(&self, name: Option<&Name>, entries: Option<&[Entry]>, owners: &[Address]) -> Result<(), Stop> {
        let mut lists = self.asked.iter().filter(|one| matches!(one.ask, Ask::Approvals { .. })).peekable();
        let Some(first) = lists.peek() else { return Ok(()) };
        let signers =
            match (name, entries) {
                (Some(name), Some(entries)) => {
                    let signed = self.signers(name, entries, |entry| entry.approval(name));
                    Some(signed.map_err(|(i, why)| {
                        by(BAD_MATERIAL, first).detail(1).have(U256::from(i)).need(U256::from(why))
                    })?)
                }
                _ => None,
            };
        for one in lists {
            let Ask::Approvals { at, list, flags, .. } = &one.ask else { continue };
            let at = U256::from(*at);
            if name.is_some_and(|name| !self.stored(name.slot(at, 2)).is_zero()) {
                return Err(by(APPROVAL_DENIED, one).have(at));
            }
            let counts = |who: &Address| {
                (flags & 1 != 0 || *who != self.case.initiator) && (flags & 2 != 0 || !owners.contains(who))
            };
            let have = match (&signers, list, name) {
                (Some(signers), ..) => {
                    let counting: Vec<Address> = signers.iter().copied().filter(counts).collect();
                    self.members(one, list, &counting)?
                }
                (None, List::Members(members), Some(name)) => {
                    members.iter().filter(|who| counts(who) && self.on_chain(name, **who)).count()
                }
                _ => 0,
            };
            if have < usize::from(one.need) {
                return Err(by(TOO_FEW_APPROVALS, one).have(U256::from(have)).need(U256::from(one.need)));
            }
        }
        Ok(())
    }
}
