//! Every error of the crate, split by who reads it.
//!
//! [`KeyError`] and [`ConfigError`] are for the operator: precise, naming the setting, never its value.
//! [`ValueError`] and [`EncodeError`] are for the application's code. [`DecodeError`] is for logs and metrics: a
//! client gets the same empty session for each of its variants.
//!
//! Keys of entries are shown escaped, since a client may have chosen them, and what they hold never is.
//! No error keeps a `source()` from the cipher, base64 or `serde_json`: their texts can quote what they read.

use std::error::Error;
use std::fmt;
use std::io;

use crate::key::KeyId;
use crate::time::UnixTime;

/// Why a key, or a set of keys, is refused.
///
/// ```
/// use sealed_session::{Key, KeyError};
/// assert_eq!(Key::from_hex("cafe").unwrap_err(), KeyError::Length { found: 4 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not 64 characters long; `found` is its length.
    Length {
        /// How many characters there were, surrounding white space not counted.
        found: usize,
    },
    /// A character is not a hexadecimal digit.
    NotHex,
    /// All 32 bytes are the same (all zero included), so this is no random key.
    Repeated,
    /// The key is the one printed in this crate's README, so the whole world has it.
    Example,
    /// Two keys of one ring have the same id: most likely one key listed twice.
    Duplicate {
        /// The id that both have.
        id: KeyId,
    },
    /// The operating system's random number generator failed.
    Random,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found: 128 } => f.write_str(
                "key must be 64 hexadecimal digits, found 128: this looks like a key of Tideway 0.6 or later, which takes \
                 64 bytes; this crate takes 32 bytes, so make a new key",
            ),
            Self::Length { found } => write!(f, "key must be 64 hexadecimal digits, found {found} characters"),
            Self::NotHex => f.write_str("key must be 64 hexadecimal digits, found another character"),
            Self::Repeated => f.write_str("key must be random, found one byte repeated 32 times"),
            Self::Example => f.write_str("key must be your own, found the example from the documentation"),
            Self::Duplicate { id } => write!(f, "keys must differ, found two with the id {id}"),
            Self::Random => f.write_str(RANDOM),
        }
    }
}

impl Error for KeyError {}

/// Everything that is wrong with a configuration, in one report.
///
/// ```
/// use sealed_session::{Key, SessionConfig};
/// let error = SessionConfig::new(Key::generate()?)
///     .cookie_name("two words")
///     .path("shop")
///     .build()
///     .unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// # Ok::<(), sealed_session::KeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

impl ConfigError {
    /// A report of at least one problem.
    pub(crate) fn new(problems: Vec<ConfigProblem>) -> Self {
        Self { problems }
    }

    /// The problems, at least one, in the order of the settings.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("session configuration is refused")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl Error for ConfigError {}

/// One thing that is wrong with a configuration: the setting and what it takes, never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    setting: String,
    kind: ProblemKind,
}

impl ConfigProblem {
    pub(crate) fn new(setting: impl Into<String>, kind: ProblemKind) -> Self {
        Self { setting: setting.into(), kind }
    }

    /// The setting: a method of [`SessionConfig`](crate::SessionConfig) such as `cookie_name`, or an environment variable.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> &ProblemKind {
        &self.kind
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.kind)
    }
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The setting is required and was not given.
    Missing {
        /// What it takes.
        takes: &'static str,
    },
    /// The value is not one that the setting takes.
    Invalid {
        /// What it takes.
        takes: &'static str,
    },
    /// The value would be fine alone and contradicts another setting.
    Conflict {
        /// The rule that both must keep.
        rule: &'static str,
    },
    /// The key, or one of the previous keys, is refused.
    Key(KeyError),
    /// The file named by a `..._FILE` variable can't be read.
    File(io::ErrorKind),
    /// No such variable exists.
    UnknownVariable {
        /// The known name that is nearest to it.
        nearest: String,
    },
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { takes } => write!(f, "is required: {takes}"),
            Self::Invalid { takes } => write!(f, "takes {takes}"),
            Self::Conflict { rule } => f.write_str(rule),
            Self::Key(error) => error.fmt(f),
            Self::File(kind) => write!(f, "names a file that can't be read: {kind}"),
            Self::UnknownVariable { nearest } => write!(f, "is not a known variable; did you mean {nearest}?"),
        }
    }
}

