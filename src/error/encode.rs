//! What the application's code meets: a value that does not fit, and a session that can't be sealed.
//!
//! Keys of entries are shown escaped, since a client may have chosen them, and what they hold never is. No error of this
//! crate keeps a `source()` from the cipher, base64 or `serde_json`: their texts can quote what they read.

use std::error::Error;
use std::fmt;

use crate::error::backend::BackendError;

/// Why a value could not be put into a session or read out of it.
///
/// The session is as it was before the call.
///
/// ```
/// use sealed_session::ValueError;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// # let session = manager.load(None::<&str>);
/// assert_eq!(session.set(&"k".repeat(128), 1), Err(ValueError::KeyLength { found: 128 }));
/// session.set("user_id", 42)?;
/// let error = session.get::<bool>("user_id").unwrap_err();
/// assert_eq!(error.to_string(), r#"session value "user_id" is not a bool"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueError {
    /// A key must be 1 to 127 bytes long.
    KeyLength {
        /// The length of the key, in bytes.
        found: usize,
    },
    /// The key is `~csrf`, under which the session keeps its CSRF token.
    Reserved {
        /// The key.
        key: String,
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
    /// All entries together would be longer than 65,535 bytes, far more than any cookie holds.
    Full {
        /// The key that the value was to have.
        key: String,
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
    /// The operating system's random number generator failed, so there is no CSRF token.
    Random,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyLength { found } => write!(f, "session key must be 1 to 127 bytes, found {found}"),
            Self::Reserved { key } => write!(f, "session key {key:?} is reserved for the CSRF token"),
            Self::Serialize { key } => write!(f, "session value {key:?} could not be serialized"),
            Self::TooLong { key, found } => {
                write!(f, "session value {key:?} must be at most 65535 bytes of JSON, found {found}")
            }
            Self::Full { key } => write!(f, "session has no room for the value {key:?} in 65535 bytes"),
            Self::Deserialize { key, expected } => write!(f, "session value {key:?} is not a {expected}"),
            Self::NotAMap { found } => write!(f, "session content must be a struct or a map, found {found}"),
            Self::Random => f.write_str(RANDOM),
        }
    }
}

impl Error for ValueError {}

/// Why a session could not be sealed. The session and the client's cookie stay as they were.
///
/// ```
/// use sealed_session::EncodeError;
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// # let session = manager.load(None::<&str>);
/// session.set("user_id", 42)?;
/// session.set("draft", "x".repeat(5000))?;
/// let Err(EncodeError::TooLarge { size, limit, largest }) = manager.commit(&session) else { panic!("it fits") };
/// assert!(size > limit);
/// assert_eq!(largest[0].0, "draft");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The Set-Cookie text would be over the limit.
    TooLarge {
        /// The bytes that the whole Set-Cookie text would have, or both texts of a session over two cookies.
        size: usize,
        /// The bytes that they may have.
        limit: usize,
        /// The largest entries, largest first: their keys and the bytes that each takes in the session.
        largest: Vec<(String, usize)>,
    },
    /// A time or a duration is outside what the format can carry (whole seconds, at least one, up to 2^40 - 1).
    TimeOutOfRange,
    /// The session's times are not in the order `created_at <= issued_at <= expires_at`.
    TimesOutOfOrder,
    /// The session has another schema than the codec, which would refuse what it sealed.
    Schema {
        /// The schema of the session.
        found: u8,
        /// The schema of the codec.
        expected: u8,
    },
    /// The operating system's random number generator failed.
    Random,
    /// The cipher refused the message, as it does past 64 GiB only.
    Cipher,
    /// The store or the list of revocations failed, or was not asked.
    Backend(BackendError),
    /// Another request ended the session meanwhile, so there is nothing that the change could be kept in.
    Ended,
}

impl EncodeError {
    /// A short, stable name of the reason, for a metric's label.
    ///
    /// ```
    /// assert_eq!(sealed_session::EncodeError::Random.as_str(), "random");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::TimesOutOfOrder => "times_out_of_order",
            Self::Schema { .. } => "schema",
            Self::Random => "random",
            Self::Cipher => "cipher",
            Self::Backend(_) => "backend",
            Self::Ended => "ended",
        }
    }
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
            Self::Schema { found, expected } => write!(f, "session must have the schema {expected}, found {found}"),
            Self::Random => f.write_str(RANDOM),
            Self::Cipher => f.write_str("session could not be sealed"),
            Self::Backend(error) => error.fmt(f),
            Self::Ended => f.write_str("session was ended by another request"),
        }
    }
}

impl Error for EncodeError {}

impl From<BackendError> for EncodeError {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

pub(crate) const RANDOM: &str = "the operating system's random number generator failed";
