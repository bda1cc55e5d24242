//! What the rules together let through, or do not.

use super::{
    Finding, FindingKind, Report, Severity,
    bdd::{NONE, Set},
    decide::Decided,
    space::Space,
};
use alloy_primitives::Address;

use crate::{
    Comparison, Members, PathSegment, Policy, Target, When,
    diagnostics::steps,
    program::expand::{OPAQUE, approves, transfers},
};

/// `addOwnerWithThreshold`, `removeOwner`, `swapOwner`, `changeThreshold`.
pub(super) const OWNERS: [[u8; 4]; 4] =
    [[0x0d, 0x58, 0x2f, 0x13], [0xf8, 0xdc, 0x5d, 0xd9], [0xe3, 0x18, 0xb5, 0x2b], [0x69, 0x4e, 0x80, 0xc3]];

pub(super) fn check(policy: &Policy, decided: &Decided<'_>, space: &mut Space, report: &mut Report) {
    let exposure = Exposure { policy, decided };
    exposure.limits(space, report);
    exposure.opaque(space, report);
    if decided.allowed == NONE {
        exposure.nothing(space, report);
    } else {
        exposure.owners(space, report);
    }
}

struct Exposure<'a> {
    policy: &'a Policy,
    decided: &'a Decided<'a>,
}