/// Why a value could not be put into a session or read out of it.
///
/// The session is as it was before the call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueError {
    /// A key must be 1 to 127 bytes long.
    KeyLength {
        /// The length of the key, in bytes.
        found: usize,
    },
    /// The value could not be serialized to JSON.
    Serialize {
        /// The key it was to have, or the type for [`Session::set_data`](crate::Session::set_data).
        key: String,
    },
    /// The value is longer than the 65,535 bytes of JSON that the format can carry.
    TooLong {
        /// The key it was to have.
        key: String,
        /// The length of its JSON text, in bytes.
        found: usize,
    },
    /// The stored value is not of the type that was asked for; it stays.
    Deserialize {
        /// The key of the value, or `*` for the whole session.
        key: String,
        /// The Rust type that was asked for.
        expected: &'static str,
    },
    /// Typed content must serialize to a struct or a map: each field becomes an entry.
    NotAMap {
        /// The Rust type that was given.
        found: &'static str,
    },
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyLength { found } => write!(f, "session key must be 1 to 127 bytes, found {found}"),
            Self::Serialize { key } => write!(f, "session value {key:?} could not be serialized"),
            Self::TooLong { key, found } => {
                write!(f, "session value {key:?} must be at most 65535 bytes of JSON, found {found}")
            }
            Self::Deserialize { key, expected } => write!(f, "session value {key:?} is not a {expected}"),
            Self::NotAMap { found } => write!(f, "session content must be a struct or a map, found {found}"),
        }
    }
}

impl Error for ValueError {}

/// Why a session could not be sealed. The session and the client's cookie stay as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The Set-Cookie text would be over the limit.
    TooLarge {
        /// The bytes that the whole Set-Cookie text would have.
        size: usize,
        /// The bytes that it may have.
        limit: usize,
        /// The largest entries, largest first: their keys and the bytes that each takes in the session.
        largest: Vec<(String, usize)>,
    },
    /// A time or a duration is outside what the format can carry (whole seconds, at least one, up to 2^40 - 1).
    TimeOutOfRange,
    /// The session's times are not in the order `created_at <= issued_at <= expires_at`.
    TimesOutOfOrder,
    /// The operating system's random number generator failed.
    Random,
    /// The cipher refused the message, as it does past 64 GiB only.
    Cipher,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size, limit, largest } => {
                write!(f, "session cookie must be at most {limit} bytes, found {size}; largest entries:")?;
                let mut comma = "";
                largest.iter().try_for_each(|(key, bytes)| {
                    let done = write!(f, "{comma} {key:?} ({bytes} bytes)");
                    comma = ",";
                    done
                })
            }
            Self::TimeOutOfRange => f.write_str("session time must be 1 to 1099511627775 whole seconds"),
            Self::TimesOutOfOrder => f.write_str("session times must be in order: created_at, issued_at, expires_at"),
            Self::Random => f.write_str(RANDOM),
            Self::Cipher => f.write_str("session could not be sealed"),
        }
    }
}

impl Error for EncodeError {}

/// Why a cookie was refused. For logs and metrics; a client can't tell one from another.
///
/// The times in it are reached only behind the seal, so they say nothing to a forger.
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
    #[must_use]
    pub fn is_expired(&self) -> bool {
        matches!(self, Self::Expired { .. })
    }

    /// Whether another node, or a later look, may still open the cookie: such a cookie is never deleted.
    ///
    /// A fleet in the middle of a key rotation or an upgrade has nodes that know more than this one.
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

    /// Which of two refusals is reported for one request: the one that keeps the cookie, then the one that got further.
    pub(crate) fn or_weightier(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
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

/// The two timeouts of a session (OWASP Session Management Cheat Sheet, "Session Expiration").
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

const RANDOM: &str = "the operating system's random number generator failed";
