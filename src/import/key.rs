//! Holds [`ImportKey`], the 64 bytes under which the old application sealed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cookie::{Cookie, CookieJar};
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use crate::error::ImportKeyError;

/// The key of an old application: the 64 bytes that the `cookie` crate calls a `Key`.
///
/// The key can't be printed, cloned or compared, and its bytes are wiped when it is dropped. The `cookie` crate copies
/// them while it opens a cookie, and does not wipe its copies.
///
/// ```
/// use sealed_session::import::ImportKey;
/// let key = ImportKey::from_hex(&"0123456789abcdef".repeat(8))?;
/// assert_eq!(format!("{key:?}"), "ImportKey");
/// # Ok::<(), sealed_session::import::ImportKeyError>(())
/// ```
// The bytes are boxed, so that moving a key leaves no copy behind that the wipe would miss.
pub struct ImportKey(Box<Zeroizing<[u8; ImportKey::LEN]>>);

impl ImportKey {
    /// The length of a key, in bytes.
    pub const LEN: usize = 64;

    /// Takes a key of 64 bytes, as `Key::master` of the `cookie` crate returns them. `Key::from` of that crate took the
    /// first 64 bytes of a longer text, so pass those 64 bytes alone.
    ///
    /// # Errors
    /// [`ImportKeyError::Length`] when the key has another length, [`ImportKeyError::Repeated`] when its second half is
    /// one byte repeated. That half seals, so anyone could make the cookies of such a key.
    ///
    /// ```
    /// use sealed_session::import::{ImportKey, ImportKeyError};
    /// let old_key: Vec<u8> = (0..64).collect();
    /// assert!(ImportKey::from_bytes(&old_key).is_ok());
    /// assert_eq!(ImportKey::from_bytes(&[0; 64]).unwrap_err(), ImportKeyError::Repeated);
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ImportKeyError> {
        let mut key = Self::blank();
        if bytes.len() != Self::LEN {
            return Err(ImportKeyError::Length { found: bytes.len() });
        }
        key.0.copy_from_slice(bytes);
        key.checked()
    }

    /// Reads a key from 128 hexadecimal digits of either case, such as Tideway's `SESSION_ENCRYPTION_KEY`. White space
    /// around them is ignored.
    ///
    /// # Errors
    /// [`ImportKeyError::Digits`] and [`ImportKeyError::NotHex`] when the text is not 128 hexadecimal digits,
    /// [`ImportKeyError::Repeated`] as for [`ImportKey::from_bytes`].
    ///
    /// ```
    /// use sealed_session::import::{ImportKey, ImportKeyError};
    /// assert_eq!(ImportKey::from_hex("cafe").unwrap_err(), ImportKeyError::Digits { found: 4 });
    /// ```
    pub fn from_hex(digits: &str) -> Result<Self, ImportKeyError> {
        let digits = digits.trim();
        let found = digits.chars().count();
        if found != Self::LEN.saturating_mul(2) {
            return Err(ImportKeyError::Digits { found });
        }
        let mut key = Self::blank();
        hex::decode_to_slice(digits, key.0.as_mut_slice()).map_err(|_| ImportKeyError::NotHex)?;
        key.checked()
    }

    /// Derives the key from 32 bytes or more, as `Key::derive_from` of the `cookie` crate does.
    ///
    /// # Errors
    /// [`ImportKeyError::TooShort`] for fewer than 32 bytes, [`ImportKeyError::Repeated`] when they are all the same.
    ///
    /// ```
    /// use sealed_session::import::{ImportKey, ImportKeyError};
    /// let master: Vec<u8> = (0..32).collect();
    /// assert!(ImportKey::derive_from(&master).is_ok());
    /// assert_eq!(ImportKey::derive_from(b"secret").unwrap_err(), ImportKeyError::TooShort { found: 6 });
    /// ```
    pub fn derive_from(master: &[u8]) -> Result<Self, ImportKeyError> {
        // The `cookie` crate panics when it gets fewer bytes.
        if master.len() < 32 {
            return Err(ImportKeyError::TooShort { found: master.len() });
        }
        if is_repeated(master) {
            return Err(ImportKeyError::Repeated);
        }
        Self::from_bytes(cookie::Key::derive_from(master).master())
    }

    /// Reads Rocket's `secret_key` as Rocket does: 44 or 88 characters of base64, or 64 hexadecimal digits. From 32
    /// bytes, Rocket derives the key.
    ///
    /// # Errors
    /// [`ImportKeyError::NotRocket`] when the text is none of these, [`ImportKeyError::Repeated`] as for
    /// [`ImportKey::from_bytes`].
    ///
    /// ```
    /// use sealed_session::import::{ImportKey, ImportKeyError};
    /// assert!(ImportKey::from_rocket("hPrRyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk=").is_ok());
    /// assert_eq!(ImportKey::from_rocket("secret").unwrap_err(), ImportKeyError::NotRocket);
    /// ```
    pub fn from_rocket(secret_key: &str) -> Result<Self, ImportKeyError> {
        let secret_key = secret_key.trim();
        let bytes = match secret_key.len() {
            44 | 88 => STANDARD.decode(secret_key).ok(),
            64 => hex::decode(secret_key).ok(),
            _ => None,
        };
        let bytes = Zeroizing::new(bytes.ok_or(ImportKeyError::NotRocket)?);
        if bytes.len() == Self::LEN { Self::from_bytes(&bytes) } else { Self::derive_from(&bytes) }
    }

