//! The compliance phase: every clause in force against the portfolio, and what follows for the allocation.

mod eligibility;
mod subjects;

use crate::documents::{
    AlertNotice, AllocationPolicy, Amount, ChangeLimit, Compliance, Consequence, Direction, Document, Fault, Kind,
    Limit, Pace, PolicyReference, Record, Reference, ReturnTo, Safeguard, Share, Target,
};
use crate::inputs::Inputs;
use crate::solve::{Bound, Problem};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use subjects::Subjects;

/// What the compliance phase found.
#[derive(Clone, Debug)]
pub struct Measured<'a> {
    /// The policies in force, by id.
    pub policies: Vec<&'a Document<AllocationPolicy>>,
    /// One for each clause and subject.
    pub records: Vec<Record>,
    /// What breaches set off.
    pub alerts: Vec<AlertNotice>,
    /// Whether a person must review what is proposed.
    pub manual_review: bool,
    /// The bounds that follow.
    pub problem: Problem,
    /// When the first phase may begin.
    pub begins: Timestamp,
    /// Seconds from one phase to the next.
    pub window: i64,
    /// Phases at least.
    pub phases: u32,
}

/// Evaluates every clause in force. A profile that is missing, stale or of another model is an error: it never counts
/// as a good one.
///
/// # Errors
///
/// A fault of the documents, with its path and remedy.
pub fn measure<'a>(inputs: &Inputs<'a>) -> Result<Measured<'a>, Fault> {
    inputs.check_times()?;
    let policies = inputs.in_force()?;
    let mut measure = Measure { inputs, subjects: Subjects::of(inputs)?, records: Vec::new(), manual_review: false };
    for policy in &policies {
        measure.policy(policy)?;
    }
    let mut records = measure.records;
    records.sort();
    let total = measure.subjects.total;
    let alerts = alerts(&policies, &records, total);
    let manual_review = measure.manual_review || alerts.iter().any(|alert| alert.manual_review);
    let rebalancing = || policies.iter().filter_map(|policy| policy.body.rebalancing.as_ref());
    let rest = rebalancing().filter_map(|rules| rules.min_interval).map(|interval| interval.seconds()).max();
    let moved = inputs.holdings()?.last_moved;
    let rested = moved.zip(rest).map(|(moved, rest)| later(moved, rest));
    Ok(Measured {
        records,
        alerts,
        manual_review,
        problem: measure.subjects.into_problem(),
        begins: rested.unwrap_or(inputs.at).max(inputs.at),
        window: rebalancing().map(|rules| rules.window.seconds()).max().unwrap_or(0),
        phases: rebalancing()
            .map(|rules| if let Pace::Gradual { phases } = rules.pace { phases } else { 1 })
            .max()
            .unwrap_or(1),
        policies,
    })
}

/// The compliance phase as a document.
///
/// # Errors
///
/// As of [`measure`].
pub fn comply(inputs: &Inputs<'_>) -> Result<Compliance, Fault> {
    let measured = measure(inputs)?;
    Ok(Compliance {
        kind: Kind("allocation-compliance".to_owned()),
        format: 1,
        portfolio: inputs.portfolio.to_owned(),
        evaluated_at: inputs.at,
        snapshot: Reference::snapshot(inputs.snapshot),
        risk: Reference::risk(inputs.risk),
        policies: measured.policies.iter().map(|policy| PolicyReference::of(policy)).collect(),
        unit: inputs.snapshot.body.unit.clone(),
        records: measured.records,
        alerts: measured.alerts,
        manual_review: measured.manual_review,
    })
}

