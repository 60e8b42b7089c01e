//! [`Generation`]: tells the sessions of a subject from before a revocation from those after it.

use std::fmt;

use crate::crypto::random;
use crate::error::EncodeError;

/// The random name of the time between two revocations of one subject.
///
/// A revocation of a subject puts a new generation on the list, and each login takes the one that is there into its
/// session. A session is refused where the list has a generation that is not the session's own. So no clock decides
/// which sessions a revocation ends.
///
/// ```
/// use sealed_session::Generation;
/// let generation = Generation::from_bytes([0xa0, 1, 2, 3, 4, 5, 6, 7]);
/// assert_eq!(generation.to_string(), "a001020304050607");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Generation([u8; 8]);

impl Generation {
    /// Draws a generation from the operating system's random number generator.
    ///
    /// # Errors
    /// [`EncodeError::Random`] when the generator fails.
    ///
    /// ```
    /// use sealed_session::Generation;
    /// assert_ne!(Generation::generate()?, Generation::generate()?);
    /// # Ok::<(), sealed_session::EncodeError>(())
    /// ```
    pub fn generate() -> Result<Self, EncodeError> {
        let mut bytes = [0; 8];
        random::fill(&mut bytes).map_err(|_| EncodeError::Random)?;
        Ok(Self(bytes))
    }

    /// Reads 16 hexadecimal digits.
    pub(crate) fn from_hex(digits: &str) -> Option<Self> {
        let mut bytes = [0; 8];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Makes a generation that was kept by a list, or one for a test. A new generation must be random.
    ///
    /// ```
    /// use sealed_session::Generation;
    /// assert_eq!(Generation::from_bytes([7; 8]), Generation::from_bytes([7; 8]));
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Returns the eight bytes, for a list to keep.
    ///
    /// ```
    /// use sealed_session::Generation;
    /// assert_eq!(Generation::from_bytes([7; 8]).to_bytes(), [7; 8]);
    /// ```
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0
    }
}

/// Writes sixteen hexadecimal digits.
impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Generation({self})")
    }
}

/// Names the generation that a [`revoke_subject`](super::Revocations::revoke_subject) may replace.
///
/// ```
/// use sealed_session::{Generation, Only};
/// let [first, second, third] = [1, 2, 3].map(|byte| Generation::from_bytes([byte; 8]));
/// assert!(Only::Any.applies_to(Some(first), third));
/// assert!(Only::Of(Some(first)).applies_to(Some(first), third));
/// assert!(!Only::Of(Some(first)).applies_to(Some(second), third), "somebody else revoked the subject meanwhile");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a list must decide both; a third would break every one of them")]
pub enum Only {
    /// Whatever generation is there.
    Any,
    /// This generation: that of the session which asks, or `None` where that session took none. A subject without an
    /// entry has no generation that could be lost, so the new one is put whatever is named here. A new generation that
    /// is there already was put by an earlier try of the same revocation, whose answer was lost.
    Of(Option<Generation>),
}

impl Only {
    /// Returns true when `to` may be put where the generation `found` stands, or where none does. For lists that look
    /// and write under one lock; a database decides by a condition in its statement.
    ///
    /// ```
    /// use sealed_session::{Generation, Only};
    /// let [first, second] = [1, 2].map(|byte| Generation::from_bytes([byte; 8]));
    /// assert!(Only::Of(Some(first)).applies_to(None, second), "there is nothing to replace");
    /// assert!(Only::Of(None).applies_to(Some(second), second), "it was done before");
    /// assert!(!Only::Of(None).applies_to(Some(first), second));
    /// ```
    #[must_use]
    pub fn applies_to(self, found: Option<Generation>, to: Generation) -> bool {
        match self {
            Self::Any => true,
            Self::Of(expected) => found.is_none() || found == expected || found == Some(to),
        }
    }
}
