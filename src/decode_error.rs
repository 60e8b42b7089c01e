//! What a log reads: why a cookie was refused. A client gets the same empty session for each reason.

use std::error::Error;
use std::fmt;

use crate::key_id::KeyId;
use crate::time::UnixTime;

/// Why a cookie was refused. For logs and metrics; a client can't tell one from another.
///
/// The times in it are reached only behind the seal, so they say nothing to a forger.
///
/// ```
/// use sealed_session::DecodeError;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let session = manager.load(["tideway_session=forged"]);
/// assert_eq!(session.rejected(), Some(DecodeError::Malformed));
/// assert!(session.is_empty(), "the client gets a session all the same");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not in the format: too short, outside the base64url alphabet, or, behind a valid seal, not a session.
    Malformed,
    /// Longer than any cookie that a browser keeps.
    TooLong,
    /// Sealed in a version of the format that this release does not know.
    UnsupportedVersion {
        /// The version byte of the cookie.
        version: u8,
    },
    /// Sealed under a key that is not in the ring.
    UnknownKey {
        /// The id of that key.
        id: KeyId,
    },
    /// Changed, or sealed for another cookie name or another audience.
    NotAuthentic,
    /// Issued in the future, by more than the clock skew.
    NotYetValid {
        /// The time of the check.
        now: UnixTime,
        /// When the cookie says it was sealed.
        issued_at: UnixTime,
    },
    /// Past its idle or its absolute timeout.
    Expired {
        /// Which of the two.
        timeout: Timeout,
        /// The time of the check.
        now: UnixTime,
        /// When it ended.
        expires_at: UnixTime,
    },
    /// Created before the configured cut-off (`not_before`).
    BeforeCutoff {
        /// When the session was created.
        created_at: UnixTime,
        /// The cut-off.
        not_before: UnixTime,
    },
    /// Of another payload schema, which the application's `migrate` function did not take.
    UnsupportedSchema {
        /// The schema number of the cookie.
        schema: u8,
    },
    /// More cookies of this name than are tried, and none of those tried is good.
    TooManyCandidates,
}

impl DecodeError {
    /// A short, stable name of the reason, for a metric's label.
    ///
    /// ```
    /// assert_eq!(sealed_session::DecodeError::NotAuthentic.as_str(), "not_authentic");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::UnsupportedVersion { .. } => "unsupported_version",
            Self::UnknownKey { .. } => "unknown_key",
            Self::NotAuthentic => "not_authentic",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired { timeout: Timeout::Idle, .. } => "expired_idle",
            Self::Expired { timeout: Timeout::Absolute, .. } => "expired_absolute",
            Self::BeforeCutoff { .. } => "before_cutoff",
            Self::UnsupportedSchema { .. } => "unsupported_schema",
            Self::TooManyCandidates => "too_many_candidates",
        }
    }

    /// Whether the session was good and is over.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, SessionData, UnixTime};
    /// # use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let codec = SessionConfig::new(Key::generate()?).clock(move || at(13_600)).build_codec()?;
    /// let data = SessionData::new(at(10_000), Duration::from_secs(3600))?;
    /// assert!(codec.decode(&codec.encode(&data)?).unwrap_err().is_expired());
    /// assert!(!codec.decode("forged").unwrap_err().is_expired());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_expired(&self) -> bool {
        matches!(self, Self::Expired { .. })
    }

    /// Whether another node, or a later look, may still open the cookie: such a cookie is never deleted.
    ///
    /// A fleet in the middle of a key rotation or an upgrade has nodes that know more than this one.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig};
    /// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
    /// let newer = SessionConfig::new(Key::generate()?).build()?; // a node with a key that this one has not heard of
    /// let session = newer.load(None::<&str>);
    /// session.set("user_id", 42)?;
    /// let session = manager.load(newer.commit(&session)?);
    /// assert!(session.rejected().unwrap().may_open_elsewhere());
    /// assert!(manager.commit(&session)?.is_empty(), "so the cookie is left alone");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn may_open_elsewhere(&self) -> bool {
        matches!(
            self,
            Self::UnsupportedVersion { .. }
                | Self::UnknownKey { .. }
                | Self::UnsupportedSchema { .. }
                | Self::TooManyCandidates
        )
    }

    fn weight(&self) -> u8 {
        match self {
            Self::Malformed => 0,
            Self::TooLong => 1,
            Self::NotAuthentic => 2,
            Self::NotYetValid { .. } | Self::Expired { .. } | Self::BeforeCutoff { .. } => 3,
            Self::UnsupportedVersion { .. } => 4,
            Self::UnknownKey { .. } => 5,
            Self::UnsupportedSchema { .. } => 6,
            Self::TooManyCandidates => 7,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("session cookie is not in the known format"),
            Self::TooLong => f.write_str("session cookie is longer than a cookie can be"),
            Self::UnsupportedVersion { version } => write!(f, "session cookie has the unknown version {version}"),
            Self::UnknownKey { id } => write!(f, "session cookie is sealed under the unknown key {id}"),
            Self::NotAuthentic => f.write_str("session cookie could not be authenticated"),
            Self::NotYetValid { now, issued_at } => {
                write!(f, "session cookie is issued in the future: at {issued_at}, now {now}")
            }
            Self::Expired { timeout, now, expires_at } => {
                write!(f, "session is past its {timeout} timeout: ended {expires_at}, now {now}")
            }
            Self::BeforeCutoff { created_at, not_before } => {
                write!(f, "session is older than the cut-off: created {created_at}, cut-off {not_before}")
            }
            Self::UnsupportedSchema { schema } => write!(f, "session content has the unsupported schema {schema}"),
            Self::TooManyCandidates => {
                f.write_str("too many session cookies in one request, none of those tried is good")
            }
        }
    }
}

impl Error for DecodeError {}

/// A refusal, with the key that the cookie names if it was read that far.
#[derive(Clone, Copy)]
pub(crate) struct Refusal {
    pub(crate) reason: DecodeError,
    pub(crate) key_id: Option<KeyId>,
}

impl Refusal {
    /// Which of two refusals is reported for one request: the one that keeps the cookie, then the one that got further.
    pub(crate) fn or_weightier(self, other: Self) -> Self {
        if other.reason.weight() > self.reason.weight() { other } else { self }
    }
}

/// One before any key was read.
impl From<DecodeError> for Refusal {
    fn from(reason: DecodeError) -> Self {
        Self { reason, key_id: None }
    }
}

/// The two timeouts of a session (OWASP Session Management Cheat Sheet, "Session Expiration").
///
/// ```
/// use sealed_session::{DecodeError, Key, SessionConfig, SessionData, Timeout, UnixTime};
/// # use std::time::Duration;
/// let at = |days: u64| UnixTime::from_secs(days * 24 * 60 * 60).unwrap();
/// let codec = SessionConfig::new(Key::generate()?).clock(move || at(30)).build_codec()?;
/// let mut data = SessionData::new(at(0), Duration::from_secs(3600))?;
/// data.set_times(at(0), at(29), at(31))?;
/// let error = codec.decode(&codec.encode(&data)?).unwrap_err();
/// assert!(matches!(error, DecodeError::Expired { timeout: Timeout::Absolute, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timeout {
    /// Too long since it was last sealed.
    Idle,
    /// Too long since it was created.
    Absolute,
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Absolute => "absolute",
        })
    }
}
