//! What an evaluation is made from, and which policies are in force.

use crate::documents::{AllocationPolicy, Document, Fault, Portfolio, Risk, Snapshot, State};
use jiff::Timestamp;

/// Documents, a portfolio and a time: everything that an evaluation depends on.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Who holds what.
    pub snapshot: &'a Document<Snapshot>,
    /// What is known of subjects.
    pub risk: &'a Document<Risk>,
    /// Revisions of policies, in force or not, in any order.
    pub policies: &'a [Document<AllocationPolicy>],
    /// The portfolio.
    pub portfolio: &'a str,
    /// The time of the evaluation.
    pub at: Timestamp,
    /// A trial: the newest revision of each policy counts, in force or not. No proposal comes of it.
    pub trial: bool,
}

impl<'a> Inputs<'a> {
    /// The portfolio's positions.
    pub(crate) fn holdings(&self) -> Result<&'a Portfolio, Fault> {
        self.snapshot.body.portfolio(self.portfolio).ok_or_else(|| {
            let known: Vec<_> = self.snapshot.body.portfolios.iter().map(|portfolio| portfolio.id.as_str()).collect();
            let what = format!("there is no portfolio `{}`", self.portfolio);
            Fault::new(&self.snapshot.name, "portfolios", what, format!("name one of {}", known.join(", ")))
        })
    }

    /// No document may be from after the evaluation.
    pub(crate) fn check_times(&self) -> Result<(), Fault> {
        let remedy = format!("evaluate at a later time than {}, or give an older document", self.at);
        if self.snapshot.body.taken_at > self.at {
            let what = format!("it was taken at {}, after the evaluation", self.snapshot.body.taken_at);
            return Err(Fault::new(&self.snapshot.name, "taken_at", what, remedy));
        }
        if self.risk.body.computed_at > self.at {
            let what = format!("it was computed at {}, after the evaluation", self.risk.body.computed_at);
            return Err(Fault::new(&self.risk.name, "computed_at", what, remedy));
        }
        Ok(())
    }

    /// The policies that govern the portfolio at the time, by id.
    ///
    /// # Errors
    ///
    /// Two revisions in force at once, or a revision that was edited in place.
    pub fn in_force(&self) -> Result<Vec<&'a Document<AllocationPolicy>>, Fault> {
        let mut all: Vec<_> = self.policies.iter().collect();
        all.sort_by_key(|policy| (&policy.body.id, policy.body.revision, policy.hash));
        all.dedup_by_key(|policy| (&policy.body.id, policy.body.revision, policy.hash));
        for pair in all.windows(2) {
            if let [one, other] = pair
                && (&one.body.id, one.body.revision) == (&other.body.id, other.body.revision)
            {
                let what = format!("{} also exists as {}, with other content", other.body.version(), one.name);
                return Err(Fault::new(&other.name, "revision", what, "give a changed policy the next revision"));
            }
        }
        if self.trial {
            all.reverse();
            all.dedup_by_key(|policy| &policy.body.id);
            all.reverse();
            all.retain(|policy| policy.body.state(self.at) != State::Retired);
        } else {
            all.retain(|policy| policy.body.state(self.at) == State::InForce);
        }
        for pair in all.windows(2) {
            if let [one, other] = pair
                && one.body.id == other.body.id
            {
                let what = format!("{} is in force at {} too", one.body.version(), self.at);
                return Err(Fault::new(
                    &other.name,
                    "lifecycle",
                    what,
                    "retire the older revision when the newer begins",
                ));
            }
        }
        let portfolio = self.holdings()?;
        let among = |list: &[String], id: Option<&String>| list.is_empty() || id.is_some_and(|id| list.contains(id));
        all.retain(|policy| {
            let scope = &policy.body.scope;
            among(&scope.portfolios, Some(&portfolio.id))
                && among(&scope.clients, portfolio.client.as_ref())
                && among(&scope.books, portfolio.book.as_ref())
        });
        if all.is_empty() {
            let what = format!("no policy is in force for portfolio `{}` at {}", portfolio.id, self.at);
            return Err(Fault::new("policies", "lifecycle", what, "give a policy that is in force for it"));
        }
        Ok(all)
    }
}