/// A time so many seconds later; at the end of time, there.
pub(crate) fn later(from: Timestamp, seconds: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

fn alerts(policies: &[&Document<AllocationPolicy>], records: &[Record], total: i128) -> Vec<AlertNotice> {
    let mut notices = Vec::new();
    for policy in policies {
        let version = policy.body.version();
        for record in records.iter().filter(|record| !record.satisfied && record.policy == version) {
            for alert in &policy.body.alerts {
                let named = alert.clauses.is_empty() || alert.clauses.contains(&record.clause);
                if named && record.deviation.units() >= alert.at_least.of(total) {
                    notices.push(AlertNotice {
                        policy: version.clone(),
                        alert: alert.id.clone(),
                        clause: record.clause.clone(),
                        subject: record.subject.clone(),
                        severity: alert.severity,
                        notify: alert.notify.clone(),
                        workflow: alert.workflow.clone(),
                        manual_review: alert.manual_review,
                    });
                }
            }
        }
    }
    notices.sort();
    notices
}

struct Measure<'a, 'b> {
    inputs: &'b Inputs<'a>,
    subjects: Subjects<'a>,
    records: Vec<Record>,
    manual_review: bool,
}

impl<'a> Measure<'a, '_> {
    fn policy(&mut self, policy: &'a Document<AllocationPolicy>) -> Result<(), Fault> {
        let body = &policy.body;
        if let Some(rules) = &body.risk
            && rules.model != self.inputs.risk.body.model
        {
            let what = format!(
                "the model is {}, {} is judged by {}",
                self.inputs.risk.body.model,
                body.version(),
                rules.model
            );
            let remedy = format!("give profiles of {}, or put a revision for this model in force", rules.model);
            return Err(Fault::new(&self.inputs.risk.name, "model", what, remedy));
        }
        for clause in &body.eligibility {
            self.eligibility(policy, clause)?;
        }
        for safeguard in &body.safeguards {
            self.safeguard(policy, safeguard)?;
        }
        for limit in &body.limits {
            self.limit(policy, limit)?;
        }
        for target in &body.targets {
            self.target(policy, target)?;
        }
        for change in body.rebalancing.iter().flat_map(|rules| &rules.changes) {
            self.change(policy, change)?;
        }
        Ok(())
    }

    fn limit(&mut self, policy: &Document<AllocationPolicy>, limit: &Limit) -> Result<(), Fault> {
        let total = self.subjects.total;
        let path = format!("limits[{}]", limit.id);
        let named = |part: &str| format!("{}/{part}", policy.body.version());
        let of = |share: Option<Share>| share.map(|share| share.of(total));
        let units = |amount: Option<Amount>| amount.map(Amount::units);
        let cap = of(limit.max_share).into_iter().chain(units(limit.max_amount)).min();
        let floor = of(limit.min_share).into_iter().chain(units(limit.min_amount)).max();
        let selected = self.subjects.select(policy, &path, &limit.of)?;
        let sets: Vec<(String, Vec<usize>)> = if limit.together {
            let mut members: Vec<usize> = selected.into_iter().flat_map(|(_, members)| members).collect();
            members.sort_unstable();
            members.dedup();
            vec![(named(&limit.id), members)]
        } else {
            selected
        };
        for (id, members) in sets {
            if members.is_empty() {
                if floor.is_some_and(|floor| floor > 0) {
                    let what = format!("{id} should hold something, and the portfolio has no position there");
                    return Err(Fault::new(
                        &policy.name,
                        path,
                        what,
                        "list positions of it with amount \"0\", or drop the floor",
                    ));
                }
                continue;
            }
            let (load, clause) = (self.subjects.load(&members), named(&limit.id));
            self.record_bounds(policy, &limit.id, &id, load, (floor, cap), BTreeMap::new());
            let bound = |amount| Bound { amount, clause: clause.clone() };
            self.subjects.bound(&id, &members, floor.map(bound), cap.map(bound));
        }
        Ok(())
    }

    fn target(&mut self, policy: &Document<AllocationPolicy>, target: &Target) -> Result<(), Fault> {
        let members = self.subjects.members(policy, &format!("targets[{}]", target.id), &target.subject)?;
        if members.is_empty() {
            let what = format!("the portfolio has no position in {}", target.subject);
            let path = format!("targets[{}]", target.id);
            return Err(Fault::new(
                &policy.name,
                path,
                what,
                "list positions of it with amount \"0\", or drop the target",
            ));
        }
        let total = self.subjects.total;
        let (aim, drift, load) = (target.share.of(total), target.drift.of(total), self.subjects.load(&members));
        let (low, high) = (aim.saturating_sub(drift).max(0), aim.saturating_add(drift));
        let values = BTreeMap::from([("target".to_owned(), aim.to_string()), ("drift".to_owned(), drift.to_string())]);
        self.record_bounds(policy, &target.id, &target.subject, load, (Some(low), Some(high)), values);
        let drifted = !(low..=high).contains(&load);
        let (low, high) = if drifted && target.return_to == ReturnTo::Target { (aim, aim) } else { (low, high) };
        let bound = |amount| Some(Bound { amount, clause: format!("{}/{}", policy.body.version(), target.id) });
        self.subjects.bound(&target.subject, &members, bound(low), bound(high));
        self.subjects.aim(&target.subject, &members, aim);
        Ok(())
    }

    fn change(&mut self, policy: &Document<AllocationPolicy>, change: &ChangeLimit) -> Result<(), Fault> {
        let path = format!("rebalancing.changes[{}]", change.id);
        for (id, members) in self.subjects.select(policy, &path, &change.of)? {
            let load = self.subjects.load(&members);
            let steps = [
                change.max_amount.map(Amount::units),
                change.max_share.map(|share| share.of(self.subjects.total)),
                change.max_relative.map(|share| share.of(load)),
            ];
            if let Some(step) = steps.into_iter().flatten().min().filter(|_| !members.is_empty()) {
                self.subjects.step(&id, &members, step, &format!("{}/{}", policy.body.version(), change.id));
            }
        }
        Ok(())
    }

    fn safeguard(&mut self, policy: &Document<AllocationPolicy>, safeguard: &Safeguard) -> Result<(), Fault> {
        let risk = &self.inputs.risk;
        for event in risk.body.events.iter().filter(|event| event.open(self.inputs.at)) {
            if self.inputs.snapshot.body.subject(&event.subject).is_none() {
                let what = format!("there is no subject `{}`", event.subject);
                return Err(Fault::new(
                    &risk.name,
                    format!("events[{}].subject", event.id),
                    what,
                    "add it to the snapshot, or mend the name",
                ));
            }
            let kind = safeguard.kinds.is_empty() || safeguard.kinds.contains(&event.kind);
            let members = self.subjects.of_subject(&event.subject);
            if !kind || event.severity < safeguard.at_least || members.is_empty() {
                continue;
            }
            let severity = format!("{:?}", event.severity).to_lowercase();
            let values = BTreeMap::from([
                ("event".to_owned(), event.id.clone()),
                ("kind".to_owned(), event.kind.clone()),
                ("severity".to_owned(), severity),
                ("then".to_owned(), word(safeguard.then)),
            ]);
            self.follow(policy, &safeguard.id, &event.subject, &members, safeguard.then, Some(values));
        }
        Ok(())
    }

    /// Applies what follows for subjects that are not eligible or not safe, and records it.
    fn follow(
        &mut self,
        policy: &Document<AllocationPolicy>,
        clause: &str,
        subject: &str,
        members: &[usize],
        then: Consequence,
        values: Option<BTreeMap<String, String>>,
    ) {
        let name = format!("{}/{clause}", policy.body.version());
        match then {
            Consequence::ManualReview => self.manual_review = true,
            Consequence::SuspendIncreases | Consequence::SuspendChanges | Consequence::Exclude => {
                self.subjects.hold(members, then, &name);
            }
        }
        let deviation = if then == Consequence::Exclude { self.subjects.load(members) } else { 0 };
        self.records.push(Record {
            policy: policy.body.version(),
            clause: clause.to_owned(),
            subject: subject.to_owned(),
            satisfied: false,
            direction: if deviation > 0 { Direction::Above } else { Direction::Ineligible },
            deviation: Amount::new(deviation).unwrap_or_default(),
            values: values.unwrap_or_default(),
        });
    }

    fn record_bounds(
        &mut self,
        policy: &Document<AllocationPolicy>,
        clause: &str,
        subject: &str,
        load: i128,
        (floor, cap): (Option<i128>, Option<i128>),
        mut values: BTreeMap<String, String>,
    ) {
        values.insert("load".to_owned(), load.to_string());
        values.extend(cap.map(|cap| ("cap".to_owned(), cap.to_string())));
        values.extend(floor.map(|floor| ("floor".to_owned(), floor.to_string())));
        let above = cap.map_or(0, |cap| load.saturating_sub(cap).max(0));
        let below = floor.map_or(0, |floor| floor.saturating_sub(load).max(0));
        self.records.push(Record {
            policy: policy.body.version(),
            clause: clause.to_owned(),
            subject: subject.to_owned(),
            satisfied: above == 0 && below == 0,
            direction: match (above > 0, below > 0) {
                (true, _) => Direction::Above,
                (false, true) => Direction::Below,
                (false, false) => Direction::Within,
            },
            deviation: Amount::new(above.max(below)).unwrap_or_default(),
            values,
        });
    }
}

/// A consequence as documents write it.
fn word(then: Consequence) -> String {
    match then {
        Consequence::SuspendIncreases => "suspend-increases",
        Consequence::SuspendChanges => "suspend-changes",
        Consequence::Exclude => "exclude",
        Consequence::ManualReview => "manual-review",
    }
    .to_owned()
}
