//! Holds [`UnixTime`], an instant in whole seconds, and reads the operating system's clock, which no other file does.

use std::fmt;
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time: whole seconds since the Unix epoch, from 0 to 2^40 - 1 (the year 36812).
///
/// ```
/// use sealed_session::UnixTime;
/// let time = UnixTime::from_secs(1_700_000_000).unwrap();
/// assert_eq!(time.to_string(), "2023-11-14T22:13:20Z");
/// assert_eq!(UnixTime::from_secs(1 << 40), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The earliest time, 1970-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);
    /// The latest time that the format can carry, 2^40 - 1 seconds.
    pub const MAX: Self = Self((1 << 40) - 1);

    /// Returns the time `seconds` after the Unix epoch, or `None` when that is past [`UnixTime::MAX`].
    ///
    /// ```
    /// use sealed_session::UnixTime;
    /// assert_eq!(UnixTime::from_secs(0), Some(UnixTime::MIN));
    /// assert_eq!(UnixTime::from_secs(UnixTime::MAX.as_secs() + 1), None);
    /// ```
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Option<Self> {
        if seconds <= Self::MAX.0 { Some(Self(seconds)) } else { None }
    }

    /// Returns the seconds since the Unix epoch.
    ///
    /// ```
    /// use sealed_session::UnixTime;
    /// let time = UnixTime::from_secs(1_700_000_000).unwrap();
    /// assert_eq!(time.as_secs(), 1_700_000_000);
    /// ```
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// Adds the whole seconds of `duration`. Returns `None` when the sum is past [`UnixTime::MAX`].
    ///
    /// ```
    /// use sealed_session::UnixTime;
    /// use std::time::Duration;
    /// let time = UnixTime::from_secs(10_000).unwrap();
    /// assert_eq!(time.checked_add(Duration::from_millis(1_999)), UnixTime::from_secs(10_001));
    /// assert_eq!(UnixTime::MAX.checked_add(Duration::from_secs(1)), None);
    /// ```
    #[must_use]
    pub const fn checked_add(self, duration: Duration) -> Option<Self> {
        match self.0.checked_add(duration.as_secs()) {
            Some(seconds) => Self::from_secs(seconds),
            None => None,
        }
    }

    /// Returns the seconds from `earlier` to this time, or 0 when `earlier` is the later one.
    pub(crate) const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Adds `seconds`. A sum past [`UnixTime::MAX`] becomes [`UnixTime::MAX`].
    pub(crate) const fn saturating_add(self, seconds: u64) -> Self {
        match Self::from_secs(self.0.saturating_add(seconds)) {
            Some(time) => time,
            None => Self::MAX,
        }
    }

    /// Reads five bytes, most significant first. Every number of 40 bits is a time, so this can't fail.
    pub(crate) fn from_u40(bytes: [u8; 5]) -> Self {
        let mut word = [0; 8];
        word.iter_mut().skip(3).zip(bytes).for_each(|(byte, value)| *byte = value);
        Self(u64::from_be_bytes(word))
    }

    /// Returns the five bytes that [`UnixTime::from_u40`] reads.
    pub(crate) fn to_u40(self) -> [u8; 5] {
        let [_, _, _, low @ ..] = self.0.to_be_bytes();
        low
    }

    /// Reads an RFC 3339 instant, and rounds a fraction of a second up. Returns `None` for other texts and for instants
    /// outside of the range.
    pub(crate) fn from_rfc3339(text: &str) -> Option<Self> {
        let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let whole = u64::try_from(instant.unix_timestamp()).ok()?;
        Self::from_secs(whole.checked_add(u64::from(instant.nanosecond() > 0))?)
    }
}

/// Writes the time by RFC 3339 in UTC, or as plain seconds when it is after the year 9999.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = i64::try_from(self.0)
            .ok()
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
            .and_then(|instant| instant.format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} s", self.0),
        }
    }
}

