//! Reads and writes times as people do.

use sealed_session::UnixTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::object::Object;

/// Reads an RFC 3339 time or seconds since the Unix epoch.
pub(crate) fn parse(text: &str) -> Result<UnixTime, &'static str> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if is_digits { text.parse().ok() } else { rfc3339(text) };
    seconds.and_then(UnixTime::from_secs).ok_or("must be RFC 3339 such as 2026-01-31T12:00:00Z, or seconds since 1970")
}

fn rfc3339(text: &str) -> Option<u64> {
    OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp().try_into().ok()
}

/// Writes a time as text, absolute and relative to `now`.
pub(crate) fn text(time: UnixTime, now: UnixTime) -> String {
    let span = span(time.as_secs().abs_diff(now.as_secs()));
    match time.cmp(&now) {
        std::cmp::Ordering::Less => format!("{time} ({span} ago)"),
        std::cmp::Ordering::Equal => format!("{time} (now)"),
        std::cmp::Ordering::Greater => format!("{time} (in {span})"),
    }
}

/// Writes a time as JSON. Past the year 9999, `rfc3339` is null, since RFC 3339 has no form for such a time.
pub(crate) fn json(time: UnixTime, now: UnixTime) -> Object {
    let rfc3339 = Some(time.to_string()).filter(|text| text.ends_with('Z'));
    let seconds = |time: UnixTime| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Object::default()
        .with("rfc3339", rfc3339)
        .with("unix", time.as_secs())
        .with("seconds_from_now", seconds(time).saturating_sub(seconds(now)))
}

/// Writes a number of seconds in its two largest units, such as `1 h 30 min`.
pub(crate) fn span(seconds: u64) -> String {
    let days = seconds / (24 * 60 * 60);
    let parts = [
        (days, if days == 1 { "day" } else { "days" }),
        (seconds / (60 * 60) % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let from_largest = parts.iter().skip_while(|(count, _)| *count == 0).take(2);
    let shown: Vec<_> =
        from_largest.filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    if shown.is_empty() { "0 s".to_owned() } else { shown.join(" ") }
}
