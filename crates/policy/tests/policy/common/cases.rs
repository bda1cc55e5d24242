//! Effects, and what a policy says of them in the most literal reading.

use alloy_primitives::{Address, U256, keccak256};
use portcullis_policy::{
    AddressRef, Amount, AmountRange, CallData, CallTarget, Comparison, Effect, Members, Origin, Outcome, Policy, Rule,
    Standard, StaticCall, Target, Weekday, When, Word, WordTest,
};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{ACCOUNT, ENABLE_MODULE, PERMIT2, SELECTORS, conditions::number, maybe, pool, token};

/// One effect of one action, as `docs/program.md` §2 defines them, and what the chain answers about it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Zero for owners.
    pub(crate) origin: Address,
    pub(crate) initiator: Address,
    pub(crate) to: Address,
    /// What keys name: the token for an allowance through Permit2, else `to`.
    pub(crate) subject: Address,
    pub(crate) selector: Option<[u8; 4]>,
    pub(crate) kind: u8,
    pub(crate) recipient: Option<Address>,
    pub(crate) amount: Option<U256>,
    /// Zero is native.
    pub(crate) asset: Option<Address>,
    pub(crate) now: u64,
    pub(crate) word: U256,
    /// Decides what contracts answer.
    pub(crate) chain: u64,
}

impl Case {
    /// Whether the registry knows the address.
    pub(crate) fn registry(&self, registry: Address, selector: [u8; 4], member: Address) -> bool {
        self.answer(&[registry.as_slice(), &selector, member.as_slice()].concat()).bit(0)
    }

    /// Whether there is code.
    pub(crate) fn has_code(&self, address: Address) -> bool {
        self.answer(address.as_slice()).bit(0)
    }

    /// One word of a static call's answer.
    pub(crate) fn call(&self, target: Address, data: &[u8], index: u8) -> U256 {
        let answer = self.answer(&[target.as_slice(), data, &[index]].concat());
        if answer.bit(0) { answer >> 254 } else { answer }
    }

    /// The word of calldata at an offset.
    pub(crate) fn word_at(&self, offset: u16) -> U256 {
        if offset == 65_535 { U256::ZERO } else { self.word }
    }

    /// Whether the effect fits the limit with this index.
    pub(crate) fn fits(&self, limit: u8) -> bool {
        self.answer(&[limit]).bit(0)
    }

    /// What an attester set states of its hybrid rule with this place.
    pub(crate) fn attests(&self, set: u8, index: u16) -> bool {
        self.answer(&[[set].as_slice(), &index.to_be_bytes()].concat()).bit(0)
    }

    fn answer(&self, about: &[u8]) -> U256 {
        keccak256([&self.chain.to_be_bytes(), about].concat()).into()
    }
}

/// Effects of random actions under the policy's assets.
pub(crate) fn cases(rng: &mut ChaCha8Rng, policy: &Policy) -> Vec<Case> {
    let to = if rng.random() { token(rng.random_range(1..=3)) } else { pool(rng) };
    let selector = maybe(rng, 2, |rng| *SELECTORS.choose(rng).expect("some"));
    let standard_of = |to: Address| {
        let asset = policy.assets.values().find(|asset| asset.standard.token() == Some(to));
        asset.map(|asset| asset.standard)
    };
    let amounts = [0_u64, 1, 2, 500_000, 1_000_000, 9_999_999_000_000, u64::MAX];
    let mut some = || U256::from(*amounts.choose(rng).expect("some"));
    let (value, moved) = (some(), some());
    let recipient = pool(rng);
    let origin = if rng.random() { Address::ZERO } else { pool(rng) };
    let case = Case {
        origin,
        initiator: if origin.is_zero() { pool(rng) } else { origin },
        to,
        subject: to,
        selector,
        kind: 4,
        recipient: None,
        amount: None,
        asset: None,
        now: rng.random_range(0..4_000_000_000),
        word: number(rng),
        chain: rng.random(),
    };
    let moves = |kind: u8, asset: Address| Case {
        kind,
        subject: asset,
        recipient: Some(recipient),
        amount: Some(moved),
        asset: Some(asset),
        ..case.clone()
    };
    let mut cases = Vec::new();
    if !value.is_zero() {
        let (recipient, amount) = (Some(to), Some(value));
        cases.push(Case { kind: 1, recipient, amount, asset: Some(Address::ZERO), ..case.clone() });
    }
    let Some(selector) = selector else {
        cases.extend(value.is_zero().then_some(case));
        return cases;
    };
    let from_account = rng.random();
    let opaque = Case { kind: 5, asset: Some(to), ..case.clone() };
    let erc20 = |asset: Address| matches!(standard_of(asset), Some(Standard::Erc20(_)));
    cases.push(match (standard_of(to), SELECTORS.iter().position(|one| *one == selector).expect("known")) {
        (None, 11) if to == ACCOUNT => Case { recipient: Some(recipient), ..case },
        (None, 10) if to == PERMIT2 && erc20(token(1)) => moves(3, token(1)),
        (None, _) => case,
        (Some(Standard::Erc20(_)), 0) => moves(2, to),
        (Some(Standard::Erc20(_) | Standard::Erc721(_)), 1) if from_account => moves(2, to),
        (Some(Standard::Erc20(_)), 2 | 3) => moves(3, to),
        (Some(Standard::Erc721(_)), 7) if from_account => moves(2, to),
        (Some(Standard::Erc721(_)), 2 | 9) => moves(3, to),
        (Some(Standard::Erc1155(_)), 8) if from_account => moves(2, to),
        (Some(Standard::Erc1155(_)), 9) => moves(3, to),
        _ => opaque,
    });
    cases
}

