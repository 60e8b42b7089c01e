//! Holds [`KeyId`], which names a key in cookies, errors and logs.

use std::fmt;

/// The public name of a key: four bytes that reveal nothing about the key. They are the start of the tag that the key
/// gives the empty message.
///
/// Every cookie carries the id of the key that sealed it. So a comparison of ids picks the key, and no other key is
/// tried.
///
/// ```
/// use sealed_session::{DecodeError, Key, SessionConfig};
/// # let manager = sealed_session::SessionConfig::new(sealed_session::Key::generate()?).build()?;
/// let key = Key::generate()?;
/// let id = key.id();
/// let other = SessionConfig::new(key).build_codec()?;
/// let value = other.encode(&other.create()?)?;
/// assert_eq!(manager.codec().decode(&value), Err(DecodeError::UnknownKey { id }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; KeyId::LEN]);

impl KeyId {
    pub(crate) const LEN: usize = 4;

    pub(crate) const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Returns the four bytes in the order in which a cookie carries them.
    ///
    /// ```
    /// use sealed_session::Key;
    /// let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")?;
    /// assert_eq!(key.id().to_bytes(), [0xf5, 0x7c, 0x76, 0xce]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }
}

/// Writes eight hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}
