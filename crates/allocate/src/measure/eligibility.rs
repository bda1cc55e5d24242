//! Who may be allocated to.

use super::Measure;
use crate::documents::{
    AllocationPolicy, Amount, Decimal, Direction, Document, Eligibility, Fault, Profile, Record, Requirement,
};
use crate::measure::later;
use std::collections::BTreeMap;

impl Measure<'_, '_> {
    pub(super) fn eligibility(
        &mut self,
        policy: &Document<AllocationPolicy>,
        clause: &Eligibility,
    ) -> Result<(), Fault> {
        let path = format!("eligibility[{}]", clause.id);
        for (subject, members) in self.subjects.select(policy, &path, &clause.of)? {
            if members.is_empty() {
                continue;
            }
            let mut values = BTreeMap::new();
            let mut eligible = true;
            for requirement in &clause.require {
                let (name, value, holds) = self.test(policy, &subject, requirement)?;
                eligible &= holds;
                values.insert(name, if holds { value } else { format!("{value}: not met") });
            }
            if !eligible {
                values.insert("then".to_owned(), super::word(clause.otherwise));
                self.follow(policy, &clause.id, &subject, &members, clause.otherwise, Some(values));
                continue;
            }
            self.records.push(Record {
                policy: policy.body.version(),
                clause: clause.id.clone(),
                subject,
                satisfied: true,
                direction: Direction::Within,
                deviation: Amount::default(),
                values,
            });
        }
        Ok(())
    }

    /// What was tested, the value with what was asked for, and whether it holds.
    fn test(
        &self,
        policy: &Document<AllocationPolicy>,
        subject: &str,
        requirement: &Requirement,
    ) -> Result<(String, String, bool), Fault> {
        Ok(match requirement {
            Requirement::Metric { name, at_least, at_most } => {
                let profile = self.profile(policy, subject)?;
                let value = self.value(subject, "metrics", name, profile.metrics.get(name))?;
                let (text, holds) = range(*value, *at_least, *at_most);
                (format!("metric {name}"), text, holds)
            }
            Requirement::Factor { name, at_least, at_most } => {
                let profile = self.profile(policy, subject)?;
                let value = self.value(subject, "factors", name, profile.factors.get(name))?;
                let (text, holds) = range(*value, *at_least, *at_most);
                (format!("factor {name}"), text, holds)
            }
            Requirement::Bucket { name, none_of } => {
                let profile = self.profile(policy, subject)?;
                let bucket = self.value(subject, "buckets", name, profile.buckets.get(name))?;
                let text = format!("{bucket}, none of {}", none_of.join(", "));
                (format!("bucket {name}"), text, !none_of.contains(bucket))
            }
            Requirement::NoEvent { kinds } => {
                let around = self.subjects.around(subject);
                let events = self.inputs.risk.body.events.iter().filter(|event| event.open(self.inputs.at));
                let open: Vec<_> = events
                    .filter(|event| kinds.contains(&event.kind) && around.iter().any(|outer| outer.id == event.subject))
                    .map(|event| event.id.as_str())
                    .collect();
                let text = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
                (format!("events {}", kinds.join(", ")), text, open.is_empty())
            }
        })
    }

    /// A subject's profile, of the right model and fresh.
    fn profile(&self, policy: &Document<AllocationPolicy>, subject: &str) -> Result<&Profile, Fault> {
        let risk = &self.inputs.risk;
        let path = format!("profiles[{subject}]");
        let wrong = |path: String, what: String, remedy: String| Fault::new(&risk.name, path, what, remedy);
        let asks = policy.body.version();
        let rules = policy.body.risk.as_ref().ok_or_else(|| {
            Fault::new(&policy.name, "risk", "it reads risk profiles of no model", "add [risk] with model and max_age")
        })?;
        let Some(profile) = risk.body.profile(subject) else {
            let what = format!("{asks} judges {subject}, and it has no profile");
            return Err(wrong(path, what, format!("add its profile of {}; none counts as good", rules.model)));
        };
        if profile.at > self.inputs.at {
            let what = format!("it is of {}, after the evaluation", profile.at);
            return Err(wrong(format!("{path}.at"), what, "give a profile from before".to_owned()));
        }
        if later(profile.at, rules.max_age.seconds()) < self.inputs.at {
            let what = format!("it is of {}, older than {}, which {asks} allows", profile.at, rules.max_age);
            return Err(wrong(format!("{path}.at"), what, format!("measure {subject} again")));
        }
        Ok(profile)
    }

    fn value<'v, T>(&self, subject: &str, part: &str, name: &str, value: Option<&'v T>) -> Result<&'v T, Fault> {
        value.ok_or_else(|| {
            let path = format!("profiles[{subject}].{part}.{name}");
            Fault::new(&self.inputs.risk.name, path, "it is missing", "measure it; nothing missing counts as good")
        })
    }
}

fn range(value: Decimal, at_least: Option<Decimal>, at_most: Option<Decimal>) -> (String, bool) {
    let mut text = value.to_string();
    if let Some(least) = at_least {
        text.push_str(&format!(", at least {least}"));
    }
    if let Some(most) = at_most {
        text.push_str(&format!(", at most {most}"));
    }
    (text, at_least.is_none_or(|least| value >= least) && at_most.is_none_or(|most| value <= most))
}
