//! Values of facts, read: exact, without floats.

use alloy_primitives::U256;

use crate::{Amount, Comparison, FactKind, FactTest, FactValue};

/// A value as it is compared. Numbers are scaled by their decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Number(U256),
    Text(String),
    Boolean(bool),
}

impl Value {
    /// None for a value of another type, with too many decimals, or too large.
    pub(crate) fn read(kind: FactKind, value: &FactValue) -> Option<Self> {
        match (kind, value) {
            (FactKind::Number { decimals }, FactValue::Text(text)) => {
                Amount::new(text).and_then(|amount| amount.base_units(decimals)).ok().map(Self::Number)
            }
            (FactKind::Text, FactValue::Text(text)) => Some(Self::Text(text.clone())),
            (FactKind::Boolean, FactValue::Boolean(value)) => Some(Self::Boolean(*value)),
            _ => None,
        }
    }

    /// Whether what is asked of it holds. None where that cannot be asked of such a value.
    pub(crate) fn meets(&self, kind: FactKind, test: &FactTest) -> Option<bool> {
        let (comparison, other) = match test {
            FactTest::In(texts) => {
                return match self {
                    Self::Text(text) => Some(texts.contains(text)),
                    _ => None,
                };
            }
            FactTest::Compare(comparison, other) => (*comparison, Self::read(kind, other)?),
        };
        match (comparison, self, &other) {
            (Comparison::Equals, one, other) => Some(one == other),
            (Comparison::NotEquals, Self::Number(_) | Self::Text(_), other) => Some(self != other),
            (Comparison::LessThan, Self::Number(one), Self::Number(other)) => Some(one < other),
            (Comparison::AtMost, Self::Number(one), Self::Number(other)) => Some(one <= other),
            (Comparison::MoreThan, Self::Number(one), Self::Number(other)) => Some(one > other),
            (Comparison::AtLeast, Self::Number(one), Self::Number(other)) => Some(one >= other),
            _ => None,
        }
    }
}
