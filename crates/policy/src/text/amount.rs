//! Exact decimal amounts.

use alloy_primitives::U256;

/// A decimal amount in units of an asset, as written: digits, `_` between digits, at most one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount(String);

/// Why an amount does not convert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("`{0}` is not a decimal amount")]
    NotDecimal(String),
    /// More digits behind the point than the asset has.
    #[error("`{text}` has {found} decimals, the asset has {decimals}")]
    TooManyDecimals {
        /// The amount as written.
        text: String,
        /// Digits behind its point.
        found: usize,
        /// The asset's decimals.
        decimals: u8,
    },
    /// 2^256 base units or more.
    #[error("`{0}` is above 2^256 - 1 base units")]
    TooLarge(String),
}

impl Amount {
    /// Reads a decimal amount.
    ///
    /// # Errors
    /// [`AmountError::NotDecimal`].
    pub fn new(text: &str) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if is_digits(whole) && is_digits(fraction) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AmountError::NotDecimal(text.to_owned()))
        }
    }

    /// An amount of an asset with no decimals.
    #[must_use]
    pub fn from_base_units(value: U256) -> Self {
        Self(value.to_string())
    }

    /// The amount as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Base units of an asset with this many decimals, exactly.
    ///
    /// # Errors
    /// [`AmountError::TooManyDecimals`], [`AmountError::TooLarge`].
    pub fn base_units(&self, decimals: u8) -> Result<U256, AmountError> {
        let plain = self.0.replace('_', "");
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let Some(padding) = usize::from(decimals).checked_sub(fraction.len()) else {
            return Err(AmountError::TooManyDecimals { text: self.0.clone(), found: fraction.len(), decimals });
        };
        let digits = format!("{whole}{fraction}{}", "0".repeat(padding));
        U256::from_str_radix(&digits, 10).map_err(|_| AmountError::TooLarge(self.0.clone()))
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// ASCII digits in runs separated by single underscores.
fn is_digits(text: &str) -> bool {
    text.split('_').all(|run| !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_digit()))
}
