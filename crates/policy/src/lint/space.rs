//! All requests of one action, as far as the policies tell them apart.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, Bytes, U256, keccak256};

use super::{
    bdd::Sets,
    dimension::{Crowd, Cuts, Dimension, Line},
    mention::Mentions,
    truths::Truth,
};
use crate::{
    Scope, Window,
    program::{
        condition::Roster,
        expand::{ENABLE_MODULE, ERC20, ERC721, PERMIT2, PERMIT2_APPROVE_SELECTOR, approves, transfers},
        lower::{Lowered, LoweredLimit},
    },
};

/// What an action is made of. Its first effect is the one that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// Value without calldata.
    Native,
    /// Value with calldata; the value is the effect.
    NativeAndCall,
    /// Neither value nor calldata.
    Bare,
    /// Calldata that does not decode, to no declared token.
    Call,
    /// `enableModule` on the account.
    EnableModule,
    /// A declared token's transfer out of the account.
    Transfer,
    /// An allowance that a declared token grants.
    Approve,
    /// An allowance of a declared ERC-20 token that Permit2 grants.
    Permit,
    /// A call to a declared token that does not decode.
    Opaque,
    /// A delegatecall to anything but a known batch contract, with calldata or without.
    Delegatecall,
}

impl Form {
    pub(super) const EVERY: [Self; 10] = [
        Self::Native,
        Self::NativeAndCall,
        Self::Bare,
        Self::Call,
        Self::EnableModule,
        Self::Transfer,
        Self::Approve,
        Self::Permit,
        Self::Opaque,
        Self::Delegatecall,
    ];

    pub(super) fn class(self) -> usize {
        Self::EVERY.iter().position(|form| *form == self).unwrap_or(0)
    }
}

/// Whose address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// Whom the action calls, where that is not told by the token.
    To,
    /// The token that is called, or Permit2.
    Token,
    /// The recipient that the calldata names.
    Recipient,
    /// The module that asks.
    Origin,
    /// Who calls `execTransaction`, for requests of the owners.
    Initiator,
    /// The word of calldata at this offset.
    Word(u16),
}

/// One word that a contract answers: contract, calldata, words answered, which of them.
pub(super) type Asked = (Address, Bytes, u8, u8);

/// What a limit's state belongs to, and its cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fits {
    pub(super) id: String,
    pub(super) asset: Option<Address>,
    pub(super) window: Window,
    pub(super) scope: Scope,
    pub(super) cap: U256,
}

impl Fits {
    pub(super) fn of(limit: &LoweredLimit) -> Self {
        let LoweredLimit { id, cap, window, scope, asset, .. } = limit;
        Self { id: id.clone(), asset: *asset, window: *window, scope: *scope, cap: *cap }
    }
}

/// The dimensions and what their classes stand for.
#[derive(Debug, Default)]
pub(super) struct Dimensions {
    pub(super) form: Dimension,
    /// Class 0 is no token.
    pub(super) token: Dimension,
    pub(super) to: Dimension,
    /// Class 0 is none, the last any other.
    pub(super) selector: Dimension,
    /// Class 0 is the owners; class `n + 1` is group `n` of the origins.
    pub(super) origin: Dimension,
    pub(super) initiator: Dimension,
    pub(super) recipient: Dimension,
    pub(super) amount: Dimension,
    pub(super) time: Dimension,
    pub(super) day: Dimension,
    /// By offset and mask.
    pub(super) words: BTreeMap<(u16, U256), Dimension>,
    pub(super) answers: BTreeMap<Asked, Dimension>,
    /// Variables.
    pub(super) listed: BTreeMap<(Address, [u8; 4], Who), usize>,
    pub(super) code: BTreeMap<Who, usize>,
    pub(super) fits: Vec<(Fits, usize)>,
    /// What attesters state, each a variable.
    pub(super) truths: Vec<(Truth, usize)>,
    pub(super) variables: usize,
}

/// The classes behind the dimensions.
#[derive(Debug, Default)]
pub(super) struct Classes {
    pub(super) account: Address,
    /// Stands for the hook; no policy names it.
    pub(super) tokens: Vec<(Address, u8)>,
    pub(super) to: Crowd,
    pub(super) selectors: Vec<[u8; 4]>,
    pub(super) origins: Crowd,
    pub(super) initiators: Crowd,
    pub(super) recipients: Crowd,
    pub(super) amounts: Line,
    pub(super) times: Line,
    pub(super) words: BTreeMap<(u16, U256), Line>,
    pub(super) answers: BTreeMap<Asked, Line>,
    pub(super) mentioned: BTreeSet<Address>,
}

/// Sets of requests.
#[derive(Debug)]
pub(super) struct Space {
    pub(super) sets: Sets,
    pub(super) dims: Dimensions,
    pub(super) classes: Classes,
}

