//! Holds [`KeyError`], which says why a key is refused.

use std::error::Error;
use std::fmt;

use super::encode::RANDOM;
use crate::key_id::KeyId;

/// The reason why a key, or a set of keys, is refused.
///
/// ```
/// use sealed_session::{Key, KeyError};
/// assert_eq!(Key::from_hex("cafe").unwrap_err(), KeyError::Length { found: 4 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not 64 characters long.
    Length {
        /// The number of characters in the text, without the white space around it.
        found: usize,
    },
    /// A character is not a hexadecimal digit.
    NotHex,
    /// All 32 bytes are the same, for example zero, so the key is not random.
    Repeated,
    /// The key is the one that this crate's README prints, so the whole world has it.
    Example,
    /// Two keys of one ring have the same id. Most likely one key is listed twice.
    Duplicate {
        /// The id that both keys have.
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
