//! From program to policy.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::Address;

use super::{
    MAX_PROGRAM_BYTES, compile,
    emit::{ALLOW, MODULES},
    expand::{Shape, Subject},
    read::{self, Raw, RawLimit, RawRule},
    regroup::regroup,
};
use crate::{
    AddressRef, Amount, AmountRange, Asset, Control, Limit, Origin, Outcome, Policy, Rule, Selector, Standard, Target,
    When, Window,
};

/// Why bytes are not a program that this compiler writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// More than a contract holds.
    #[error("the program takes {0} bytes, more than the {MAX_PROGRAM_BYTES} that a contract holds")]
    TooLarge(usize),
    /// A field reaches past the end.
    #[error("the bytes end within the field at offset {at}")]
    Short {
        /// Where the field starts.
        at: usize,
    },
    /// The header breaks the layout.
    #[error("the header is malformed at offset {at}")]
    Header {
        /// The field's offset.
        at: usize,
    },
    /// A limit breaks the layout.
    #[error("the limit at offset {at} is malformed")]
    Limit {
        /// The limit's offset.
        at: usize,
    },
    /// The directory and the entries do not fit together.
    #[error("the directory does not end where entries end")]
    Directory,
    /// An entry is for a rule that the header does not count.
    #[error("an entry is for rule {rule}, which does not exist")]
    Entry {
        /// The rule's index.
        rule: usize,
    },
    /// A condition breaks the layout.
    #[error("the condition at offset {at} is malformed")]
    Body {
        /// The condition's offset.
        at: usize,
    },
    /// A list breaks the layout.
    #[error("the list at offset {at} is malformed")]
    List {
        /// The list's offset.
        at: usize,
    },
    /// No conditions expand to exactly this rule's keys.
    #[error("no conditions have exactly the keys of rule {rule}")]
    Keys {
        /// The rule's index.
        rule: usize,
    },
    /// The policy that the bytes describe does not compile.
    #[error("what the bytes describe is not a policy: {0}")]
    NotAPolicy(String),
    /// The policy that the bytes describe compiles to other bytes.
    #[error("the program is not canonical: it recompiles to other bytes from offset {at}")]
    NotCanonical {
        /// The first byte that differs.
        at: usize,
    },
}

/// Whether the bytes recompile to themselves. Nothing else may be reviewed, planned or staged: a crafted
/// index could hide a rule that decompiling shows.
///
/// # Errors
/// [`Malformed`].
pub fn verify_canonical(program: &[u8]) -> Result<(), Malformed> {
    decompile(program).map(drop)
}

/// The policy that compiles to exactly these bytes.
///
/// What a program does not hold is generated: names other than limit ids, assets without decimals with
/// amounts in base units, an unknown account, no change delay.
///
/// # Errors
/// [`Malformed`] for every other sequence of bytes.
pub fn decompile(program: &[u8]) -> Result<Policy, Malformed> {
    if program.len() > MAX_PROGRAM_BYTES {
        return Err(Malformed::TooLarge(program.len()));
    }
    let raw = read::read(program)?;
    let policy = Decompiler::new(program, &raw)?.policy(&raw)?;
    let again = compile(&policy).map_err(|error| Malformed::NotAPolicy(error.to_string()))?.program;
    if again == program {
        return Ok(policy);
    }
    let same = program.iter().zip(&again).take_while(|(old, new)| old == new).count();
    Err(Malformed::NotCanonical { at: same })
}

struct Decompiler<'a> {
    program: &'a [u8],
    /// Names by address; zero is native.
    assets: BTreeMap<Address, String>,
    tokens: BTreeSet<Address>,
    /// Names by content.
    names: BTreeMap<Vec<Address>, String>,
    groups: BTreeMap<String, Vec<Address>>,
    lists: BTreeMap<String, Vec<Address>>,
}

impl<'a> Decompiler<'a> {
    fn new(program: &'a [u8], raw: &Raw) -> Result<Self, Malformed> {
        let tokens: BTreeSet<Address> = raw.tokens.iter().copied().collect();
        let mut assets: BTreeMap<_, _> =
            (1_usize..).zip(&tokens).map(|(n, token)| (*token, format!("asset-{n}"))).collect();
        assets.insert(Address::ZERO, "native".to_owned());
        let mut this =
            Self { program, assets, tokens, names: BTreeMap::new(), groups: BTreeMap::new(), lists: BTreeMap::new() };
        for offset in [raw.announcers, raw.cancellers] {
            this.group(offset)?;
        }
        for offset in raw.rules.iter().flat_map(|rule| rule.lists.values()) {
            this.list(*offset)?;
        }
        Ok(this)
    }

    fn group(&mut self, offset: usize) -> Result<Option<String>, Malformed> {
        if offset == 0 {
            return Ok(None);
        }
        let members = read::list(self.program, offset)?;
        if let Some(name) = self.names.get(&members) {
            return Ok(Some(name.clone()));
        }
        let name = format!("group-{}", self.groups.len().saturating_add(1));
        self.names.insert(members.clone(), name.clone());
        self.groups.insert(name.clone(), members);
        Ok(Some(name))
    }