impl Exposure<'_> {
    fn id(&self, index: usize) -> String {
        self.decided.id(self.policy, index)
    }

    fn position(&self, index: usize) -> usize {
        self.decided.view.lowered.rules.get(index).map_or(0, |rule| rule.position)
    }

    /// Outflows of a limit's asset that some rule allows without charging it.
    fn limits(&self, space: &mut Space, report: &mut Report) {
        let view = &self.decided.view;
        for (index, limit) in self.decided.limits() {
            let is_everywhere = view.lowered.limits.get(usize::from(index)).is_some_and(|limit| limit.everywhere);
            let (Some(asset), false) = (limit.asset, is_everywhere) else { continue };
            let charged = self.decided.charged(index, space);
            if charged == NONE {
                continue;
            }
            let of_asset = view.asset(asset, space);
            let nothing = space.amount(Comparison::Equals, alloy_primitives::U256::ZERO);
            let opaque = view.kind(OPAQUE, space);
            // An opaque call may move anything.
            let nothing = space.sets.minus(nothing, opaque);
            let outflow = space.sets.minus(of_asset, nothing);
            // Value that the account sends itself stays.
            let to_account = space.account_called();
            let outflow = space.sets.minus(outflow, to_account);
            let outflow = space.sets.and(outflow, self.decided.allowed);
            let free = space.sets.minus(outflow, charged);
            let payees = self.payees(charged, space);
            for (rule, lowered, _, say) in self.decided.rules() {
                let through = if lowered.allow { space.sets.and(free, say) } else { NONE };
                if through == NONE {
                    continue;
                }
                let same = space.sets.and(through, payees);
                let (set, severity) = if same == NONE { (through, Severity::Note) } else { (same, Severity::Warning) };
                let (id, limit) = (self.id(rule), &limit.id);
                let Some(witness) = space.find(set) else {
                    report.undetermined.push(format!("rule `{id}` may let out what limit `{limit}` counts elsewhere"));
                    continue;
                };
                let whom = if same == NONE { "" } else { ", and to the same recipients" };
                report.findings.push(Finding {
                    kind: FindingKind::Uncounted,
                    severity,
                    rules: vec![id.clone()],
                    path: steps!["rules", self.position(rule), "then"],
                    message: format!("rule `{id}` lets out what limit `{limit}` counts, uncounted{whom}"),
                    help: format!("list `{limit}` in the rule's `limits`, or make the limit `everywhere`"),
                    witness: Some(witness),
                });
            }
        }
    }

    /// Requests that name a recipient who is also one of the set's, whatever else they are.
    fn payees(&self, set: Set, space: &mut Space) -> Set {
        // Class 0 of a crowd is everybody in no list, so the classes compare as they are.
        let dims = &space.dims;
        let kept = [dims.recipient, dims.to, dims.token];
        let mut ranges = Vec::new();
        let mut from = 0;
        let mut ends: Vec<_> = kept.iter().map(|dimension| (dimension.first, dimension.end())).collect();
        ends.sort_unstable();
        for (first, end) in ends {
            ranges.push((from, first));
            from = end;
        }
        ranges.push((from, dims.variables));
        let mut set = set;
        for (from, to) in ranges {
            set = space.sets.project(set, from, to);
        }
        set
    }

    /// Calls to declared tokens that an allowing rule seems to mean, and that are denied whatever it says.
    fn opaque(&self, space: &mut Space, report: &mut Report) {
        let view = &self.decided.view;
        for (index, rule, _, say) in self.decided.rules().filter(|(_, rule, ..)| rule.allow) {
            let Some(written) = self.policy.rules.get(rule.position) else { continue };
            let opaque = view.kind(OPAQUE, space);
            if written.when.opaque {
                self.overridden(index, rule.position, space.sets.and(say, opaque), space, report);
                continue;
            }
            let Some(selectors) = &written.when.selector else { continue };
            let Some((tokens, are_named)) = self.meant(&written.when) else { continue };
            for (at, selector) in selectors.iter().enumerate() {
                let bytes = selector.bytes();
                let decodes =
                    |standard: u8| transfers(standard).contains(&bytes) || approves(standard).contains(&bytes);
                if view.lowered.tokens.values().any(|standard| decodes(*standard)) {
                    continue;
                }
                let mut called = NONE;
                for token in &tokens {
                    let token = view.asset(*token, space);
                    called = space.sets.or(called, token);
                }
                let selected = space.selectors(&[bytes]);
                let calls = space.sets.all([opaque, selected, called, view.real]);
                if calls == NONE || space.sets.and(calls, self.decided.allowed) != NONE {
                    continue;
                }
                let Some(witness) = space.find(calls) else { continue };
                let (id, word) = (self.id(index), selector.as_str());
                report.findings.push(Finding {
                    kind: FindingKind::OpaqueDenied,
                    severity: if are_named { Severity::Warning } else { Severity::Note },
                    rules: vec![id.clone()],
                    path: steps!["rules", rule.position, "when", "selector", at],
                    message: format!("rule `{id}` does not reach `{word}` on declared tokens, where it is denied"),
                    help: "write `opaque = true` if tokens are meant, or name the contracts in `target`".to_owned(),
                    witness: Some(witness),
                });
            }
        }
    }

    /// The declared tokens that a rule seems to be about, and whether it names them; none where it says otherwise.
    fn meant(&self, when: &When) -> Option<(Vec<Address>, bool)> {
        let tokens = || self.decided.view.lowered.tokens.keys().copied();
        let Some(targets) = &when.target else {
            return when.effect.is_none().then(|| (tokens().collect(), false));
        };
        let is_named = |token: &Address| {
            targets.iter().any(|target| match target {
                Target::Literal(address) => address == token,
                Target::Asset(name) => {
                    self.policy.assets.get(name).is_some_and(|asset| asset.standard.token() == Some(*token))
                }
                Target::Named(name) => {
                    let members = self.policy.lists.get(name).or_else(|| self.policy.groups.get(name));
                    matches!(members, Some(Members::Addresses(members)) if members.contains(token))
                }
                Target::Account => false,
            })
        };
        Some((tokens().filter(is_named).collect(), true))
    }

    /// Opaque calls that the rule lets through, to tokens of which a limit counts everything.
    fn overridden(&self, index: usize, position: usize, through: Set, space: &mut Space, report: &mut Report) {
        let view = &self.decided.view;
        for limit in view.lowered.limits.iter().filter(|limit| limit.everywhere) {
            let of_asset = limit.asset.map_or(NONE, |asset| view.asset(asset, space));
            let denied = space.sets.and(through, of_asset);
            if denied == NONE {
                continue;
            }
            let Some(witness) = space.find(denied) else { continue };
            let (id, limit) = (self.id(index), &limit.id);
            report.findings.push(Finding {
                kind: FindingKind::OpaqueDenied,
                severity: Severity::Note,
                rules: vec![id.clone()],
                path: steps!["rules", position, "when", "opaque"],
                message: format!("rule `{id}` allows opaque calls, and limit `{limit}` denies those to its token"),
                help: format!("name other tokens in `target`, or list `{limit}` in rules instead of `everywhere`"),
                witness: Some(witness),
            });
        }
    }

    fn nothing(&self, space: &mut Space, report: &mut Report) {
        let witness = space.find(self.decided.view.real);
        report.findings.push(Finding {
            kind: FindingKind::NothingAllowed,
            severity: Severity::Error,
            rules: Vec::new(),
            path: vec![PathSegment::from("rules")],
            message: "no request is allowed: once installed, the account can do nothing but change the policy"
                .to_owned(),
            help: "write a rule with `allow = true` that some request matches".to_owned(),
            witness,
        });
    }

    /// The account's owners and threshold must be changeable.
    fn owners(&self, space: &mut Space, report: &mut Report) {
        let to_account = space.account_called();
        let selected = space.selectors(&OWNERS);
        let call = space.form(super::space::Form::Call);
        let calls = space.sets.all([to_account, selected, call, self.decided.view.real]);
        if space.sets.and(calls, self.decided.allowed) != NONE {
            return;
        }
        report.findings.push(Finding {
            kind: FindingKind::NoOwnerManagement,
            severity: Severity::Warning,
            rules: Vec::new(),
            path: vec![PathSegment::from("rules")],
            message: "no rule lets owners be added, removed or swapped, or the threshold change: a lost key can only \
                      be replaced after the policy was"
                .to_owned(),
            help: "add a rule with `target = \"account\"` and those selectors, best with a delay".to_owned(),
            witness: space.find(calls),
        });
    }
}
