//! Reads and writes the text form, the envelope around the seal, and the fixed part of the plaintext. The numbers in
//! brackets are bytes.
//!
//! ```text
//! cookie value = base64url without padding, canonical
//! envelope     = version (1) | key id (4) | nonce (24) | ciphertext | tag (16)
//! plaintext    = flags (1) | schema (1) | session id (16) | created_at (5) | issued_at (5) | expires_at (5) | entries
//! ```

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use crate::error::DecodeError;
use crate::key_id::KeyId;
use crate::time::{Times, UnixTime};

pub(crate) const VERSION: u8 = 1;
/// The length of a key, in bytes (AES-256).
pub(crate) const KEY_LEN: usize = 32;
pub(crate) const NONCE_LEN: usize = 24;
pub(crate) const TAG_LEN: usize = 16;
pub(crate) const ID_LEN: usize = 16;
/// The bytes of version, key id and nonce.
pub(crate) const HEAD_LEN: usize = 1 + KeyId::LEN + NONCE_LEN;
/// The bytes of the plaintext before the entries.
pub(crate) const FIXED_LEN: usize = 1 + 1 + ID_LEN + 3 * 5;
/// The bytes of an envelope besides the plaintext.
pub(crate) const OVERHEAD: usize = HEAD_LEN + TAG_LEN;

/// The bytes of the shortest envelope, which seals a session without entries.
pub(crate) const MIN_ENVELOPE_LEN: usize = OVERHEAD + FIXED_LEN;

const MIN_CHARS: usize = text_len(MIN_ENVELOPE_LEN);

/// The most bytes of name and value together that browsers keep (RFC 6265bis section 5.6).
pub(crate) const NAME_AND_VALUE_LIMIT: usize = 4096;

const PERSISTENT: u8 = 0b1;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Base64 = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Base64 = base64::engine::GeneralPurpose;

// The ready-made engines of the `base64` crate are scalar. Its vectorised engine is made at run time, and once.
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

/// Returns the characters that `bytes` bytes take in the text form.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "callers pass lengths of buffers in memory, far below usize::MAX / 4"
)]
pub(crate) const fn text_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// Returns the most bytes that fit into `chars` characters of the text form.
#[expect(clippy::arithmetic_side_effects, reason = "divides first, so that no input overflows")]
pub(crate) const fn bytes_in(chars: usize) -> usize {
    chars / 4 * 3 + (chars % 4) * 3 / 4
}

/// Appends the text form of an envelope.
pub(crate) fn write_text(envelope: &[u8], text: &mut String) {
    BASE64.encode_string(envelope, text);
}

/// The bytes of a buffer for the largest envelope that one cookie holds.
pub(crate) const BUFFER_LEN: usize = bytes_in(NAME_AND_VALUE_LIMIT);
/// The bytes of a buffer for most envelopes, which takes less time to clear.
pub(crate) const SMALL_BUFFER_LEN: usize = 512;

/// Decodes the text form. Refuses a text of an impossible length, and one that is not canonical base64url without
/// padding.
pub(crate) fn read_text<'b>(text: &[u8], max_chars: usize, buffer: &'b mut [u8]) -> Result<&'b mut [u8], DecodeError> {
    if text.len() > max_chars {
        return Err(DecodeError::TooLong);
    }
    if text.len() < MIN_CHARS {
        return Err(DecodeError::Malformed);
    }
    let len = BASE64.decode_slice(text, buffer).map_err(|_| DecodeError::Malformed)?;
    buffer.get_mut(..len).ok_or(DecodeError::Malformed)
}

/// Decodes the text form of an id.
#[cfg(feature = "dbsc")]
pub(crate) fn read_id(text: &[u8]) -> Option<[u8; ID_LEN]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

/// Decodes the text form of an envelope that is no session's, such as those of a binding, and may be shorter than one.
#[cfg(feature = "dbsc")]
pub(crate) fn read_part(text: &[u8], max_chars: usize) -> Result<Vec<u8>, DecodeError> {
    if text.len() > max_chars {
        return Err(DecodeError::TooLong);
    }
    if text.len() < text_len(OVERHEAD) {
        return Err(DecodeError::Malformed);
    }
    BASE64.decode(text).map_err(|_| DecodeError::Malformed)
}

