//! The bytes of format v1: the text form, the envelope around the seal, and the fixed part of the plaintext.
//!
//! ```text
//! cookie value = base64url without padding, canonical
//! envelope     = version (1) | key id (4) | nonce (24) | ciphertext | tag (16)
//! plaintext    = flags (1) | schema (1) | session id (16) | created_at (5) | issued_at (5) | expires_at (5) | entries
//! ```

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use crate::decode_error::DecodeError;
use crate::key_id::KeyId;
use crate::time::{Times, UnixTime};

pub(crate) const VERSION: u8 = 1;
pub(crate) const NONCE_LEN: usize = 24;
pub(crate) const TAG_LEN: usize = 16;
pub(crate) const ID_LEN: usize = 16;
/// Version, key id and nonce.
pub(crate) const HEAD_LEN: usize = 1 + KeyId::LEN + NONCE_LEN;
/// Everything in the plaintext before the entries.
pub(crate) const FIXED_LEN: usize = 1 + 1 + ID_LEN + 3 * 5;
/// What an envelope has besides the plaintext.
pub(crate) const OVERHEAD: usize = HEAD_LEN + TAG_LEN;

/// The characters that hold the version and the key id, with one byte of the nonce behind them.
const PEEK_CHARS: usize = 8;
const PEEK_LEN: usize = 6;
const MIN_CHARS: usize = text_len(OVERHEAD + FIXED_LEN);

const PERSISTENT: u8 = 0b1;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Base64 = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Base64 = base64::engine::GeneralPurpose;

// The usual constants of base64 stay scalar; its vectorised engine is made once, at run time.
static BASE64: LazyLock<Base64> = LazyLock::new(|| {
    let canonical = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false);
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    return Base64::url_safe(canonical);
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return Base64::new(&base64::alphabet::URL_SAFE, canonical);
});

/// The characters that `bytes` bytes take in the text form.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "callers pass lengths of buffers in memory, far below usize::MAX / 4"
)]
pub(crate) const fn text_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// The most bytes that fit into `chars` characters of the text form.
#[expect(clippy::arithmetic_side_effects, reason = "divides first, so that no input overflows")]
pub(crate) const fn bytes_in(chars: usize) -> usize {
    chars / 4 * 3 + (chars % 4) * 3 / 4
}

/// Appends the text form of an envelope.
pub(crate) fn write_text(envelope: &[u8], text: &mut String) {
    BASE64.encode_string(envelope, text);
}

/// Which key sealed the value: refused by length, alphabet and version, before anything is decoded but its start.
pub(crate) fn key_id(text: &[u8], max_chars: usize) -> Result<KeyId, DecodeError> {
    if text.len() > max_chars {
        return Err(DecodeError::TooLong);
    }
    if text.len() < MIN_CHARS {
        return Err(DecodeError::Malformed);
    }
    // Counted without an early end, so that it is compiled to vector instructions.
    if text.iter().filter(|byte| !is_base64url(**byte)).count() > 0 {
        return Err(DecodeError::Malformed);
    }
    let start = text.first_chunk::<PEEK_CHARS>().ok_or(DecodeError::Malformed)?;
    let mut bytes = [0; PEEK_LEN];
    BASE64.decode_slice(start, &mut bytes).map_err(|_| DecodeError::Malformed)?;
    let [version, id @ .., _] = bytes;
    if version != VERSION {
        return Err(DecodeError::UnsupportedVersion { version });
    }
    Ok(KeyId::new(id))
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// The envelope of a text form; anything but canonical base64url without padding is refused.
pub(crate) fn read_text(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    BASE64.decode(text).map_err(|_| DecodeError::Malformed)
}

/// The fixed part of the plaintext.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) persistent: bool,
    pub(crate) schema: u8,
    pub(crate) id: [u8; ID_LEN],
    pub(crate) times: Times,
}

impl Fixed {
    pub(crate) fn write(&self, plaintext: &mut Vec<u8>) {
        plaintext.push(if self.persistent { PERSISTENT } else { 0 });
        plaintext.push(self.schema);
        plaintext.extend_from_slice(&self.id);
        for time in [self.times.created_at, self.times.issued_at, self.times.expires_at] {
            plaintext.extend_from_slice(&time.to_u40());
        }
    }

