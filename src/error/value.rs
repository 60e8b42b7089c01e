//! Holds [`ValueError`], which says why a value could not be stored or read.

use std::error::Error;
use std::fmt;

use super::encode::RANDOM;

/// The reason why a value could not be put into a session or read out of it.
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
    /// The key is not 1 to 127 bytes long.
    KeyLength {
        /// The length of the key, in bytes.
        found: usize,
    },
    /// The key is `~csrf`, under which the session keeps its CSRF token, `~gen`, under which it keeps the generation of
    /// its subject, or `~idle`, under which it keeps an idle timeout of its own. With the feature `dbsc` it may also be
    /// `~bound`, under which the session keeps its binding to a device.
    Reserved {
        /// The key.
        key: String,
    },
    /// The value could not be serialized to JSON.
    Serialize {
        /// The key under which the value was to be stored, or the type for
        /// [`Session::set_data`](crate::Session::set_data) if the field is not known.
        key: String,
    },
    /// The value is, or holds, a float that is infinite or not a number. JSON has no text for it.
    NonFinite {
        /// The key under which the value was to be stored.
        key: String,
    },
    /// The lists and objects of the value are nested more than 127 levels deep, so the value could not be read again.
    TooDeep {
        /// The key under which the value was to be stored.
        key: String,
    },
    /// The value is longer than the 65,535 bytes of JSON that the format can carry.
    TooLong {
        /// The key under which the value was to be stored.
        key: String,
        /// The length of its JSON text, in bytes.
        found: usize,
    },
    /// All entries together would be longer than 65,535 bytes, far more than any cookie holds.
    Full {
        /// The key under which the value was to be stored.
        key: String,
    },
    /// The stored value is not of the type that was asked for. The value stays in the session.
    Deserialize {
        /// The key of the value. It is `*` where serde does not tell which one it is: below `#[serde(flatten)]`, and in
        /// an enum with a tag or without any.
        key: String,
        /// The Rust type that was asked for, which is the type of the field for
        /// [`Session::data`](crate::Session::data).
        expected: &'static str,
    },
    /// A field of a struct has no value in the session, and no default.
    Missing {
        /// The name of the field.
        key: String,
        /// The struct that was asked for.
        expected: &'static str,
    },
    /// The session has a value that a struct refuses, by `#[serde(deny_unknown_fields)]`, or a variant that an enum
    /// does not have.
    Unknown {
        /// The key of the value.
        key: String,
        /// The type that was asked for.
        expected: &'static str,
    },
    /// Typed content did not serialize to a struct or a map. It must, since each field becomes an entry.
    NotAMap {
        /// The Rust type that was given.
        found: &'static str,
    },
    /// The operating system's random number generator failed, so no CSRF token could be made.
    Random,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyLength { found } => write!(f, "session key must be 1 to 127 bytes, found {found}"),
            Self::Reserved { key } => write!(f, "session key {key:?} is reserved for this crate"),
            Self::Serialize { key } => write!(f, "session value {key:?} could not be serialized"),
            Self::NonFinite { key } => write!(f, "session value {key:?} must have finite floats only"),
            Self::TooDeep { key } => {
                write!(f, "session value {key:?} must have at most 127 levels of lists and objects")
            }
            Self::TooLong { key, found } => {
                write!(f, "session value {key:?} must be at most 65535 bytes of JSON, found {found}")
            }
            Self::Full { key } => {
                write!(f, "session must be at most 65535 bytes of entries, and would be longer with the value {key:?}")
            }
            Self::Deserialize { key, expected } => write!(f, "session value {key:?} is not a {expected}"),
            Self::Missing { key, expected } => write!(f, "session has no value {key:?}, which a {expected} needs"),
            Self::Unknown { key, expected } => {
                write!(f, "session value {key:?} is not a field or a variant of {expected}")
            }
            Self::NotAMap { found } => write!(f, "session content must be a struct or a map, found {found}"),
            Self::Random => f.write_str(RANDOM),
        }
    }
}

impl Error for ValueError {}
