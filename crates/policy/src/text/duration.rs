//! Durations: a whole number and a unit.

use super::account::Complaint;

const UNITS: [(char, u32); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a duration above zero, in seconds.
pub(crate) fn parse_duration(text: &str) -> Result<u32, Complaint> {
    let read = || {
        let (at, unit) = text.char_indices().next_back()?;
        let (number, _) = text.split_at_checked(at)?;
        let (_, seconds) = UNITS.into_iter().find(|(letter, _)| *letter == unit)?;
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        Some((plain.then(|| number.parse::<u64>().ok())??, seconds))
    };
    let Some((number, seconds)) = read() else {
        return Err((
            format!("`{text}` is not a duration"),
            "write a whole number and one of `s`, `m`, `h`, `d`, `w`, like `24h`".to_owned(),
        ));
    };
    match number.checked_mul(u64::from(seconds)).and_then(|total| u32::try_from(total).ok()) {
        Some(0) => Err(("the duration is zero".to_owned(), "write at least `1s`, or leave the key out".to_owned())),
        Some(total) => Ok(total),
        None => Err((format!("`{text}` is too long"), format!("write at most `{}s`", u32::MAX))),
    }
}

/// Writes seconds with the unit people count in: hours up to three days, else the longest that divides.
pub(crate) fn format_duration(seconds: u32) -> String {
    let divides = |unit: u32| seconds.checked_rem(unit) == Some(0);
    let in_days = seconds > 259_200;
    UNITS
        .into_iter()
        .filter(|(letter, _)| *letter != 'w' && (in_days || *letter != 'd'))
        .find(|(_, unit)| divides(*unit))
        .and_then(|(letter, unit)| Some(format!("{}{letter}", seconds.checked_div(unit)?)))
        .unwrap_or_else(|| format!("{seconds}s"))
}
