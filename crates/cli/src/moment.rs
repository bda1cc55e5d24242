//! Times and durations as people type them.

use eyre::{Result, eyre};

const DAY: u64 = 86_400;

/// Seconds since 1970, or a time in UTC such as `2026-01-31T09:00:00Z`.
pub(crate) fn moment(text: &str) -> Result<u64, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| "it is beyond all time".to_owned());
    }
    in_utc(text).ok_or_else(|| "write seconds since 1970, or a time like 2026-01-31T09:00:00Z".to_owned())
}

fn in_utc(text: &str) -> Option<u64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    // Years are counted from 1 March, so that the leap day ends one.
    let (year, month_of_year) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let days = year.checked_mul(365)?.checked_add(year / 4)?.checked_sub(year / 100)?.checked_add(year / 400)?;
    let days =
        days.checked_add(month_of_year.checked_mul(153)?.checked_add(2)? / 5)?.checked_add(day.checked_sub(1)?)?;
    let clock = hour.checked_mul(3_600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    let seconds = days.checked_sub(719_468)?.checked_mul(DAY)?.checked_add(clock)?;
    // The thirtieth of February would be another day.
    let again = crate::units::time(seconds).replacen(' ', "T", 1).replace(" UTC", "Z");
    (again == text).then_some(seconds)
}

fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u64; N]> {
    let parts: Vec<_> = text.split(between).collect();
    let parts: [&str; N] = parts.try_into().ok()?;
    let is_written = |(part, count): (&&str, &usize)| part.len() == *count && part.bytes().all(|b| b.is_ascii_digit());
    if !parts.iter().zip(&digits).all(is_written) {
        return None;
    }
    let mut numbers = [0; N];
    for (number, part) in numbers.iter_mut().zip(parts) {
        *number = part.parse().ok()?;
    }
    Some(numbers)
}

/// A whole number and `s`, `min`, `h`, `d` or `w`.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    let read = || {
        let unit = text.trim_start_matches(|character: char| character.is_ascii_digit());
        let length = match unit {
            "s" => 1,
            "min" => 60,
            "h" => 3_600,
            "d" => DAY,
            "w" => 7 * DAY,
            _ => return Err(eyre!("a unit is missing")),
        };
        let count: u64 = text.strip_suffix(unit).unwrap_or_default().parse()?;
        count.checked_mul(length).ok_or_else(|| eyre!("it is beyond all time"))
    };
    read().map_err(|_| "write a whole number and a unit, like 24h: s, min, h, d or w".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_dates_that_exist() {
        for (text, seconds) in [
            ("1767225600", 1_767_225_600),
            ("2026-01-01T00:00:00Z", 1_767_225_600),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("1970-01-01T00:00:00Z", 0),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(moment(text), Ok(seconds), "{text}");
        }
        for text in ["", "-1", "soon", "2025-02-29T00:00:00Z", "2026-01-01", "2026-01-01T24:00:00Z", "2026-1-1T0:0:0Z"]
        {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(["24h", "90min", "7d", "1w", "5s"].map(duration), [86_400, 5_400, 604_800, 604_800, 5].map(Ok));
        for text in ["", "24", "h", "1.5h", "-1h", "99999999999999999999d", "18446744073709551615w", "1 h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