/// The source of the crate's time. A test can pass a clock of its own, and a closure is a clock too.
///
/// ```
/// use sealed_session::{Clock, Key, SessionConfig, UnixTime};
/// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
/// let manager = SessionConfig::new(Key::generate()?).clock(move || at(1_700_000_000)).build()?;
/// assert_eq!(manager.codec().now(), at(1_700_000_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Clock: Send + Sync {
    /// Returns the present time.
    ///
    /// ```
    /// use sealed_session::{Clock, UnixTime};
    /// struct Stopped(UnixTime);
    /// impl Clock for Stopped {
    ///     fn now(&self) -> UnixTime {
    ///         self.0
    ///     }
    /// }
    /// assert_eq!(Stopped(UnixTime::MAX).now(), UnixTime::MAX);
    /// ```
    fn now(&self) -> UnixTime;
}

impl<F: Fn() -> UnixTime + Send + Sync> Clock for F {
    fn now(&self) -> UnixTime {
        self()
    }
}

/// The operating system's clock.
///
/// A clock that is set before 1970 reads as 1970. Every cookie is then refused as not yet valid.
///
/// The target `wasm32-unknown-unknown` has no clock, and [`SystemTime::now`] panics there. Give
/// [`SessionConfig::clock`](crate::SessionConfig::clock) a clock of JavaScript's, as [docs/edge.md](crate::_docs::edge)
/// shows. Nothing else in the crate reads a clock.
///
/// ```
/// use sealed_session::{Clock, SystemClock};
/// assert!(SystemClock.now().as_secs() > 1_700_000_000);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to configure, and its name is its value")]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        UnixTime::MIN.saturating_add(since_epoch.as_secs())
    }
}

/// The three times of a session, under the names that the wire format gives them.
#[expect(clippy::struct_field_names, reason = "the names of the format")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) created_at: UnixTime,
    pub(crate) issued_at: UnixTime,
    pub(crate) expires_at: UnixTime,
}

impl Times {
    pub(crate) fn are_in_order(&self) -> bool {
        self.created_at <= self.issued_at && self.issued_at <= self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u40_holds_both_ends_and_every_byte_position() {
        for seconds in [0, 1, 0x01_02_03_04_05, UnixTime::MAX.0] {
            let time = UnixTime::from_secs(seconds).unwrap();
            assert_eq!(UnixTime::from_u40(time.to_u40()), time);
        }
        assert_eq!(UnixTime(0x01_02_03_04_05).to_u40(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_time_past_the_range_is_none_and_never_wraps() {
        assert_eq!(UnixTime::from_secs(u64::MAX), None);
        assert_eq!(UnixTime::MAX.checked_add(Duration::from_secs(1)), None);
        assert_eq!(UnixTime::MAX.checked_add(Duration::ZERO), Some(UnixTime::MAX));
        assert_eq!(UnixTime::MIN.checked_add(Duration::MAX), None);
        assert_eq!(UnixTime::MIN.saturating_add(u64::MAX), UnixTime::MAX);
    }

    #[test]
    fn rfc3339_is_read_with_any_offset_and_a_fraction_rounds_up() {
        let at = |text| UnixTime::from_rfc3339(text).map(UnixTime::as_secs);
        assert_eq!(at("2023-11-14T22:13:20Z"), Some(1_700_000_000));
        assert_eq!(at("2023-11-14T23:13:20+01:00"), Some(1_700_000_000));
        assert_eq!(at("2023-11-14T22:13:19.001Z"), Some(1_700_000_000));
        for bad in ["", "yesterday", "2023-11-14", "1700000000", "1969-12-31T23:59:59Z"] {
            assert_eq!(at(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_time_is_shown_in_rfc3339_and_past_the_year_9999_in_seconds() {
        assert_eq!(UnixTime::MIN.to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(UnixTime::MAX.to_string(), "1099511627775 s");
    }
}
