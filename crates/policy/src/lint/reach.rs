//! What the rules let each kind of subject do, and how much of it in a while: the part of an audit that asks no chain.

use alloy_primitives::{Address, U256};

use super::{
    LintError, Witness,
    asks::Ask,
    bdd::{NONE, Set},
    decide::Decided,
    scope::View,
    space::Space,
};
use crate::{
    Comparison, Policy, Scope, Window,
    program::{
        expand::{APPROVE, CALL, DELEGATECALL, NATIVE, OPAQUE, TRANSFER},
        lower::lower,
    },
};

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;
/// No month is shorter.
const MONTH: u64 = 28 * DAY;
/// Lanes that a rolling window is long.
const LANES: u64 = 8;

/// Requests of one kind of subject, of one kind, that one rule lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Whether modules ask, or else the owners.
    pub by_module: bool,
    /// The modules, or those who call `execTransaction`; empty for everybody whom no list of the policy names.
    pub who: Vec<Address>,
    /// What is reached.
    pub moves: Moves,
    /// The rule's id.
    pub rule: String,
    /// The most that one effect may be about, in base units.
    pub largest: U256,
    /// The limits to which every one of these requests is charged.
    pub counted: Vec<Counted>,
    /// How long it has to be announced before, in seconds.
    pub delay: u32,
    /// Whether approvals, signatures of certain signers or attestations are asked for besides.
    pub asks: bool,
    /// One of the requests; none where none was found that does not contradict itself.
    pub witness: Option<Witness>,
}

/// What requests reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moves {
    /// Amounts of an asset leave; zero is native.
    Asset(Address),
    /// Others are allowed to take amounts of a token.
    Allowance(Address),
    /// Calls of a token that nothing decodes, and that may move anything.
    Opaque(Address),
    /// Calls of other contracts, which may move what is not declared.
    Calls,
    /// Code of others that runs as the account, and may do anything.
    Delegatecalls,
}

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Its id.
    pub id: String,
    /// Its cap, in base units or requests.
    pub cap: U256,
    /// Its window.
    pub window: Window,
    /// What is counted apart.
    pub scope: Scope,
    /// Whether it counts requests, not amounts.
    pub requests: bool,
}

/// What a policy lets subjects do.
///
/// # Errors
/// [`LintError`], as of [`super::lint`].
pub fn reaches(policy: &Policy) -> Result<Vec<Reach>, LintError> {
    crate::compile_off_chain(policy)?;
    let lowered = lower(policy, &mut Vec::new());
    let mut space = Space::new(&[&lowered], policy.account.map(|account| account.address));
    let real = space.real();
    let decided = Decided::new(View::new(&lowered, real, &mut space), &mut space);
    let mut assets: Vec<Address> = lowered.tokens.keys().copied().collect();
    assets.push(Address::ZERO);
    let subjects = subjects(&mut space);
    let mut found = Vec::new();
    for (index, rule, _, say) in decided.rules().filter(|(_, rule, ..)| rule.allow) {
        let through = space.sets.all([say, decided.allowed, real]);
        for (moves, set) in kinds(&decided, &assets, &mut space) {
            let set = space.sets.and(through, set);
            for (by_module, who, subject) in &subjects {
                let part = space.sets.and(set, *subject);
                if part == NONE {
                    continue;
                }
                let (largest, top) = largest(part, &mut space);
                let asks =
                    decided.asks.get(index).is_some_and(|all| all.keys().any(|one| !matches!(one, Ask::Notice(_))));
                found.push(Reach {
                    by_module: *by_module,
                    who: who.clone(),
                    moves,
                    rule: decided.id(policy, index),
                    largest,
                    counted: counted(part, &decided, &mut space),
                    delay: rule.delay,
                    asks,
                    witness: space.find(top),
                });
            }
        }
    }
    if space.sets.is_full() { Err(LintError::TooComplex) } else { Ok(found) }
}

fn subjects(space: &mut Space) -> Vec<(bool, Vec<Address>, Set)> {
    let (dims, sets) = (&space.dims, &mut space.sets);
    let owners = dims.origin.is(0, sets);
    let mut all = Vec::new();
    for (class, group) in space.classes.initiators.groups.iter().enumerate() {
        let initiator = dims.initiator.is(class, sets);
        all.push((false, group.clone(), sets.and(owners, initiator)));
    }
    for (class, group) in space.classes.origins.groups.iter().enumerate() {
        all.push((true, group.clone(), dims.origin.is(class.saturating_add(1), sets)));
    }
    all
}

