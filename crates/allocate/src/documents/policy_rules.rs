//! What types do not say of a policy: its order, and what would make it mean nothing.

use super::policy::{AllocationPolicy, Requirement, Stage, State};
use super::{Body, twice};

impl Body for AllocationPolicy {
    const KIND: &'static str = "allocation-policy";

    fn head(&self) -> (&str, u32) {
        (&self.kind.0, self.format)
    }

    fn sort(&mut self) {
        for list in [&mut self.scope.portfolios, &mut self.scope.clients, &mut self.scope.books] {
            list.sort();
        }
        self.lifecycle.sort_by_key(|stage| (stage.at, stage.state));
        let changes = self.rebalancing.iter_mut().flat_map(|rebalancing| rebalancing.changes.iter_mut());
        let selects = self.eligibility.iter_mut().map(|clause| &mut clause.of);
        let selects = selects.chain(self.limits.iter_mut().map(|clause| &mut clause.of));
        for select in selects.chain(changes.map(|clause| &mut clause.of)) {
            select.subjects.sort();
            select.within.sort();
        }
        for requirement in self.eligibility.iter_mut().flat_map(|clause| clause.require.iter_mut()) {
            match requirement {
                Requirement::Bucket { none_of: list, .. } | Requirement::NoEvent { kinds: list } => list.sort(),
                Requirement::Metric { .. } | Requirement::Factor { .. } => {}
            }
        }
        for clause in &mut self.eligibility {
            clause.require.sort_by_cached_key(|requirement| serde_json::to_string(requirement).unwrap_or_default());
        }
        self.eligibility.sort_by(|one, other| one.id.cmp(&other.id));
        self.limits.sort_by(|one, other| one.id.cmp(&other.id));
        self.targets.sort_by(|one, other| one.id.cmp(&other.id));
        if let Some(rebalancing) = &mut self.rebalancing {
            rebalancing.changes.sort_by(|one, other| one.id.cmp(&other.id));
        }
        self.safeguards.iter_mut().for_each(|safeguard| safeguard.kinds.sort());
        self.safeguards.sort_by(|one, other| one.id.cmp(&other.id));
        for alert in &mut self.alerts {
            alert.clauses.sort();
            alert.notify.sort();
        }
        self.alerts.sort_by(|one, other| one.id.cmp(&other.id));
    }

    fn validate(&self) -> Result<(), (String, String, String)> {
        let wrong = |path: String, what: &str, remedy: &str| Err((path, what.to_owned(), remedy.to_owned()));
        let changes = self.rebalancing.iter().flat_map(|rebalancing| &rebalancing.changes);
        let mut ids: Vec<&String> = self.eligibility.iter().map(|clause| &clause.id).collect();
        ids.extend(self.limits.iter().map(|clause| &clause.id));
        ids.extend(self.targets.iter().map(|clause| &clause.id));
        ids.extend(changes.clone().map(|clause| &clause.id));
        ids.extend(self.safeguards.iter().map(|clause| &clause.id));
        ids.sort();
        if let Some(id) = twice(ids.iter()) {
            return wrong((*id).clone(), "two clauses have this id", "give each clause an id of its own");
        }
        check_lifecycle(&self.lifecycle)?;
        for limit in &self.limits {
            if [limit.max_share, limit.min_share] == [None; 2] && [limit.max_amount, limit.min_amount] == [None; 2] {
                return wrong(
                    format!("limits[{}]", limit.id),
                    "it limits nothing",
                    "give max_share, max_amount, min_share or min_amount",
                );
            }
        }
        for change in changes {
            if [change.max_share, change.max_relative] == [None; 2] && change.max_amount.is_none() {
                return wrong(
                    format!("rebalancing.changes[{}]", change.id),
                    "it limits nothing",
                    "give max_amount, max_share or max_relative",
                );
            }
        }
        if let Some(clause) = self.eligibility.iter().find(|clause| clause.require.is_empty()) {
            return wrong(
                format!("eligibility[{}].require", clause.id),
                "it requires nothing",
                "give a requirement, or leave the clause out",
            );
        }
        if self.rebalancing.as_ref().is_some_and(|rebalancing| rebalancing.window.seconds() == 0) {
            return wrong(
                "rebalancing.window".to_owned(),
                "it has no length",
                "write how long a window lasts, as \"24h\"",
            );
        }
        if let Some(alert) = self.alerts.iter().find(|alert| alert.clauses.iter().any(|id| !ids.contains(&id))) {
            return wrong(
                format!("alerts[{}].clauses", alert.id),
                "it names a clause that is not there",
                "name clauses of this policy",
            );
        }
        let reads_profiles = |requirement: &Requirement| !matches!(requirement, Requirement::NoEvent { .. });
        let unread = self.eligibility.iter().find(|clause| clause.require.iter().any(reads_profiles));
        match unread {
            Some(clause) if self.risk.is_none() => wrong(
                format!("eligibility[{}]", clause.id),
                "it reads risk profiles of no model",
                "add [risk] with model and max_age",
            ),
            _ => Ok(()),
        }
    }
}

/// States follow each other, and nothing is in force that was never approved.
pub(super) fn check_lifecycle(lifecycle: &[Stage]) -> Result<(), (String, String, String)> {
    let wrong = |what: &str, remedy: &str| Err(("lifecycle".to_owned(), what.to_owned(), remedy.to_owned()));
    for stages in lifecycle.windows(2) {
        if let [one, next] = stages
            && next.state <= one.state
        {
            return wrong("a state does not follow the one before", "the order is draft, approved, in-force, retired");
        }
    }
    let has = |state| lifecycle.iter().any(|stage| stage.state == state);
    if has(State::InForce) && !has(State::Approved) {
        return wrong("it is in force and was never approved", "add who approved it, and when");
    }
    Ok(())
}
