//! Holds [`ImportKeyError`], which says why a key of another crate is refused.

use std::error::Error;
use std::fmt;

/// The reason why the key of an old application is refused.
///
/// ```
/// use sealed_session::import::{ImportKey, ImportKeyError};
/// assert_eq!(ImportKey::from_bytes(b"short").unwrap_err(), ImportKeyError::Length { found: 5 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportKeyError {
    /// The key is not 64 bytes long.
    Length {
        /// The number of bytes that were given.
        found: usize,
    },
    /// The text is not 128 characters long.
    Digits {
        /// The number of characters in the text, without the white space around it.
        found: usize,
    },
    /// A character is not a hexadecimal digit.
    NotHex,
    /// The key was to be derived from fewer than 32 bytes.
    TooShort {
        /// The number of bytes that were given.
        found: usize,
    },
    /// The text is not one that Rocket takes as its `secret_key`.
    NotRocket,
    /// The bytes that seal are all the same, so the key is not random.
    Repeated,
}

impl fmt::Display for ImportKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found } => write!(f, "key to import under must be 64 bytes, found {found}"),
            Self::Digits { found } => {
                write!(f, "key to import under must be 128 hexadecimal digits, found {found} characters")
            }
            Self::NotHex => f.write_str("key to import under must be 128 hexadecimal digits, found another character"),
            Self::TooShort { found } => {
                write!(f, "key to import under must be derived from 32 bytes or more, found {found}")
            }
            Self::NotRocket => f.write_str(
                "secret_key of Rocket must be 44 or 88 characters of base64 or 64 hexadecimal digits, found another text",
            ),
            Self::Repeated => f.write_str("key to import under must be random, found one byte repeated"),
        }
    }
}

impl Error for ImportKeyError {}