/// What a table of conditions is read against.
struct Reading<'a> {
    policy: &'a Policy,
    case: &'a Case,
}

/// Whether the rule's conditions describe the effect, read one by one.
pub(crate) fn describes(policy: &Policy, rule: &Rule, case: &Case) -> bool {
    let (when, reading) = (&rule.when, Reading { policy, case });
    let origin = when.origin != Origin::Owners || case.origin.is_zero();
    let module = when.origin == Origin::Owners || !case.origin.is_zero();
    let is_asset = |name: &String| policy.assets[name].standard.token().unwrap_or_default();
    let target = match &when.target {
        // Pinned tokens are called themselves, so they are reached even where nothing names a target.
        None => case.subject != ACCOUNT,
        Some(targets) => {
            let names = |one: &Target| match one {
                Target::Account => case.subject == ACCOUNT,
                Target::Literal(address) => case.subject == *address,
                Target::Asset(name) => is_asset(name) == case.subject,
                Target::Named(name) => match members(policy, name) {
                    Members::Addresses(all) => all.contains(&case.subject),
                    // Registries reach value and plain calls, to anything but the account.
                    Members::Registry(_) => {
                        matches!(case.kind, 1 | 4)
                            && case.to != ACCOUNT
                            && reading.contains(&[AddressRef::Named(name.clone())], case.to)
                    }
                },
            };
            targets.iter().any(names)
        }
    };
    let selector = when.selector.as_ref().is_none_or(|all| all.iter().any(|one| Some(one.bytes()) == case.selector));
    let effect = match &when.effect {
        Some(effects) => effects.contains(&word_of(case.kind)),
        None => case.kind != 5 || when.opaque || rule.then == Outcome::Deny,
    };
    let asset = when
        .asset
        .as_ref()
        .is_none_or(|names| case.kind <= 3 && names.iter().any(|name| Some(is_asset(name)) == case.asset));
    // Letting a module in needs a rule that names function and module.
    let lets_in = case.kind == 4 && case.to == ACCOUNT && case.selector == Some(ENABLE_MODULE);
    let named = !lets_in || (when.selector.is_some() && when.recipient.is_some());
    let attested = attested(policy, rule).is_none_or(|(set, index)| case.attests(set, index));
    origin && module && target && selector && effect && asset && named && attested && reading.common(when, &when.asset)
}

/// Where the rule's facts are stated: the set, and the place among the rules before it that ask the same set.
fn attested(policy: &Policy, rule: &Rule) -> Option<(u8, u16)> {
    let set_of = |rule: &Rule| rule.when.facts.keys().next().map(|name| policy.facts[name].attesters.clone());
    let set = set_of(rule)?;
    let mut order: Vec<_> = policy.rules.iter().collect();
    order.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
    let before = order.into_iter().take_while(|one| one.id != rule.id);
    let index = before.filter(|one| set_of(one).as_ref() == Some(&set)).count();
    let number = policy.attesters.keys().position(|name| *name == set).expect("is defined");
    Some((u8::try_from(number).expect("few"), u16::try_from(index).expect("few")))
}

const fn word_of(kind: u8) -> Effect {
    match kind {
        1 | 2 => Effect::Transfer,
        3 => Effect::Approve,
        4 => Effect::Call,
        _ => Effect::Opaque,
    }
}

fn members<'a>(policy: &'a Policy, name: &str) -> &'a Members {
    policy.lists.get(name).or_else(|| policy.groups.get(name)).expect("defined")
}