    /// `None` when it is too short, has an unknown flag, or has its times out of order.
    pub(crate) fn read(plaintext: &[u8]) -> Option<Self> {
        let (&[flags, schema], rest) = plaintext.split_first_chunk()?;
        let (&id, rest) = rest.split_first_chunk()?;
        let (&created_at, rest) = rest.split_first_chunk()?;
        let (&issued_at, rest) = rest.split_first_chunk()?;
        let &expires_at = rest.first_chunk()?;
        let times = Times {
            created_at: UnixTime::from_u40(created_at),
            issued_at: UnixTime::from_u40(issued_at),
            expires_at: UnixTime::from_u40(expires_at),
        };
        let known = flags & !PERSISTENT == 0 && times.are_in_order();
        known.then_some(Self { persistent: flags == PERSISTENT, schema, id, times })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(start: &str) -> String {
        format!("{start:A<MIN_CHARS$}")
    }

    #[test]
    fn the_start_of_a_value_names_the_version_and_the_key() {
        let id = KeyId::new([0xf5, 0x7c, 0x76, 0xce]);
        assert_eq!(key_id(long("AfV8ds5A").as_bytes(), 200), Ok(id));
        assert_eq!(key_id(long("AvV8ds5A").as_bytes(), 200), Err(DecodeError::UnsupportedVersion { version: 2 }));
    }

    #[test]
    fn a_character_outside_the_alphabet_is_refused_before_version_and_key() {
        for start in ["AvV8ds5A", "AQAAAAAA"] {
            let good = long(start);
            assert_ne!(key_id(good.as_bytes(), 200), Err(DecodeError::Malformed));
            for byte in (0..=255).filter(|byte: &u8| !byte.is_ascii_alphanumeric() && !b"-_".contains(byte)) {
                for position in [0, 8, 50, MIN_CHARS - 1] {
                    let mut text = good.clone().into_bytes();
                    text[position] = byte;
                    assert_eq!(key_id(&text, 200), Err(DecodeError::Malformed), "{byte} at {position}");
                }
            }
        }
    }

    #[test]
    fn a_value_is_refused_by_length_at_one_character_either_side() {
        let at = |chars, max| key_id(&long("AfV8ds5A").repeat(2).into_bytes()[..chars], max);
        assert!(at(MIN_CHARS, 200).is_ok());
        assert_eq!(at(MIN_CHARS - 1, 200), Err(DecodeError::Malformed));
        assert!(at(150, 150).is_ok());
        assert_eq!(at(151, 150), Err(DecodeError::TooLong));
    }

    #[test]
    fn a_value_that_begins_with_a_digit_and_a_tilde_is_malformed_for_now() {
        assert_eq!(key_id(long("2~AfV8ds5A").as_bytes(), 200), Err(DecodeError::Malformed));
    }

    #[test]
    fn only_canonical_base64url_without_padding_is_read() {
        assert_eq!(read_text(b"AQ"), Ok(vec![1]));
        for other in ["AR", "AQ==", "AQ=", "A", "A+", "A/", " AQ", "AQ\n", "A\u{e9}"] {
            assert_eq!(read_text(other.as_bytes()), Err(DecodeError::Malformed), "{other:?}");
        }
        // Long enough for the vectorised engine, which must be as strict.
        for position in 0..400 {
            let mut text = vec![b'A'; 400];
            text[position] = b'+';
            assert_eq!(read_text(&text), Err(DecodeError::Malformed), "{position}");
        }
        let trailing_bits = format!("{}B", "A".repeat(401));
        assert_eq!(read_text(trailing_bits.as_bytes()), Err(DecodeError::Malformed));
    }

    #[test]
    fn text_and_byte_lengths_agree_in_both_directions() {
        for bytes in 0..200 {
            let mut text = String::new();
            write_text(&vec![0; bytes], &mut text);
            assert_eq!(text_len(bytes), text.len());
            assert_eq!(bytes_in(text.len()), bytes);
            assert!(bytes_in(text.len() - usize::from(bytes > 0)) < bytes.max(1));
        }
    }

    #[test]
    fn an_unknown_flag_and_times_out_of_order_are_refused() {
        let plaintext = |flags: u8, times: [u8; 3]| {
            let mut bytes = vec![0; FIXED_LEN];
            bytes[0] = flags;
            bytes[FIXED_LEN - 11] = times[0];
            bytes[FIXED_LEN - 6] = times[1];
            bytes[FIXED_LEN - 1] = times[2];
            bytes
        };
        assert!(Fixed::read(&plaintext(1, [5, 5, 5])).is_some_and(|fixed| fixed.persistent));
        assert!(Fixed::read(&plaintext(0, [5, 6, 7])).is_some_and(|fixed| !fixed.persistent));
        for bit in 1..8 {
            assert_eq!(Fixed::read(&plaintext(1 << bit, [5, 6, 7])), None);
        }
        assert_eq!(Fixed::read(&plaintext(0, [6, 5, 7])), None);
        assert_eq!(Fixed::read(&plaintext(0, [5, 7, 6])), None);
        assert_eq!(Fixed::read(&plaintext(0, [5, 6, 7])[1..]), None);
    }
}
