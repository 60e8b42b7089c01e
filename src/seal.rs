//! The one place that meets the cipher: XAES-256-GCM (C2SP), by way of the `xaes-256-gcm` crate.
//!
//! Secret here: the key and the plaintext. Not secret: every length, the version, the key id, the nonce, and whether
//! an envelope opened.

use rand::TryCryptoRng;
use rand::rngs::SysRng;
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::{AeadInOut, KeyInit};

use crate::decode_error::DecodeError;
use crate::error::EncodeError;
use crate::key::{Key, KeyRing};
use crate::key_id::KeyId;
use crate::time::UnixTime;
use crate::wire::{HEAD_LEN, NONCE_LEN, TAG_LEN, VERSION};

impl Key {
    /// The public name of this key; see [`KeyId`].
    ///
    /// ```
    /// use sealed_session::Key;
    /// let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")?;
    /// assert_eq!(key.id().to_string(), "f57c76ce");
    /// # Ok::<(), sealed_session::KeyError>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> KeyId {
        let tag = Xaes256Gcm::new(self.bytes().into())
            .encrypt_inout_detached((&[0; NONCE_LEN]).into(), KEY_ID_AAD, (&mut [][..]).into())
            .unwrap_or_default();
        let [a, b, c, d, ..] = tag.0;
        KeyId::new([a, b, c, d])
    }
}

/// The keys of a ring, bound to one cookie name and one audience.
pub(crate) struct Sealer {
    primary: BoundKey,
    previous: Vec<BoundKey>,
    previous_until: UnixTime,
}

impl Sealer {
    pub(crate) fn new(ring: &KeyRing, cookie_name: &str, audience: &str) -> Self {
        let bind = |key| BoundKey::new(key, cookie_name, audience);
        Self {
            primary: bind(&ring.primary),
            previous: ring.previous.iter().map(bind).collect(),
            previous_until: ring.previous_until,
        }
    }

    pub(crate) fn primary(&self) -> &BoundKey {
        &self.primary
    }

    /// The key with this id, and whether it is a previous one. At their time those retire.
    pub(crate) fn find(&self, id: KeyId, now: UnixTime) -> Option<(&BoundKey, bool)> {
        if self.primary.id == id {
            return Some((&self.primary, false));
        }
        if now >= self.previous_until {
            return None;
        }
        self.previous.iter().find(|key| key.id == id).map(|key| (key, true))
    }
}

/// One key, with everything that is the same for each message under it.
pub(crate) struct BoundKey {
    id: KeyId,
    cipher: Xaes256Gcm,
    aad: Box<[u8]>,
}

impl BoundKey {
    fn new(key: &Key, cookie_name: &str, audience: &str) -> Self {
        let id = key.id();
        Self { id, cipher: Xaes256Gcm::new(key.bytes().into()), aad: aad(id, cookie_name, audience) }
    }

    /// A new envelope with its version, key id and a fresh nonce, and room for `capacity` bytes in all. The caller
    /// appends the plaintext.
    ///
    /// The nonce is the operating system's, for every message: a generator in the process would repeat itself after a
    /// fork or a resumed snapshot, and one repeated nonce lets anyone forge every session.
    pub(crate) fn begin(&self, capacity: usize) -> Result<Vec<u8>, EncodeError> {
        self.begin_with(&mut SysRng, capacity)
    }

    fn begin_with(&self, rng: &mut impl TryCryptoRng, capacity: usize) -> Result<Vec<u8>, EncodeError> {
        let mut nonce = [0; NONCE_LEN];
        rng.try_fill_bytes(&mut nonce).map_err(|_| EncodeError::Random)?;
        let mut envelope = Vec::with_capacity(capacity);
        envelope.push(VERSION);
        envelope.extend_from_slice(&self.id.to_bytes());
        envelope.extend_from_slice(&nonce);
        Ok(envelope)
    }

    /// Seals the plaintext behind the head of `envelope`, in place, and appends the tag.
    // Not inlined and not generic: the cipher is compiled once, here, and not into an application's code.
    #[inline(never)]
    pub(crate) fn seal(&self, envelope: &mut Vec<u8>) -> Result<(), EncodeError> {
        let (head, plaintext) = envelope.split_first_chunk_mut::<HEAD_LEN>().ok_or(EncodeError::Cipher)?;
        let nonce = head.last_chunk::<NONCE_LEN>().ok_or(EncodeError::Cipher)?;
        let tag = self
            .cipher
            .encrypt_inout_detached(nonce.into(), &self.aad, plaintext.into())
            // Only a message of 64 GiB fails.
            .map_err(|_| EncodeError::Cipher)?;
        envelope.extend_from_slice(&tag);
        Ok(())
    }