impl Reading<'_> {
    fn contains(&self, refs: &[AddressRef], who: Address) -> bool {
        refs.iter().any(|one| match one {
            AddressRef::Literal(address) => *address == who,
            AddressRef::Named(name) => match members(self.policy, name) {
                Members::Addresses(all) => all.contains(&who),
                Members::Registry(registry) => self.case.registry(registry.address, registry.method.bytes(), who),
            },
        })
    }

    fn asset(&self, name: &str) -> Address {
        self.policy.assets[name].standard.token().unwrap_or_default()
    }

    /// A table of a group.
    fn table(&self, when: &When, around: &Option<Vec<String>>) -> bool {
        let case = self.case;
        let target = when.target.as_ref().is_none_or(|targets| {
            targets.iter().any(|one| match one {
                Target::Account => unreachable!("not in groups"),
                Target::Literal(address) => case.to == *address,
                Target::Asset(name) => self.asset(name) == case.to,
                Target::Named(name) => self.contains(&[AddressRef::Named(name.clone())], case.to),
            })
        });
        let effect = when.effect.as_ref().is_none_or(|effects| effects.contains(&word_of(case.kind)));
        let selectors = when.selector.as_ref();
        let selector = selectors.is_none_or(|all| all.iter().any(|one| Some(one.bytes()) == case.selector));
        let names = when.asset.as_ref();
        let asset = names.is_none_or(|names| names.iter().any(|name| Some(self.asset(name)) == case.asset));
        let pinned = if when.asset.is_some() { &when.asset } else { around };
        target && effect && selector && asset && self.common(when, pinned)
    }

    /// What means the same in rules and groups; amounts are in units of the pinned asset.
    fn common(&self, when: &When, pinned: &Option<Vec<String>>) -> bool {
        let case = self.case;
        let is_in = |refs: &Option<Vec<AddressRef>>, who: Option<Address>| {
            refs.as_ref().is_none_or(|refs| who.is_some_and(|who| self.contains(refs, who)))
        };
        let origin = match &when.origin {
            Origin::Owners => true,
            Origin::Modules(modules) => self.contains(modules, case.origin),
        };
        let code = case.recipient.is_some_and(|recipient| case.has_code(recipient));
        let day = |day: &Weekday| (case.now / 86_400 + 3) % 7 == *day as u64;
        let time = when.time.is_none_or(|span| {
            let (from, to, now) = (u64::from(span.from), u64::from(span.to), case.now % 86_400);
            if from < to { from <= now && now < to } else { from <= now || now < to }
        });
        origin
            && is_in(&when.initiator, Some(case.initiator))
            && is_in(&when.recipient, case.recipient)
            && when.amount.as_ref().is_none_or(|range| self.amount(range, pinned))
            && when.recipient_is_contract.is_none_or(|wanted| wanted == code)
            && time
            && when.weekday.as_ref().is_none_or(|days| days.iter().any(day))
            && when.word.iter().all(|word| self.word(word))
            && when.static_call.iter().all(|call| self.static_call(call))
            && when.within.as_ref().is_none_or(|name| self.within(name))
            && when.any.as_ref().is_none_or(|tables| tables.iter().any(|table| self.table(table, pinned)))
            && when.all.as_ref().is_none_or(|tables| tables.iter().all(|table| self.table(table, pinned)))
            && when.not.as_ref().is_none_or(|table| !self.table(table, pinned))
    }

    fn amount(&self, range: &AmountRange, pinned: &Option<Vec<String>>) -> bool {
        let names = pinned.as_deref().expect("pinned");
        let decimals: Vec<u8> = names.iter().map(|name| self.policy.assets[name].decimals).collect();
        let units = |amount: &Amount| amount.base_units(decimals[0]).expect("converts");
        self.case.amount.is_some_and(|amount| {
            range.min.as_ref().is_none_or(|min| amount >= units(min))
                && range.max.as_ref().is_none_or(|max| amount <= units(max))
        })
    }

    fn word(&self, word: &Word) -> bool {
        let found = self.case.word_at(word.offset);
        match &word.test {
            WordTest::In(refs) => found.bit_len() <= 160 && self.contains(refs, Address::from_word(found.into())),
            WordTest::Compare { mask, comparison, value } => {
                compare(*comparison, found & mask.unwrap_or(U256::MAX), *value)
            }
        }
    }

    fn static_call(&self, call: &StaticCall) -> bool {
        let target = match &call.target {
            CallTarget::Asset(name) => self.asset(name),
            CallTarget::Literal(address) => *address,
        };
        let data = match &call.data {
            CallData::Call(selector) => selector.bytes().to_vec(),
            CallData::Data(data) => data.to_vec(),
        };
        compare(call.comparison, self.case.call(target, &data, call.index), call.value)
    }

    fn within(&self, name: &str) -> bool {
        let index = self.policy.limits.keys().position(|id| id == name).expect("defined");
        let limit = &self.policy.limits[name];
        let applies = match limit.asset() {
            Some(asset) => self.case.amount.is_some() && self.case.asset == Some(self.asset(asset)),
            None => true,
        };
        let scoped = limit.scope != portcullis_policy::Scope::Recipient || self.case.recipient.is_some();
        applies && scoped && self.case.fits(u8::try_from(index).expect("few"))
    }
}

/// Both unsigned, the word on the left.
pub(crate) fn compare(comparison: Comparison, word: U256, value: U256) -> bool {
    match comparison {
        Comparison::Equals => word == value,
        Comparison::NotEquals => word != value,
        Comparison::LessThan => word < value,
        Comparison::AtMost => word <= value,
        Comparison::MoreThan => word > value,
        Comparison::AtLeast => word >= value,
    }
}
