//! Holds [`Key`]: 32 random bytes, written as 64 hexadecimal digits, and wiped when they are dropped.

use std::fmt;

use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::random;
use crate::error::KeyError;
use crate::format::{KEY_LEN, NONCE_LEN};
use crate::key_id::KeyId;

/// A 32-byte key.
///
/// A key can't be printed, cloned, serialized or compared, and [`Key::id`] names it in logs. Its bytes are wiped when
/// it is dropped. No function makes a key from a password, since a password has too little entropy to withstand
/// guessing offline.
///
/// ```
/// use sealed_session::Key;
/// let key = Key::generate()?;
/// assert!(format!("{key:?}").starts_with("Key("));
/// # Ok::<(), sealed_session::KeyError>(())
/// ```
// The bytes are boxed, so that moving a key leaves no copy behind that the wipe would miss.
pub struct Key(Box<Zeroizing<[u8; Key::LEN]>>);

impl Key {
    /// The length of a key, in bytes.
    pub const LEN: usize = KEY_LEN;

    /// Draws a key from the operating system's random number generator.
    ///
    /// # Errors
    /// [`KeyError::Random`] when the generator fails.
    ///
    /// ```
    /// use sealed_session::Key;
    /// assert_ne!(Key::generate()?.id(), Key::generate()?.id());
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = Self::blank();
        random::fill(key.0.as_mut_slice()).map_err(|_| KeyError::Random)?;
        Ok(key)
    }

    /// Reads a key from 64 hexadecimal digits of either case. White space around them is ignored.
    ///
    /// # Errors
    /// [`KeyError::Length`] and [`KeyError::NotHex`] when the text is not 64 hexadecimal digits, [`KeyError::Repeated`]
    /// when all bytes are the same, [`KeyError::Example`] for the key that this crate's README prints.
    ///
    /// ```
    /// use sealed_session::{Key, KeyError};
    /// let digits = "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988";
    /// assert!(Key::from_hex(&format!("{digits}\n")).is_ok());
    /// assert_eq!(Key::from_hex(&"00".repeat(32)).unwrap_err(), KeyError::Repeated);
    /// ```
    pub fn from_hex(digits: &str) -> Result<Self, KeyError> {
        let digits = digits.trim();
        let found = digits.chars().count();
        if found != Self::LEN.saturating_mul(2) {
            return Err(KeyError::Length { found });
        }
        let mut key = Self::blank();
        hex::decode_to_slice(digits, key.0.as_mut_slice()).map_err(|_| KeyError::NotHex)?;
        key.checked()
    }

    /// Takes a key of 32 bytes, as a key management service hands it out. The bytes are copied: wiping yours is up to
    /// you.
    ///
    /// # Errors
    /// [`KeyError::Repeated`] when all bytes are the same, [`KeyError::Example`] for the key that this crate's README
    /// prints.
    ///
    /// ```
    /// use sealed_session::{Key, KeyError};
    /// let bytes: Vec<u8> = (0..32).collect(); // from a service
    /// let key = Key::from_bytes(bytes.as_slice().try_into()?)?;
    /// assert_eq!(key.id(), Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")?.id());
    /// assert_eq!(Key::from_bytes(&[0; Key::LEN]).unwrap_err(), KeyError::Repeated);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, KeyError> {
        let mut key = Self::blank();
        key.0.copy_from_slice(bytes);
        key.checked()
    }

    /// Refuses what everybody can guess.
    fn checked(self) -> Result<Self, KeyError> {
        let [first, rest @ ..] = self.bytes();
        if rest.iter().all(|byte| byte == first) {
            return Err(KeyError::Repeated);
        }
        let mut example = [0; Self::LEN];
        let is_example = hex::decode_to_slice(EXAMPLE, &mut example).is_ok() && example == *self.bytes();
        if is_example { Err(KeyError::Example) } else { Ok(self) }
    }

    /// Returns the public name of this key; see [`KeyId`].
    ///
    /// ```
    /// use sealed_session::Key;
    /// let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")?;
    /// assert_eq!(key.id().to_string(), "f57c76ce");
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> KeyId {
        let tag = Cipher::new(self.bytes()).seal(&[0; NONCE_LEN], KEY_ID_AAD, &mut []);
        let [a, b, c, d, ..] = tag.unwrap_or_default();
        KeyId::new([a, b, c, d])
    }

    fn blank() -> Self {
        Self(Box::new(Zeroizing::new([0; Self::LEN])))
    }

    pub(crate) fn bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id())
    }
}

const KEY_ID_AAD: &[u8] = b"sealed-session key id";