fn kinds(decided: &Decided<'_>, assets: &[Address], space: &mut Space) -> Vec<(Moves, Set)> {
    let view = &decided.view;
    let something = space.amount(Comparison::MoreThan, U256::ZERO);
    let to_account = space.account_called();
    let mut all = Vec::new();
    for asset in assets {
        let of_asset = view.asset(*asset, space);
        let kind = if asset.is_zero() { NATIVE } else { TRANSFER };
        let kind = view.kind(kind, space);
        let moved = space.sets.all([of_asset, kind, something]);
        // What the account pays itself stays.
        let moved = if asset.is_zero() { space.sets.minus(moved, to_account) } else { moved };
        all.push((Moves::Asset(*asset), moved));
        if !asset.is_zero() {
            let (approve, opaque) = (view.kind(APPROVE, space), view.kind(OPAQUE, space));
            all.push((Moves::Allowance(*asset), space.sets.all([of_asset, approve, something])));
            all.push((Moves::Opaque(*asset), space.sets.and(of_asset, opaque)));
        }
    }
    all.push((Moves::Calls, view.kind(CALL, space)));
    all.push((Moves::Delegatecalls, view.kind(DELEGATECALL, space)));
    all
}

/// The largest amount of a request of the set, and those that reach as far.
fn largest(part: Set, space: &mut Space) -> (U256, Set) {
    for class in (0..space.classes.amounts.classes()).rev() {
        let here = space.dims.amount.is(class, &mut space.sets);
        let here = space.sets.and(part, here);
        if here != NONE {
            return (space.classes.amounts.bounds(class).1, here);
        }
    }
    (U256::MAX, part)
}

fn counted(part: Set, decided: &Decided<'_>, space: &mut Space) -> Vec<Counted> {
    let mut all = Vec::new();
    for (index, limit) in decided.limits() {
        let charged = decided.charged(index, space);
        if space.sets.minus(part, charged) == NONE {
            let requests = limit.asset.is_none();
            let (id, cap, window, scope) = (limit.id, limit.cap, limit.window, limit.scope);
            all.push(Counted { id, cap, window, scope, requests });
        }
    }
    all
}

/// The most that these, which are of one kind of subject and of one asset, come to in any time of that many seconds,
/// in base units. None where nothing bounds it.
#[must_use]
pub fn most_within(reaches: &[&Reach], seconds: u64) -> Option<U256> {
    let shared = reaches.first().and_then(|first| {
        let everywhere = first.counted.iter().filter(|one| reaches.iter().all(|reach| reach.counted.contains(one)));
        everywhere.filter_map(|one| bound(one, reaches, seconds)).min()
    });
    // Each request is charged to one of these at least.
    let mut chosen: Vec<(&Counted, U256)> = Vec::new();
    for reach in reaches {
        let bounds = reach.counted.iter().filter_map(|one| bound(one, reaches, seconds).map(|most| (one, most)));
        let Some((one, most)) = bounds.min_by_key(|(_, most)| *most) else { return shared };
        if !chosen.iter().any(|(known, _)| *known == one) {
            chosen.push((one, most));
        }
    }
    let sum = chosen.iter().try_fold(U256::ZERO, |sum, (_, most)| sum.checked_add(*most));
    match (shared, sum) {
        (Some(shared), Some(sum)) => Some(shared.min(sum)),
        (shared, sum) => shared.or(sum),
    }
}

/// The most that a limit lets through in so many seconds of all that is charged to it.
fn bound(limit: &Counted, reaches: &[&Reach], seconds: u64) -> Option<U256> {
    if limit.requests {
        // One request may be a batch of any length.
        return None;
    }
    let uses = uses(limit.window, seconds)?;
    let mine = |reach: &&&Reach| reach.counted.contains(limit);
    let apart = match limit.scope {
        Scope::Account => 1,
        Scope::Recipient => return None,
        Scope::Initiator => {
            reaches.iter().filter(mine).map(|reach| reach.who.len()).max().filter(|count| *count > 0)?
        }
    };
    limit.cap.checked_mul(U256::from(uses))?.checked_mul(U256::from(apart))
}

