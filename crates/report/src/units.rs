//! Amounts, times and durations as people read them.

use alloy_primitives::U256;

const DAY: u64 = 86_400;

/// `4000000000` with 6 decimals is `4,000.00`.
#[must_use]
pub fn amount(value: U256, decimals: u8) -> String {
    let places = usize::from(decimals);
    let digits = format!("{:0>width$}", value.to_string(), width = places.saturating_add(1));
    let (whole, part) = digits.split_at_checked(digits.len().saturating_sub(places)).unwrap_or((&digits, ""));
    let kept = part.trim_end_matches('0').len().max(places.min(2));
    let part = part.get(..kept).unwrap_or(part);
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && whole.len().saturating_sub(index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if part.is_empty() { grouped } else { format!("{grouped}.{part}") }
}

/// Seconds in the largest units that say them exactly.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let parts = [(seconds / 3_600, "h"), (seconds % 3_600 / 60, "min"), (seconds % 60, "s")];
    let shown: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    if shown.is_empty() { "0 s".to_owned() } else { shown.join(" ") }
}

/// Seconds since 1970 as `2026-01-01 09:00:00 UTC`.
#[must_use]
pub fn time(seconds: u64) -> String {
    // Counted from 1 March of year 0, so that the leap day ends the year.
    let days = seconds / DAY + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let clock = seconds % DAY;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", clock / 3_600, clock % 3_600 / 60, clock % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_at_every_size() {
        assert_eq!(amount(U256::from(4_000_000_000_u64), 6), "4,000.00");
        assert_eq!(amount(U256::from(1), 6), "0.000001");
        assert_eq!(amount(U256::from(1_234_567), 0), "1,234,567");
        assert_eq!(amount(U256::from(15), 1), "1.5");
        assert_eq!(amount(U256::ZERO, 18), "0.00");
        assert_eq!(amount(U256::MAX, 0).replace(',', ""), U256::MAX.to_string());
    }

    #[test]
    fn times_are_dates() {
        assert_eq!(time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(time(1_767_225_600), "2026-01-01 00:00:00 UTC");
        assert_eq!(time(1_709_251_199), "2024-02-29 23:59:59 UTC");
        assert_eq!(time(4_107_542_400), "2100-03-01 00:00:00 UTC");
    }

    #[test]
    fn durations_are_exact() {
        assert_eq!(duration(0), "0 s");
        assert_eq!(duration(172_800), "48 h");
        assert_eq!(duration(5_430), "1 h 30 min 30 s");
    }
}