/// The key that README.md prints. It protects nothing, since the whole world has it.
const EXAMPLE: &str = "5ea1ed5e5510ca11ab1efacade0ff1ce5ea1ed5e5510ca11ab1efacade0ff1ce";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::KeyRing;

    const DIGITS: &str = "000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn from_hex_takes_64_digits_of_either_case_with_white_space_around() {
        let key = Key::from_hex(&format!(" \t{DIGITS}\r\n")).unwrap();
        let expected: Vec<u8> = (0..32).collect();
        assert_eq!(key.bytes().as_slice(), expected);
    }

    #[test]
    fn from_hex_refuses_what_is_no_random_key_by_kind() {
        let other = |text: &str| Key::from_hex(text).unwrap_err();
        assert_eq!(other(""), KeyError::Length { found: 0 });
        assert_eq!(other(&DIGITS[1..]), KeyError::Length { found: 63 });
        assert_eq!(other(&format!("\"{DIGITS}\"")), KeyError::Length { found: 66 });
        assert_eq!(other(&DIGITS.repeat(2)), KeyError::Length { found: 128 });
        assert_eq!(other(&format!("{}g", &DIGITS[1..])), KeyError::NotHex);
        assert_eq!(other(&"é".repeat(64)), KeyError::NotHex);
        assert_eq!(other(&"00".repeat(32)), KeyError::Repeated);
        assert_eq!(other(&"7a".repeat(32)), KeyError::Repeated);
        assert_eq!(other(&EXAMPLE.to_uppercase()), KeyError::Example);
    }

    #[test]
    fn from_bytes_takes_what_from_hex_takes_and_refuses_the_same() {
        let bytes = |text: &str| <[u8; Key::LEN]>::try_from(hex::decode(text).unwrap()).unwrap();
        let key = Key::from_bytes(&bytes(DIGITS)).unwrap();
        assert_eq!(key.bytes(), Key::from_hex(DIGITS).unwrap().bytes());
        for (text, expected) in [
            ("00".repeat(32), KeyError::Repeated),
            ("7a".repeat(32), KeyError::Repeated),
            (EXAMPLE.to_owned(), KeyError::Example),
        ] {
            assert_eq!(Key::from_bytes(&bytes(&text)).unwrap_err(), expected);
            assert_eq!(Key::from_hex(&text).unwrap_err(), expected);
        }
    }

    #[test]
    fn the_readme_prints_no_other_key_than_the_refused_example() {
        let readme = include_str!("../../README.md");
        let is_key = |word: &&str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let words: Vec<_> = readme.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_key).collect();
        assert!(!words.is_empty());
        assert!(words.iter().all(|word| *word == EXAMPLE), "{words:?}");
    }

    #[test]
    fn a_key_of_128_digits_is_explained_to_users_of_tideway() {
        let error = Key::from_hex(&DIGITS.repeat(2)).unwrap_err().to_string();
        assert!(error.contains("Tideway") && error.contains("32 bytes"), "{error}");
    }

    #[test]
    fn debug_shows_the_id_and_no_byte_of_the_key() {
        let ring = KeyRing::new(Key::from_hex(DIGITS).unwrap(), vec![]).unwrap();
        assert!(format!("{ring:?}").starts_with("KeyRing { primary: Key(f57c76ce), previous: [], "));
    }

    #[test]
    fn the_bytes_of_a_key_are_wiped_when_it_is_dropped() {
        // Safe Rust can't look at freed memory; it can see that the wipe is part of the type, and what the wipe does.
        fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let mut key = Key::from_hex(DIGITS).unwrap();
        wiped_on_drop(&*key.0);
        zeroize::Zeroize::zeroize(&mut *key.0);
        assert_eq!(key.bytes(), &[0; 32]);
    }

    #[test]
    fn a_ring_with_one_key_twice_is_refused() {
        let key = || Key::from_hex(DIGITS).unwrap();
        let id = key().id();
        assert_eq!(KeyRing::new(key(), vec![key()]).unwrap_err(), KeyError::Duplicate { id });
        let other = Key::generate().unwrap();
        assert_eq!(KeyRing::new(other, vec![key(), key()]).unwrap_err(), KeyError::Duplicate { id });
    }

    #[test]
    fn two_keys_with_one_id_are_refused() {
        // SHA-256 of "sealed-session 163562" and of "sealed-session 104038", the first two of that row with one id.
        let one = || Key::from_hex("34ef9cd514b697bf5ef8fc5a5f16367bb290f27717b662d2e3a9c415c84ab1b3").unwrap();
        let other = || Key::from_hex("0bfa5a9d9fd612f8f6618a5426e0a3a30e0e325da7d3071e3764f42908296d47").unwrap();
        let id = one().id();
        assert_eq!((id, id.to_string().as_str()), (other().id(), "968eceee"));
        assert_eq!(KeyRing::new(one(), vec![other()]).unwrap_err(), KeyError::Duplicate { id });
        assert_eq!(
            KeyRing::new(Key::generate().unwrap(), vec![other(), one()]).unwrap_err(),
            KeyError::Duplicate { id }
        );
    }
}
