//! A figure beside what is asked of it, as every bench tells it in JSON.

use serde_json::{Value, json};

/// A value that should be no more than a bound, or no less.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) value: f64,
    pub(crate) at_most: Option<f64>,
    pub(crate) at_least: Option<f64>,
}

impl Figure {
    pub(crate) fn at_most(name: impl Into<String>, value: f64, unit: impl Into<String>, bound: f64) -> Self {
        Self { name: name.into(), unit: unit.into(), value, at_most: Some(bound), at_least: None }
    }

    pub(crate) fn at_least(name: impl Into<String>, value: f64, unit: impl Into<String>, bound: f64) -> Self {
        Self { name: name.into(), unit: unit.into(), value, at_most: None, at_least: Some(bound) }
    }

    /// What was not measured is no number, and meets nothing.
    pub(crate) fn met(&self) -> bool {
        let most = self.at_most.is_none_or(|bound| self.value <= bound);
        most && self.at_least.is_none_or(|bound| self.value >= bound)
    }

    pub(crate) fn json(&self) -> Value {
        let mut object = json!({ "name": self.name, "unit": self.unit, "value": self.value });
        for (key, bound) in [("at_most", self.at_most), ("at_least", self.at_least)] {
            if let Some(bound) = bound {
                object[key] = json!(bound);
            }
        }
        object
    }
}
