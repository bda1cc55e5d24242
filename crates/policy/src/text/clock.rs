//! Times of the day.

use super::account::Complaint;

/// Reads `HH:MM` or `HH:MM:SS`, up to `24:00`, in seconds since midnight.
pub(crate) fn parse_clock(text: &str) -> Result<u32, Complaint> {
    let number = |text: &str, most: u32| {
        let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse::<u32>().ok())?.filter(|number| *number <= most)
    };
    let parts: Vec<&str> = text.split(':').collect();
    let read = match parts.as_slice() {
        ["24", "00"] | ["24", "00", "00"] => Some((24, 0, 0)),
        [hour, minute] => number(hour, 23).zip(number(minute, 59)).map(|(hour, minute)| (hour, minute, 0)),
        [hour, minute, second] => match (number(hour, 23), number(minute, 59), number(second, 59)) {
            (Some(hour), Some(minute), Some(second)) => Some((hour, minute, second)),
            _ => None,
        },
        _ => None,
    };
    let seconds = |(hour, minute, second): (u32, u32, u32)| {
        hour.checked_mul(3_600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)
    };
    read.and_then(seconds).ok_or_else(|| {
        let help = "write hours and minutes of the UTC day, like `09:00`, with seconds where they matter";
        (format!("`{text}` is not a time of the day"), help.to_owned())
    })
}

/// Writes seconds since midnight.
pub(crate) fn format_clock(seconds: u32) -> String {
    let part = |unit: u32, of: u32| seconds.checked_div(unit).and_then(|part| part.checked_rem(of)).unwrap_or(0);
    let (hour, minute, second) = (part(3_600, 25), part(60, 60), part(1, 60));
    if second == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{second:02}") }
}