    fn blank() -> Self {
        Self(Box::new(Zeroizing::new([0; Self::LEN])))
    }

    /// Refuses a key whose second half is one byte repeated. That half alone encrypts.
    fn checked(self) -> Result<Self, ImportKeyError> {
        let (_, encryption) = self.0.split_at(Self::LEN / 2);
        if is_repeated(encryption) { Err(ImportKeyError::Repeated) } else { Ok(self) }
    }

    /// Returns the text that the private jar sealed for a cookie of this name, or `None` when `value` is not the value
    /// of such a cookie. `value` may be percent-encoded.
    pub(super) fn open(&self, name: &str, value: &[u8]) -> Option<String> {
        // Base64 has no `%`, so decoding changes nothing in a value that was not encoded.
        let value = percent_decode(value).decode_utf8().ok()?.into_owned();
        let key = cookie::Key::try_from(self.0.as_slice()).ok()?;
        let opened = CookieJar::new().private(&key).decrypt(Cookie::new(name.to_owned(), value))?;
        Some(opened.value().to_owned())
    }

    /// An id that every copy of these cookies has, and that nobody can tell without the key: the first half of the
    /// HMAC-SHA256 of `text` under the half of the key that the private jar does not use. The `cookie` crate computes
    /// it, by its signed jar.
    pub(super) fn id_of(&self, text: &str) -> Option<[u8; 16]> {
        let key = cookie::Key::try_from(self.0.as_slice()).ok()?;
        let mut jar = CookieJar::new();
        jar.signed_mut(&key).add(Cookie::new("id", text.to_owned()));
        // The jar writes the tag before the text: 32 bytes of base64.
        let signed = jar.get("id")?.value().get(..44).map(|tag| STANDARD.decode(tag))?.ok()?;
        signed.first_chunk().copied()
    }
}

fn is_repeated(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| Some(byte) == bytes.first())
}

/// Shows no byte of the key.
impl fmt::Debug for ImportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ImportKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f\
                          202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

    #[test]
    fn from_hex_takes_128_digits_of_either_case_with_white_space_around() {
        let expected: Vec<u8> = (0..64).collect();
        let key = ImportKey::from_hex(&format!(" \t{DIGITS}\r\n")).unwrap();
        assert_eq!(key.0.as_slice(), expected);
        assert_eq!(ImportKey::from_bytes(&expected).unwrap().0.as_slice(), expected);
    }

    #[test]
    fn a_key_that_is_none_is_refused_by_kind() {
        let hex = |text: &str| ImportKey::from_hex(text).unwrap_err();
        assert_eq!(hex(""), ImportKeyError::Digits { found: 0 });
        assert_eq!(hex(&DIGITS[..64]), ImportKeyError::Digits { found: 64 });
        assert_eq!(hex(&format!("{}g", &DIGITS[1..])), ImportKeyError::NotHex);
        assert_eq!(hex(&"é".repeat(128)), ImportKeyError::NotHex);
        assert_eq!(hex(&"7a".repeat(64)), ImportKeyError::Repeated);
        // Only the second half encrypts.
        assert_eq!(hex(&format!("{}{}", &DIGITS[..64], "00".repeat(32))), ImportKeyError::Repeated);
        assert!(ImportKey::from_hex(&format!("{}{}", "00".repeat(32), &DIGITS[64..])).is_ok());
        for found in [0, 32, 63, 65] {
            let bytes: Vec<u8> = (0..found).collect();
            let expected = ImportKeyError::Length { found: found.into() };
            assert_eq!(ImportKey::from_bytes(&bytes).unwrap_err(), expected);
        }
        assert_eq!(ImportKey::derive_from(&[1; 31]).unwrap_err(), ImportKeyError::TooShort { found: 31 });
        assert_eq!(ImportKey::derive_from(&[1; 32]).unwrap_err(), ImportKeyError::Repeated);
        for text in ["", &DIGITS[..63], &"=".repeat(44), &"g".repeat(64), DIGITS] {
            assert_eq!(ImportKey::from_rocket(text).unwrap_err(), ImportKeyError::NotRocket, "{text}");
        }
        assert_eq!(ImportKey::from_rocket(&"0".repeat(64)).unwrap_err(), ImportKeyError::Repeated);
    }

    #[test]
    fn from_rocket_takes_32_or_64_bytes_in_base64_and_32_in_hex() {
        let bytes: Vec<u8> = (0..64).collect();
        let key = |text: &str| ImportKey::from_rocket(text).unwrap().0.as_slice().to_vec();
        assert_eq!(key(&STANDARD.encode(&bytes)), bytes);
        let derived = ImportKey::derive_from(&bytes[..32]).unwrap().0.as_slice().to_vec();
        assert_eq!(key(&STANDARD.encode(&bytes[..32])), derived);
        assert_eq!(key(&DIGITS[..64]), derived);
    }

    #[test]
    fn debug_shows_no_byte_of_the_key() {
        assert_eq!(format!("{:?}", ImportKey::from_hex(DIGITS).unwrap()), "ImportKey");
    }

    #[test]
    fn the_bytes_of_a_key_are_wiped_when_it_is_dropped() {
        fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        wiped_on_drop(&*ImportKey::from_hex(DIGITS).unwrap().0);
    }
}
