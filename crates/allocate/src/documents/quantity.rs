//! Numbers in documents: always text, always exact.

use alloy_primitives::U256;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// An amount in base units: a decimal string, not negative, at most 2^120.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

/// A signed difference of amounts, as a decimal string with its sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change(pub i128);

/// A share in hundredths of a percent, written as `"12.5%"`; at most 100 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

/// A metric or score: a decimal string with up to nine decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

/// A time span in whole units, as `"90s"`, `"30m"`, `"24h"` or `"7d"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(i64);

const WHOLE: i128 = 10_000;
const DECIMALS: usize = 9;

impl Amount {
    /// The largest: 2^120, 1.3·10^36.
    pub const LARGEST: i128 = 1 << 120;

    /// An amount that is in range.
    pub fn new(units: i128) -> Option<Self> {
        (0..=Self::LARGEST).contains(&units).then_some(Self(units))
    }

    /// In base units.
    pub fn units(self) -> i128 {
        self.0
    }
}

impl Share {
    /// `⌊total · share⌋`, exactly.
    pub fn of(self, total: i128) -> i128 {
        let share = i128::from(self.0);
        let (whole, rest) = (total.div_euclid(WHOLE), total.rem_euclid(WHOLE));
        whole.saturating_mul(share).saturating_add(rest.saturating_mul(share).div_euclid(WHOLE))
    }

    /// `⌊part / total⌋` in hundredths of a percent; nothing of nothing is nothing.
    pub fn ratio(part: i128, total: i128) -> Self {
        let wide = |amount: i128| U256::from(amount.unsigned_abs());
        let ratio = (wide(part).saturating_mul(wide(WHOLE))).checked_div(wide(total)).unwrap_or_default();
        Self(ratio.saturating_to())
    }

    /// In hundredths of a percent.
    pub fn basis_points(self) -> u32 {
        self.0
    }
}

impl Period {
    /// In seconds.
    pub fn seconds(self) -> i64 {
        self.0
    }
}

/// Digits without a sign, underscores between them allowed.
fn digits(text: &str) -> Option<String> {
    let plain = text.replace('_', "");
    let sound = !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('_');
    sound.then_some(plain)
}

/// A decimal with up to `places` decimals, as an integer of the last place.
fn fixed(text: &str, places: usize) -> Option<i128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let (whole, part) = (digits(whole)?, digits(part)?);
    if part.len() > places {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

fn unfixed(value: i128, places: u32) -> String {
    let unit = 10_i128.pow(places);
    let (whole, part) = (value.div_euclid(unit), value.rem_euclid(unit));
    if part == 0 {
        return whole.to_string();
    }
    let width = usize::try_from(places).unwrap_or(0);
    format!("{whole}.{part:0width$}").trim_end_matches('0').to_owned()
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with('-') {
            return Err(format!("{text} is negative; write what is held, zero or more"));
        }
        if text.contains('.') {
            return Err(format!("{text} is fractional; write whole base units"));
        }
        let plain = digits(text).ok_or_else(|| format!("`{text}` is no amount; write whole base units in digits"))?;
        let too_large = || format!("{text} is too large; amounts end at 2^120 base units, so check the unit");
        plain.parse().ok().and_then(Self::new).ok_or_else(too_large)
    }
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no change; write whole base units with their sign");
        let (sign, plain) = text.strip_prefix('-').map_or((1, text), |plain| (-1, plain));
        let units: Amount = plain.strip_prefix('+').unwrap_or(plain).parse().map_err(|_| wrong())?;
        Ok(Self(units.0.saturating_mul(sign)))
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no share; write a percentage with up to two decimals, as \"12.5%\"");
        let share = text.strip_suffix('%').and_then(|text| fixed(text, 2)).ok_or_else(wrong)?;
        if share > WHOLE {
            return Err(format!("{text} is above 100 %; write a share of the portfolio, 100 % at most"));
        }
        u32::try_from(share).map(Self).map_err(|_| wrong())
    }
}

impl FromStr for Decimal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (sign, plain) = text.strip_prefix('-').map_or((1, text), |plain| (-1, plain));
        let wrong = || format!("`{text}` is no decimal; write digits with up to nine decimals, as \"99.95\"");
        fixed(plain, DECIMALS).map(|value| Self(value.saturating_mul(sign))).ok_or_else(wrong)
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no time span; write \"90s\", \"30m\", \"24h\" or \"7d\"");
        let units = [('s', 1_i64), ('m', 60), ('h', 3_600), ('d', 86_400)];
        let (plain, unit) = units
            .iter()
            .find_map(|(letter, seconds)| Some((text.strip_suffix(*letter)?, *seconds)))
            .ok_or_else(wrong)?;
        let count: i64 = digits(plain).and_then(|plain| plain.parse().ok()).ok_or_else(wrong)?;
        // Ten years, so that times stay times.
        count.checked_mul(unit).filter(|seconds| *seconds <= 315_360_000).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 0 { write!(f, "+{}", self.0) } else { self.0.fmt(f) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", unfixed(i128::from(self.0), 2))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", unfixed(self.0.saturating_abs(), 9))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, unit) in [('d', 86_400), ('h', 3_600), ('m', 60)] {
            if self.0 > 0 && self.0.rem_euclid(unit) == 0 {
                return write!(f, "{}{letter}", self.0.div_euclid(unit));
            }
        }
        write!(f, "{}s", self.0)
    }
}

macro_rules! as_text {
    ($name:ident, $pattern:literal, $says:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)
                    .map_err(|_| de::Error::custom(concat!("this is not text; write ", $says, " in quotes")))?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $says })
            }
        }
    };
}

as_text!(Amount, "^[0-9][0-9_]*$", "an amount in base units");
as_text!(Change, "^[+-]?[0-9]+$", "a change in base units");
as_text!(Share, "^[0-9]+([.][0-9]{1,2})?%$", "a percentage");
as_text!(Decimal, "^-?[0-9]+([.][0-9]{1,9})?$", "a decimal number");
as_text!(Period, "^[0-9]+[smhd]$", "a time span");
