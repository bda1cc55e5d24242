//! What benches found, on record in `evidence/` for as long as the source that it is about stays the same.

use crate::{record, tools};
use eyre::{Result, eyre};
use serde_json::{Value, json};

/// A bench that can be put on record.
pub(crate) struct Bench {
    /// What its figures are about.
    pub(crate) name: &'static str,
    file: &'static str,
    sources: &'static [&'static str],
}

pub(crate) const SIMULATE: Bench = Bench {
    name: "simulation",
    file: "evidence/bench-simulate.json",
    sources: &[
        "crates/simulate/src/",
        "crates/eval/src/",
        "crates/cli/src/fork/",
        "crates/cli/benches/",
        "benches/fork-db/",
    ],
};
pub(crate) const EVAL: Bench = Bench {
    name: "decisions",
    file: "evidence/bench-eval.json",
    sources: &["crates/eval/src/", "crates/policy/src/", "benches/src/"],
};
pub(crate) const ALLOCATE: Bench = Bench {
    name: "allocation",
    file: "evidence/bench-allocate.json",
    sources: &["crates/allocate/src/", "benches/src/"],
};
pub(crate) const AGREE: Bench =
    Bench { name: "allocation", file: "evidence/bench-agree.json", sources: &["crates/allocate/src/", "benches/src/"] };

/// A figure on record.
pub(crate) struct Recorded {
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) value: String,
    pub(crate) met: bool,
}

impl Bench {
    /// Completes what a bench printed; returns the figures that it missed.
    pub(crate) fn complete(&self, found: &mut Value) -> Result<Vec<String>> {
        let more = json!({
            "format_version": "1.0", "source": record::source(self.sources)?, "date": record::today()?,
            "machine": tools::machine(),
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            record::set(found, key, value.clone())?;
        }
        Ok(figures(found)?.into_iter().filter(|one| !one.met).map(|one| one.name).collect())
    }

    pub(crate) fn keep(&self, found: &Value) -> Result<()> {
        record::write(self.file, found)
    }

    /// The figures on record of this very source.
    pub(crate) fn recorded(&self) -> Result<Vec<Recorded>> {
        let source = record::source(self.sources)?;
        let whole = record::read(self.file).filter(|one| tools::at(one, "source").as_str() == Some(&source));
        whole.map_or(Ok(Vec::new()), |whole| figures(&whole))
    }
}

fn figures(whole: &Value) -> Result<Vec<Recorded>> {
    let figure = |one: &Value| -> Option<Recorded> {
        let text = |key| tools::at(one, key).as_str().map(str::to_owned);
        let (unit, value) = (text("unit")?, tools::at(one, "value").as_f64()?);
        let (most, least) = (tools::at(one, "at_most").as_f64(), tools::at(one, "at_least").as_f64());
        let (sign, target, met) = match (most, least) {
            (Some(most), None) => ("<=", most, value <= most),
            (None, Some(least)) => (">=", least, value >= least),
            _ => return None,
        };
        Some(Recorded {
            name: text("name")?,
            target: format!("{sign} {target} {unit}"),
            value: format!("{value:.3} {unit}"),
            met,
        })
    };
    let all = tools::at(whole, "figures").as_array().map(|all| all.iter().map(figure).collect::<Option<Vec<_>>>());
    all.flatten().filter(|all| !all.is_empty()).ok_or_else(|| eyre!("the bench told no figures"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_met_by_its_value_and_not_by_what_the_record_says() {
        let whole = json!({ "figures": [
            { "name": "a", "unit": "ms", "value": 2.0, "at_most": 1.0, "met": true },
            { "name": "b", "unit": "times", "value": 6.0, "at_least": 5.0, "met": false },
        ] });
        let met: Vec<bool> = figures(&whole).unwrap().iter().map(|one| one.met).collect();
        assert_eq!(met, [false, true]);
        assert!(figures(&json!({ "figures": [{ "name": "a" }] })).is_err() && figures(&json!({})).is_err());
    }
}
