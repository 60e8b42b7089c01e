//! Holds [`SessionId`], the 128 random bits that name a session.

use std::fmt;

use crate::crypto::random;
use crate::error::EncodeError;
use crate::format::ID_LEN;

/// The id of a session: 128 random bits, for logs and lists of revocations.
///
/// The id is no secret: who knows it can't open a session with it. A session is opened by its sealed cookie.
///
/// ```
/// use sealed_session::SessionId;
/// let id = SessionId::from_bytes([0xa0; 16]);
/// assert_eq!(id.to_string(), "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; ID_LEN]);

impl SessionId {
    /// Draws an id from the operating system's random number generator.
    ///
    /// # Errors
    /// [`EncodeError::Random`] when the generator fails.
    ///
    /// ```
    /// use sealed_session::SessionId;
    /// assert_ne!(SessionId::generate()?, SessionId::generate()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn generate() -> Result<Self, EncodeError> {
        let mut id = [0; ID_LEN];
        random::fill(&mut id).map_err(|_| EncodeError::Random)?;
        Ok(Self(id))
    }

    /// Makes an id from bytes that were drawn elsewhere, in an import or a test. They must be random.
    ///
    /// ```
    /// use sealed_session::SessionId;
    /// let id = SessionId::from_bytes([7; 16]);
    /// assert_eq!(format!("{id:?}"), "SessionId(07070707..)", "a log gets the start of it");
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the 16 bytes of the id.
    ///
    /// ```
    /// use sealed_session::SessionId;
    /// let id = SessionId::generate()?;
    /// assert_eq!(SessionId::from_bytes(id.to_bytes()), id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// Writes 32 hexadecimal digits.
impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Writes the first eight digits only, which is enough to follow a session through a log.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [start @ .., _, _, _, _, _, _, _, _, _, _, _, _] = self.0;
        write!(f, "SessionId({}..)", hex::encode(start))
    }
}