/// How often a window's cap can be spent in any time of that many seconds, however it is chosen.
fn uses(window: Window, seconds: u64) -> Option<u64> {
    // Such a time touches one period of a calendar more than it is long.
    let touched = |period: u64| seconds.saturating_sub(1).div_ceil(period).saturating_add(1);
    match window {
        Window::Transaction => None,
        Window::Day => Some(touched(DAY)),
        Window::Week => Some(touched(WEEK)),
        Window::Month => Some(touched(MONTH)),
        Window::Rolling(length) => {
            let kept = u64::from(length).div_ceil(LANES).saturating_mul(LANES);
            (kept > 0).then(|| seconds.div_ceil(kept))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rules: &str) -> Vec<Reach> {
        let text = format!(
            "version = 1\nname = \"reach\"\naccount = \"unknown\"\nsemantics = \"first-match\"\n\
             [control]\nchange_delay = \"1h\"\nannouncement_expiry = \"3d\"\n\
             [assets]\nETH = {{ standard = \"native\", decimals = 18 }}\n\
             [limits.day]\nasset = \"ETH\"\ncap = \"3\"\nwindow = {{ calendar = \"day\" }}\n\
             [limits.rolling]\nasset = \"ETH\"\ncap = \"2\"\nwindow = {{ rolling = \"24h\" }}\n\
             [limits.once]\nasset = \"ETH\"\ncap = \"1\"\nwindow = \"transaction\"\n{rules}"
        );
        let policy = Policy::parse(&text, "policy.toml").unwrap_or_else(|faults| panic!("{faults}"));
        reaches(&policy).unwrap()
    }

    fn rule(id: &str, when: &str, limits: &str) -> String {
        let limits = if limits.is_empty() { String::new() } else { format!(", limits = [{limits}]") };
        format!(
            "[[rules]]\nid = \"{id}\"\nwhen = {{ effect = \"transfer\", asset = \"ETH\"{when} }}\n\
             then = {{ allow = true{limits} }}\n"
        )
    }

    fn ether(amount: u64) -> Option<U256> {
        U256::from(amount).checked_mul(U256::from(1_000_000_000_000_000_000_u64))
    }

    fn outflow(reaches: &[Reach], seconds: u64) -> Option<U256> {
        let all: Vec<&Reach> = reaches.iter().filter(|one| one.moves == Moves::Asset(Address::ZERO)).collect();
        assert!(!all.is_empty());
        most_within(&all, seconds)
    }

    #[test]
    fn a_calendar_is_spent_on_both_sides_of_its_midnight_and_a_rolling_window_is_not() {
        let day = of(&rule("a", "", "\"day\""));
        assert_eq!((outflow(&day, DAY), outflow(&day, WEEK)), (ether(6), ether(24)));
        let rolling = of(&rule("a", "", "\"rolling\""));
        assert_eq!((outflow(&rolling, DAY), outflow(&rolling, WEEK)), (ether(2), ether(14)));
        let both = of(&rule("a", "", "\"day\", \"rolling\""));
        assert_eq!(outflow(&both, DAY), ether(2), "the tighter one");
    }

    #[test]
    fn what_one_rule_lets_out_uncounted_is_unbounded_and_never_left_out() {
        assert_eq!(outflow(&of(&rule("a", "", "")), DAY), None);
        assert_eq!(outflow(&of(&rule("a", "", "\"once\"")), DAY), None, "again and again");
        let one = "0x1111111111111111111111111111111111111111";
        let named = format!(", recipient = [\"{one}\"]");
        let rules = [rule("a", &named, "\"day\""), rule("b", "", "")].concat();
        assert_eq!(outflow(&of(&rules), DAY), None);
        let rules = [rule("a", &named, "\"day\""), rule("b", "", "\"rolling\"")].concat();
        assert_eq!(outflow(&of(&rules), DAY), ether(8), "one after the other");
        let shared = [rule("a", &named, "\"day\""), rule("b", "", "\"day\"")].concat();
        assert_eq!(outflow(&of(&shared), DAY), ether(6), "one limit is spent once");
    }

    #[test]
    fn code_that_runs_as_the_account_is_never_left_out() {
        let target = "0x3333333333333333333333333333333333333333";
        let found = of(&format!(
            "[[rules]]\nid = \"d\"\nwhen = {{ operation = \"delegatecall\", target = \"{target}\" }}\n\
             then = {{ allow = true }}\n"
        ));
        assert!(!found.is_empty() && found.iter().all(|one| one.moves == Moves::Delegatecalls && !one.by_module));
    }

    #[test]
    fn who_asks_is_told_apart_and_each_reach_has_a_request() {
        let module = "0x2222222222222222222222222222222222222222";
        let text = format!(
            "{}[[rules]]\nid = \"m\"\nwhen = {{ origin = \"{module}\", effect = \"transfer\", asset = \"ETH\", \
             amount = {{ max = \"0.5\" }} }}\nthen = {{ allow = true }}\n",
            rule("a", "", "\"day\"")
        );
        let found = of(&text);
        let by_module: Vec<&Reach> = found.iter().filter(|one| one.by_module).collect();
        assert!(!by_module.is_empty() && by_module.iter().all(|one| one.who == [module.parse::<Address>().unwrap()]));
        assert_eq!(by_module[0].largest, U256::from(500_000_000_000_000_000_u64));
        assert!(found.iter().all(|one| one.witness.is_some()));
    }
}