impl Space {
    /// The requests that these policies tell apart, which are for one account.
    pub(super) fn new(policies: &[&Lowered], account: Option<Address>) -> Self {
        let mut tokens = BTreeMap::new();
        for (token, standard) in policies.iter().flat_map(|lowered| &lowered.tokens) {
            tokens.entry(*token).or_insert(*standard);
        }
        let mut mentions = Mentions::default();
        for lowered in policies {
            mentions.add(lowered);
        }
        let mut mentioned: BTreeSet<Address> = mentions.addresses().chain(tokens.keys().copied()).collect();
        mentioned.extend([PERMIT2, Address::ZERO]);
        let account = account.unwrap_or_else(|| fresh(&mentioned, "account", 0));
        mentioned.insert(account);
        let own = BTreeSet::from([account]);
        let zero = BTreeSet::from([Address::ZERO]);
        let each: Vec<BTreeSet<Address>> = tokens.keys().chain([&PERMIT2]).map(|one| BTreeSet::from([*one])).collect();
        let to = Crowd::new(mentions.to.iter().copied().chain(&mentions.subjects).chain(&each).chain([&own]));
        let recipients = Crowd::new(mentions.recipients.iter().copied().chain([&zero]));
        let mut selectors: BTreeSet<[u8; 4]> = std::mem::take(&mut mentions.selectors);
        for standard in tokens.values() {
            selectors.extend(transfers(*standard).iter().chain(approves(*standard)));
        }
        let known = [ENABLE_MODULE, PERMIT2_APPROVE_SELECTOR].into_iter();
        selectors.extend(known.chain(super::theory::CONTROL).chain(super::exposure::OWNERS));
        for number in [U256::ZERO, U256::ONE, U256::MAX] {
            mentions.amounts.single(number);
        }
        if tokens.values().any(|standard| *standard == ERC20 || *standard == ERC721) {
            mentions.amounts.single(U256::ONE.wrapping_shl(160));
        }
        let times = std::mem::take(&mut mentions.times).line();
        let amounts = std::mem::take(&mut mentions.amounts).line();
        let lines = |cuts: BTreeMap<(u16, U256), Cuts>| -> BTreeMap<_, _> {
            cuts.into_iter().map(|(which, cuts)| (which, cuts.line())).collect()
        };
        let words = lines(std::mem::take(&mut mentions.words));
        let answers: BTreeMap<Asked, Line> =
            std::mem::take(&mut mentions.answers).into_iter().map(|(which, cuts)| (which, cuts.line())).collect();
        let classes = Classes {
            account,
            tokens: tokens.into_iter().collect(),
            to,
            selectors: selectors.into_iter().collect(),
            origins: Crowd::new(mentions.origins.iter().copied().chain([&zero])),
            initiators: Crowd::new(mentions.initiators.iter().copied()),
            recipients,
            amounts,
            times,
            words,
            answers,
            mentioned,
        };
        let dims = dimensions(&classes, &mentions, policies);
        Self { sets: Sets::new(), dims, classes }
    }

    /// The class of a selector.
    pub(super) fn selector(&self, selector: [u8; 4]) -> usize {
        self.classes.selectors.binary_search(&selector).map_or(0, |at| at.saturating_add(1))
    }
}

fn dimensions(classes: &Classes, mentions: &Mentions<'_>, policies: &[&Lowered]) -> Dimensions {
    let mut next = 0;
    let mut of = |classes: usize| Dimension::new(classes, &mut next);
    let mut dims = Dimensions {
        form: of(Form::EVERY.len()),
        token: of(classes.tokens.len().saturating_add(1)),
        to: of(classes.to.groups.len()),
        selector: of(classes.selectors.len().saturating_add(2)),
        origin: of(classes.origins.groups.len().saturating_add(1)),
        recipient: of(classes.recipients.groups.len()),
        amount: of(classes.amounts.classes()),
        initiator: of(classes.initiators.groups.len()),
        time: of(classes.times.classes()),
        day: of(7),
        words: classes.words.iter().map(|(which, line)| (*which, of(line.classes()))).collect(),
        answers: classes.answers.iter().map(|(which, line)| (which.clone(), of(line.classes()))).collect(),
        ..Dimensions::default()
    };
    let mut variable = || of(2).first;
    dims.listed = mentions.registries.iter().map(|which| (*which, variable())).collect();
    dims.code = [Who::To, Who::Recipient].into_iter().map(|who| (who, variable())).collect();
    for lowered in policies {
        for index in mentions.fits.iter() {
            let Some(fits) = lowered.limits.get(usize::from(*index)).map(Fits::of) else { continue };
            if dims.fits.iter().all(|(known, _)| *known != fits) {
                dims.fits.push((fits, variable()));
            }
        }
    }
    for lowered in policies {
        for truth in lowered.rules.iter().filter_map(|rule| Truth::of(rule, lowered)) {
            if dims.truths.iter().all(|(known, _)| *known != truth) {
                dims.truths.push((truth, variable()));
            }
        }
    }
    dims.variables = next;
    dims
}

/// An address that no policy names.
pub(super) fn fresh(mentioned: &BTreeSet<Address>, role: &str, from: u32) -> Address {
    let some = (from..=u32::MAX).map(|number| Address::from_word(keccak256(format!("{role} {number}"))));
    some.into_iter().find(|address| !mentioned.contains(address)).unwrap_or_default()
}

/// The addresses of an inline list.
pub(super) const fn inline(roster: &Roster) -> Option<&BTreeSet<Address>> {
    match roster {
        Roster::Addresses(addresses) => Some(addresses),
        Roster::Registry(..) => None,
    }
}