    fn list(&mut self, offset: usize) -> Result<AddressRef, Malformed> {
        let members = read::list(self.program, offset)?;
        if let Some(name) = self.names.get(&members) {
            return Ok(AddressRef::Named(name.clone()));
        }
        let name = format!("list-{}", self.lists.len().saturating_add(1));
        self.names.insert(members.clone(), name.clone());
        self.lists.insert(name.clone(), members);
        Ok(AddressRef::Named(name))
    }

    fn policy(mut self, raw: &Raw) -> Result<Policy, Malformed> {
        let control = Control {
            change_delay: None,
            announcement_expiry: (raw.expiry > 0).then_some(raw.expiry),
            announcers: self.group(raw.announcers)?,
            cancellers: self.group(raw.cancellers)?,
        };
        let limits = raw.limits.iter().map(|limit| self.limit(limit)).collect::<Result<_, _>>()?;
        let rules = (0..).zip(&raw.rules).map(|(at, rule)| self.rule(at, rule, raw)).collect::<Result<_, _>>()?;
        let assets = self.assets.iter().map(|(address, name)| {
            let standard = if *address == Address::ZERO { Standard::Native } else { Standard::Erc20(*address) };
            (name.clone(), Asset { standard, decimals: 0 })
        });
        Ok(Policy {
            name: "decompiled".to_owned(),
            account: None,
            control,
            assets: assets.collect(),
            groups: self.groups,
            lists: self.lists,
            limits,
            rules,
        })
    }

    fn limit(&self, limit: &RawLimit) -> Result<(String, Limit), Malformed> {
        let malformed = |what: &str| Malformed::NotAPolicy(format!("limit `{}`: {what}", limit.id));
        let asset = self.assets.get(&limit.asset).ok_or_else(|| malformed("its asset is not declared"))?.clone();
        let window = match limit.window {
            0 => Window::Transaction,
            1 => Window::Day,
            2 => Window::Week,
            3 => Window::Month,
            // The window's length is only kept as an eighth, rounded up; lanes too long for 32 bits of seconds
            // are those of the longest duration.
            4 => Window::Rolling(limit.lane.saturating_mul(8)),
            _ => return Err(malformed("its window is unknown")),
        };
        let cap = Amount::from_base_units(limit.cap);
        Ok((limit.id.clone(), Limit { asset, cap, window, everywhere: limit.everywhere }))
    }

    fn rule(&mut self, at: usize, raw: &RawRule, all: &Raw) -> Result<Rule, Malformed> {
        let allow = raw.outcome & ALLOW != 0;
        let list = |this: &mut Self, op: u8| -> Result<Option<Vec<AddressRef>>, Malformed> {
            raw.lists.get(&op).map(|offset| Ok(vec![this.list(*offset)?])).transpose()
        };
        let (origin, initiator, recipient) = (list(self, 1)?, list(self, 2)?, list(self, 3)?);
        let origin = match origin {
            Some(modules) if raw.outcome & MODULES != 0 => Origin::Modules(modules),
            _ => Origin::Owners,
        };
        let moves = recipient.is_some() || !raw.amounts.is_empty();
        let keys = raw.keys.iter().copied().collect();
        let shape = regroup(&keys, &self.tokens, moves, allow).ok_or(Malformed::Keys { rule: at })?;
        let amount = (!raw.amounts.is_empty()).then(|| {
            let bound = |op: u8| raw.amounts.get(&op).copied().map(Amount::from_base_units);
            AmountRange { min: bound(4), max: bound(5) }
        });
        let limits = raw.limits.iter().map(|index| all.limits.get(usize::from(*index)).map(|limit| limit.id.clone()));
        let limits = limits.collect::<Option<Vec<_>>>();
        let limits =
            limits.ok_or_else(|| Malformed::NotAPolicy(format!("rule {at} names a limit that does not exist")))?;
        let then =
            if allow { Outcome::Allow { limits, delay: (raw.delay > 0).then_some(raw.delay) } } else { Outcome::Deny };
        let when = self.when(shape, allow, origin, initiator, recipient, amount);
        let id = format!("rule-{}", at.saturating_add(1));
        Ok(Rule { id, name: None, owner: None, updated_at: None, priority: 0, when, then })
    }

    fn when(
        &self,
        shape: Shape,
        allow: bool,
        origin: Origin,
        initiator: Option<Vec<AddressRef>>,
        recipient: Option<Vec<AddressRef>>,
        amount: Option<AmountRange>,
    ) -> When {
        let target = |subject: &Subject| match subject {
            Subject::Address(address) => match self.assets.get(address) {
                Some(name) if self.tokens.contains(address) => Target::Asset(name.clone()),
                _ => Target::Literal(*address),
            },
            Subject::Account | Subject::Any => Target::Account,
        };
        let asset = |token: &Option<Address>| self.assets.get(&token.unwrap_or_default()).cloned().unwrap_or_default();
        When {
            origin,
            initiator,
            target: shape.target.as_ref().map(|targets| targets.iter().map(target).collect()),
            selector: shape.selector.map(|all| all.into_iter().map(Selector::from_bytes).collect()),
            effect: shape.effect.map(|effects| effects.into_iter().collect()),
            asset: shape.asset.as_ref().map(|assets| assets.iter().map(asset).collect()),
            recipient,
            amount,
            opaque: allow && shape.opaque,
        }
    }
}