    /// Opens `envelope` in place and gives its plaintext.
    ///
    /// # Errors
    /// [`DecodeError::NotAuthentic`], whatever is wrong.
    #[inline(never)]
    pub(crate) fn open<'e>(&self, envelope: &'e mut [u8]) -> Result<&'e [u8], DecodeError> {
        const REFUSED: DecodeError = DecodeError::NotAuthentic;
        let (rest, tag) = envelope.split_last_chunk_mut::<TAG_LEN>().ok_or(REFUSED)?;
        let (head, message) = rest.split_first_chunk_mut::<HEAD_LEN>().ok_or(REFUSED)?;
        let nonce = head.last_chunk::<NONCE_LEN>().ok_or(REFUSED)?;
        self.cipher
            .decrypt_inout_detached(nonce.into(), &self.aad, (&mut *message).into(), (&*tag).into())
            .map_err(|_| REFUSED)?;
        Ok(message)
    }
}

/// What a seal is bound to besides the message. Lengths go before the texts, so that no two pairs give the same bytes.
fn aad(id: KeyId, cookie_name: &str, audience: &str) -> Box<[u8]> {
    let mut aad = vec![VERSION];
    aad.extend_from_slice(&id.to_bytes());
    for text in [cookie_name, audience] {
        // The configuration refuses longer ones.
        let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
        aad.extend_from_slice(&len.to_be_bytes());
        aad.extend_from_slice(text.as_bytes());
    }
    aad.into_boxed_slice()
}

const KEY_ID_AAD: &[u8] = b"sealed-session key id";

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap()
    }

    /// The two vectors of C2SP's XAES-256-GCM.md, straight through the cipher.
    #[test]
    fn the_cipher_gives_the_published_vectors() {
        let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        for (byte, aad, sealed) in [
            (1, &b""[..], "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (3, &b"c2sp.org/XAES-256-GCM"[..], "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
        ] {
            let mut message = *b"XAES-256-GCM";
            let tag = Xaes256Gcm::new((&[byte; 32]).into())
                .encrypt_inout_detached(nonce.into(), aad, (&mut message[..]).into())
                .unwrap();
            assert_eq!(hex::encode(message) + &hex::encode(tag), sealed);
        }
    }

    #[test]
    fn aad_is_the_published_bytes() {
        let bytes = aad(key().id(), "__Host-session", "shop");
        assert_eq!(&*bytes, b"\x01\xf5\x7c\x76\xce\x00\x0e__Host-session\x00\x04shop");
    }

    #[test]
    fn moving_a_byte_between_name_and_audience_changes_the_aad() {
        assert_ne!(aad(key().id(), "ab", "c"), aad(key().id(), "a", "bc"));
        assert_ne!(aad(key().id(), "a", ""), aad(key().id(), "", "a"));
    }

    #[test]
    fn two_envelopes_never_share_a_nonce() {
        let sealer = Sealer::new(&key().into(), "s", "");
        let envelope = || sealer.primary().begin(0).unwrap();
        assert_ne!(envelope(), envelope());
    }

    #[test]
    fn a_random_number_generator_that_fails_is_an_error_and_no_nonce() {
        struct Broken;

        impl rand::TryRng for Broken {
            type Error = std::io::Error;

            fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
                Err(std::io::ErrorKind::Other.into())
            }

            fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
                Err(std::io::ErrorKind::Other.into())
            }

            fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
                Err(std::io::ErrorKind::Other.into())
            }
        }

        impl TryCryptoRng for Broken {}

        let sealer = Sealer::new(&key().into(), "s", "");
        assert_eq!(sealer.primary().begin_with(&mut Broken, 100), Err(EncodeError::Random));
    }

    #[test]
    fn the_cipher_wipes_its_keys_when_it_is_dropped() {
        fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        wiped_on_drop(&Sealer::new(&key().into(), "s", "").primary.cipher);
    }

    #[test]
    fn a_failed_open_leaves_no_plaintext_behind() {
        let sealer = Sealer::new(&key().into(), "s", "");
        let mut envelope = sealer.primary().begin(0).unwrap();
        envelope.extend_from_slice(b"secret");
        sealer.primary().seal(&mut envelope).unwrap();
        *envelope.last_mut().unwrap() ^= 1;
        let before = envelope.clone();
        assert_eq!(sealer.primary().open(&mut envelope), Err(DecodeError::NotAuthentic));
        assert_eq!(envelope, before);
    }

    #[test]
    fn an_envelope_too_short_for_its_own_parts_is_refused() {
        let sealer = Sealer::new(&key().into(), "s", "");
        for len in 0..HEAD_LEN + TAG_LEN {
            assert_eq!(sealer.primary().open(&mut vec![1; len]), Err(DecodeError::NotAuthentic), "{len}");
        }
    }
}
