//! Holds [`EncodeError`], which says why a session can't be sealed.
//!
//! The texts of its errors show the keys of entries escaped, since a client may have chosen them, and never show
//! values. No error of this crate keeps a `source()` from the cipher, base64 or `serde_json`, since their texts can
//! quote what they read. The error of a backend may have one.

use std::error::Error;
use std::fmt;

use super::backend::BackendError;

/// The reason why a session could not be sealed. The session and the client's cookie stay as they were.
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
        /// The length that the whole Set-Cookie text would have, in bytes. For a session over two cookies, it is the
        /// sum of both texts.
        size: usize,
        /// The most bytes that the text, or both texts, may have.
        limit: usize,
        /// The largest entries, largest first: the key of each, and the bytes that it takes in the session.
        largest: Vec<(String, usize)>,
    },
    /// A time or a duration is outside of what the format can carry: whole seconds, at least one and at most 2^40 - 1.
    TimeOutOfRange,
    /// The session's times are not in the order `created_at <= issued_at <= expires_at`.
    TimesOutOfOrder,
    /// The session has another schema than the codec, so the codec would refuse the cookie that it sealed.
    Schema {
        /// The schema of the session.
        found: u8,
        /// The schema of the codec.
        expected: u8,
    },
    /// The operating system's random number generator failed.
    Random,
    /// The cipher refused the message. It refuses only messages over 64 GiB.
    Cipher,
    /// The store or the list of revocations failed, or was not asked.
    Backend(BackendError),
    /// Another request ended the session meanwhile, or regenerated it, or the session is past its absolute timeout, or
    /// a regeneration is committed again after the idle timeout. So there is no session in which the change could be
    /// kept. It is a conflict, which the adapters answer with 409, and no fault of the server.
    Ended,
}

impl EncodeError {
    /// Returns a short, stable name of the reason, for the label of a metric.
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

impl Error for EncodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The text of the error of the backend is this error's own text, so that error is not a source but its source
        // is.
        if let Self::Backend(error) = self { error.source() } else { None }
    }
}

impl From<BackendError> for EncodeError {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

pub(super) const RANDOM: &str = "the operating system's random number generator failed";