/// Returns the id of the key that sealed an envelope, if this release knows the version of the envelope.
pub(crate) fn key_id(envelope: &[u8]) -> Result<KeyId, DecodeError> {
    let (&version, rest) = envelope.split_first().ok_or(DecodeError::Malformed)?;
    if version != VERSION {
        return Err(DecodeError::UnsupportedVersion { version });
    }
    rest.first_chunk().copied().map(KeyId::new).ok_or(DecodeError::Malformed)
}

/// The fixed part of the plaintext: everything before the entries.
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

    /// Reads the fixed part. Returns `None` when it has an unknown flag, or times that are out of order.
    pub(crate) fn read(plaintext: &[u8; FIXED_LEN]) -> Option<Self> {
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

/// Returns the bytes of the longest padded plaintext in a text of at most `chars` characters, a whole number of blocks.
pub(crate) fn max_plaintext(chars: usize, padding_block: usize) -> usize {
    let room = bytes_in(chars).saturating_sub(OVERHEAD);
    room.checked_div(padding_block).unwrap_or(0).saturating_mul(padding_block)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 4095;

    fn read(text: &[u8], max_chars: usize) -> Result<Vec<u8>, DecodeError> {
        read_text(text, max_chars, &mut [0; 3072]).map(|envelope| envelope.to_vec())
    }

    #[test]
    fn the_start_of_an_envelope_names_the_version_and_the_key() {
        assert_eq!(key_id(&[1, 0xf5, 0x7c, 0x76, 0xce, 9]), Ok(KeyId::new([0xf5, 0x7c, 0x76, 0xce])));
        assert_eq!(key_id(&[2, 0xf5, 0x7c, 0x76, 0xce, 9]), Err(DecodeError::UnsupportedVersion { version: 2 }));
        assert_eq!(key_id(&[1, 2, 3, 4]), Err(DecodeError::Malformed));
        assert_eq!(key_id(&[]), Err(DecodeError::Malformed));
    }

    #[test]
    fn a_value_is_refused_by_length_at_one_character_either_side() {
        let at = |chars, max| read(&vec![b'A'; chars], max).map(|envelope| envelope.len());
        assert_eq!(at(MIN_CHARS, MAX), Ok(OVERHEAD + FIXED_LEN));
        assert_eq!(at(MIN_CHARS - 1, MAX), Err(DecodeError::Malformed));
        assert_eq!(at(152, 152), Ok(114));
        assert_eq!(at(153, 152), Err(DecodeError::TooLong));
        for chars in [4092, 4094, 4095] {
            assert_eq!(at(chars, MAX), Ok(bytes_in(chars)));
        }
        assert_eq!(at(MAX + 1, MAX), Err(DecodeError::TooLong));
    }

    #[test]
    fn a_value_that_begins_with_a_digit_and_a_tilde_is_malformed_for_now() {
        assert_eq!(read(format!("2~{}", "A".repeat(200)).as_bytes(), MAX), Err(DecodeError::Malformed));
    }

    #[test]
    fn only_canonical_base64url_without_padding_is_read() {
        // The lengths give each remainder modulo 4 that text can have, and reach the vectorised engine, which must be
        // as strict.
        for chars in [400, 402, 403] {
            let good = vec![b'A'; chars];
            assert!(read(&good, MAX).is_ok());
            for position in 0..chars {
                for byte in [b'+', b'/', b'=', b' ', b'\n', b'~', b'.', b'%', 0, 0x80, 0xff] {
                    let mut text = good.clone();
                    text[position] = byte;
                    assert_eq!(read(&text, MAX), Err(DecodeError::Malformed), "{byte} at {position} of {chars}");
                }
            }
            for padding in ["=", "==", "A="] {
                assert_eq!(read(&[&good[..], padding.as_bytes()].concat(), MAX), Err(DecodeError::Malformed));
            }
        }
        assert_eq!(read(&[b'A'; 401], MAX), Err(DecodeError::Malformed));
        for (chars, last_with_stray_bits) in [(402, b'B'), (402, b'P'), (403, b'B'), (403, b'D')] {
            let mut text = vec![b'A'; chars];
            text[chars - 1] = last_with_stray_bits;
            assert_eq!(read(&text, MAX), Err(DecodeError::Malformed));
        }
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
            let mut bytes = [0; FIXED_LEN];
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
    }
}
