//! The allocation snapshot: who holds what, where.

use super::{Amount, Body, Kind, twice};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How capital is distributed at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// `"allocation-snapshot"`
    pub kind: Kind,
    /// 1
    pub format: u32,
    /// Names this snapshot.
    pub id: String,
    /// When the amounts were so.
    #[schemars(with = "String")]
    pub taken_at: Timestamp,
    /// What amounts are counted in.
    pub unit: Unit,
    /// Networks, providers, pools, validators, and groups of them.
    pub subjects: Vec<Subject>,
    /// What is distributed, by portfolio, client or book.
    pub portfolios: Vec<Portfolio>,
}

/// What amounts are counted in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// As people say it.
    pub symbol: String,
    /// Base units are 10^-decimals of it.
    pub decimals: u8,
}

impl Unit {
    /// An amount as people say it, exactly.
    pub fn show(&self, amount: Amount) -> String {
        let (digits, places) = (amount.to_string(), usize::from(self.decimals));
        let padded = format!("{digits:0>width$}", width = places.saturating_add(1));
        let (whole, part) = padded.split_at_checked(padded.len().saturating_sub(places)).unwrap_or((&padded, ""));
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        format!("{whole}{point}{part} {}", self.symbol)
    }
}

/// Something that capital can be allocated to, or a group of such.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its name in every document.
    pub id: String,
    /// What it is.
    pub kind: SubjectKind,
    /// What it is directly part of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
}

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// Subjects that share something: a protocol family, a client software, a jurisdiction.
    Group,
    /// A network.
    Network,
    /// A provider.
    Provider,
    /// A pool or vault.
    Pool,
    /// A validator.
    Validator,
}

/// Capital that is allocated as a whole; its total is preserved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Portfolio {
    /// Its name.
    pub id: String,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The internal book that it is kept in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub book: Option<String>,
    /// The sum of its positions.
    pub total: Amount,
    /// When it was last reallocated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_moved: Option<Timestamp>,
    /// What it holds. A subject that may be allocated to and holds nothing is listed with "0".
    pub positions: Vec<Position>,
}

/// What a portfolio holds at a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The subject.
    pub subject: String,
    /// In base units.
    pub amount: Amount,
}

type Wrong = (String, String, String);

fn wrong(path: String, what: String, remedy: &str) -> Wrong {
    (path, what, remedy.to_owned())
}

impl Body for Snapshot {
    const KIND: &'static str = "allocation-snapshot";

    fn head(&self) -> (&str, u32) {
        (&self.kind.0, self.format)
    }

    fn sort(&mut self) {
        self.subjects.iter_mut().for_each(|subject| subject.within.sort());
        self.subjects.sort();
        self.portfolios.iter_mut().for_each(|portfolio| portfolio.positions.sort());
        self.portfolios.sort();
    }

    fn validate(&self) -> Result<(), Wrong> {
        if let Some(id) = twice(self.subjects.iter().map(|subject| &subject.id)) {
            return Err(wrong(format!("subjects[{id}]"), format!("{id} is there twice"), "give each subject once"));
        }
        if let Some(id) = twice(self.portfolios.iter().map(|portfolio| &portfolio.id)) {
            return Err(wrong(format!("portfolios[{id}]"), format!("{id} is there twice"), "give each portfolio once"));
        }
        let subjects: BTreeMap<&str, &Subject> = self.subjects.iter().map(|s| (s.id.as_str(), s)).collect();
        for subject in &self.subjects {
            self.validate_subject(subject, &subjects)?;
        }
        for portfolio in &self.portfolios {
            validate_portfolio(portfolio, &subjects)?;
        }
        Ok(())
    }
}

impl Snapshot {
    fn validate_subject(&self, subject: &Subject, subjects: &BTreeMap<&str, &Subject>) -> Result<(), Wrong> {
        let path = format!("subjects[{}].within", subject.id);
        // `@` marks clauses, so that a set of subjects is never taken for a subject.
        if subject.id.is_empty() || subject.id.contains(|letter: char| letter.is_whitespace() || letter == '@') {
            let what = format!("`{}` is no id", subject.id);
            return Err(wrong("subjects".to_owned(), what, "name subjects without spaces and @"));
        }
        for outer in &subject.within {
            let Some(outer) = subjects.get(outer.as_str()) else {
                return Err(wrong(
                    path,
                    format!("there is no subject `{outer}`"),
                    "add it to subjects, or mend the name",
                ));
            };
            if outer.kind > subject.kind || outer.kind == SubjectKind::Validator {
                let what = format!("a {:?} cannot lie in a {:?}", subject.kind, outer.kind).to_lowercase();
                return Err(wrong(path, what, "the order is group, network, provider, pool, validator"));
            }
        }
        let around = self
            .around(subject)
            .map_err(|circle| wrong(path.clone(), format!("{circle} contains itself"), "break the circle"))?;
        for kind in [SubjectKind::Network, SubjectKind::Provider, SubjectKind::Pool] {
            let of_kind: Vec<_> = around.iter().filter(|outer| outer.kind == kind && outer.id != subject.id).collect();
            if let [one, other, ..] = of_kind.as_slice()
                && subject.kind >= SubjectKind::Pool
            {
                let what = format!("it lies in both {} and {}", one.id, other.id);
                return Err(wrong(path, what, "name one network, one provider and one pool at most"));
            }
        }
        Ok(())
    }

    /// A subject and all that it is part of, by id.
    ///
    /// # Errors
    ///
    /// A subject that contains itself.
    pub(crate) fn around<'a>(&'a self, subject: &'a Subject) -> Result<Vec<&'a Subject>, String> {
        let mut found: Vec<&Subject> = Vec::new();
        let mut open = vec![subject];
        while let Some(next) = open.pop() {
            if found.contains(&next) {
                continue;
            }
            found.push(next);
            for outer in &next.within {
                if *outer == subject.id {
                    return Err(subject.id.clone());
                }
                open.extend(self.subject(outer));
            }
        }
        found.sort();
        Ok(found)
    }

    /// A subject by its id.
    pub fn subject(&self, id: &str) -> Option<&Subject> {
        let at = self.subjects.binary_search_by(|subject| subject.id.as_str().cmp(id)).ok()?;
        self.subjects.get(at)
    }

    /// A portfolio by its id.
    pub fn portfolio(&self, id: &str) -> Option<&Portfolio> {
        self.portfolios.iter().find(|portfolio| portfolio.id == id)
    }
}

fn validate_portfolio(portfolio: &Portfolio, subjects: &BTreeMap<&str, &Subject>) -> Result<(), Wrong> {
    let path = format!("portfolios[{}]", portfolio.id);
    if let Some(id) = twice(portfolio.positions.iter().map(|position| &position.subject)) {
        return Err(wrong(
            format!("{path}.positions"),
            format!("{id} is there twice"),
            "add its amounts up in one position",
        ));
    }
    let mut sum: i128 = 0;
    for position in &portfolio.positions {
        if !subjects.contains_key(position.subject.as_str()) {
            let what = format!("there is no subject `{}`", position.subject);
            return Err(wrong(format!("{path}.positions"), what, "add it to subjects, or mend the name"));
        }
        sum = sum.saturating_add(position.amount.units());
    }
    if sum != portfolio.total.units() {
        let what = format!("the positions add up to {sum}, the total is {}", portfolio.total);
        return Err(wrong(format!("{path}.total"), what, "take both from one source at one time"));
    }
    Ok(())
}
