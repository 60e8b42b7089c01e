//! Builds and opens envelopes: joins the nonce, the key and what the seal is bound to, and has the cipher seal or open.
//!
//! The key and the plaintext are secret here. Not secret are every length, the version, the key id, the nonce, and
//! whether an envelope opened.

use rand::TryCryptoRng;
use rand::rngs::SysRng;

use super::cipher::Cipher;
use super::key::Key;
use super::key_ring::KeyRing;
use crate::error::{DecodeError, EncodeError};
use crate::format::{HEAD_LEN, ID_LEN, NONCE_LEN, TAG_LEN, VERSION};
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// The keys of a ring, bound to one cookie name and one audience.
pub(crate) struct Sealer {
    primary: BoundKey,
    previous: Vec<BoundKey>,
    previous_until: UnixTime,
    cookie_name: Box<str>,
    audience: Box<str>,
}

impl Sealer {
    pub(crate) fn new(ring: &KeyRing, cookie_name: &str, audience: &str) -> Self {
        let bind = |key| BoundKey::new(key, cookie_name, audience);
        Self {
            primary: bind(&ring.primary),
            previous: ring.previous.iter().map(bind).collect(),
            previous_until: ring.previous_until,
            cookie_name: cookie_name.into(),
            audience: audience.into(),
        }
    }

    /// Binds other keys to the same cookie name and audience.
    pub(crate) fn with_keys(&self, ring: &KeyRing) -> Self {
        Self::new(ring, &self.cookie_name, &self.audience)
    }

    pub(crate) fn primary(&self) -> &BoundKey {
        &self.primary
    }

    /// Returns the ids of the previous keys, which only open.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = KeyId> {
        self.previous.iter().map(BoundKey::id)
    }

    /// Returns the key with this id, with true when it is a previous key.
    pub(crate) fn find(&self, id: KeyId) -> Option<(&BoundKey, bool)> {
        if self.primary.id == id {
            return Some((&self.primary, false));
        }
        self.previous.iter().find(|key| key.id == id).map(|key| (key, true))
    }

    /// True when the previous keys open nothing any more.
    pub(crate) fn are_retired(&self, now: UnixTime) -> bool {
        now >= self.previous_until
    }
}

/// One key, with everything that is the same for each message under it.
pub(crate) struct BoundKey {
    id: KeyId,
    cipher: Cipher,
    aad: Box<[u8]>,
}

impl BoundKey {
    fn new(key: &Key, cookie_name: &str, audience: &str) -> Self {
        let id = key.id();
        Self { id, cipher: Cipher::new(key.bytes()), aad: aad(id, cookie_name, audience) }
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// Begins an envelope: its version, the key id and a fresh nonce, with room for `capacity` bytes in all. The caller
    /// appends the plaintext.
    ///
    /// The operating system draws the nonce of every message. A generator in the process would repeat itself after a
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
    pub(crate) fn seal(&self, envelope: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.seal_bound(&self.aad, envelope)
    }

    /// Seals for another cookie name. [`BoundKey::open`] refuses the result.
    #[cfg(feature = "test-util")]
    pub(crate) fn seal_for(&self, cookie_name: &str, envelope: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.seal_bound(&aad(self.id, cookie_name, ""), envelope)
    }

    /// Seals the record that a store keeps for a session. A record does not open as a cookie, nor a cookie as a record.
    pub(crate) fn seal_record(&self, id: &[u8; ID_LEN], envelope: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.seal_bound(&self.record_aad(id), envelope)
    }

    fn seal_bound(&self, aad: &[u8], envelope: &mut Vec<u8>) -> Result<(), EncodeError> {
        let (head, plaintext) = envelope.split_first_chunk_mut::<HEAD_LEN>().ok_or(EncodeError::Cipher)?;
        let nonce = head.last_chunk::<NONCE_LEN>().ok_or(EncodeError::Cipher)?;
        let tag = self.cipher.seal(nonce, aad, plaintext).ok_or(EncodeError::Cipher)?;
        envelope.extend_from_slice(&tag);
        Ok(())
    }

    /// Opens `envelope` in place and returns its plaintext.
    ///
    /// # Errors
    /// [`DecodeError::NotAuthentic`], whatever is wrong.
    pub(crate) fn open<'e>(&self, envelope: &'e mut [u8]) -> Result<&'e [u8], DecodeError> {
        self.open_bound(&self.aad, envelope)
    }

    /// Opens a record in place, if [`BoundKey::seal_record`] sealed it for this id, and returns its plaintext.
    ///
    /// # Errors
    /// [`DecodeError::NotAuthentic`], whatever is wrong.
    pub(crate) fn open_record<'e>(&self, id: &[u8; ID_LEN], envelope: &'e mut [u8]) -> Result<&'e [u8], DecodeError> {
        self.open_bound(&self.record_aad(id), envelope)
    }

    fn open_bound<'e>(&self, aad: &[u8], envelope: &'e mut [u8]) -> Result<&'e [u8], DecodeError> {
        const REFUSED: DecodeError = DecodeError::NotAuthentic;
        let (rest, tag) = envelope.split_last_chunk_mut::<TAG_LEN>().ok_or(REFUSED)?;
        let (head, message) = rest.split_first_chunk_mut::<HEAD_LEN>().ok_or(REFUSED)?;
        let nonce = head.last_chunk::<NONCE_LEN>().ok_or(REFUSED)?;
        if self.cipher.open(nonce, aad, message, tag) { Ok(message) } else { Err(REFUSED) }
    }

    /// Seals what is no session, for one purpose. It opens for that purpose alone, under the same cookie name and
    /// audience.
    #[cfg(feature = "dbsc")]
    pub(crate) fn seal_part(&self, purpose: &[u8], envelope: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.seal_bound(&[&self.aad, purpose].concat(), envelope)
    }

    /// Opens in place what [`BoundKey::seal_part`] sealed for this purpose, and returns its plaintext.
    ///
    /// # Errors
    /// [`DecodeError::NotAuthentic`], whatever is wrong.
    #[cfg(feature = "dbsc")]
    pub(crate) fn open_part<'e>(&self, purpose: &[u8], envelope: &'e mut [u8]) -> Result<&'e [u8], DecodeError> {
        self.open_bound(&[&self.aad, purpose].concat(), envelope)
    }

    fn record_aad(&self, id: &[u8; ID_LEN]) -> Vec<u8> {
        [&self.aad, RECORD, id].concat()
    }
}

/// The bytes between the AAD of a cookie and the id, in the AAD of a record. A cookie's AAD says where it ends, so no
/// record has the AAD of a cookie.
const RECORD: &[u8] = b"record";

/// Returns what a seal is bound to besides the message: the version, the key id, the cookie name and the audience. The
/// length of each text stands before it, so that no two pairs of texts give the same bytes.
fn aad(id: KeyId, cookie_name: &str, audience: &str) -> Box<[u8]> {
    let mut aad = vec![VERSION];
    aad.extend_from_slice(&id.to_bytes());
    for text in [cookie_name, audience] {
        // The configuration refuses longer texts.
        let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
        aad.extend_from_slice(&len.to_be_bytes());
        aad.extend_from_slice(text.as_bytes());
    }
    aad.into_boxed_slice()
}

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
            let tag = Cipher::new(&[byte; 32]).seal(nonce, aad, &mut message).unwrap();
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
    fn a_failed_open_leaves_no_plaintext_behind() {
        let sealer = Sealer::new(&key().into(), "s", "");
        let mut envelope = sealer.primary().begin(0).unwrap();
        envelope.extend_from_slice(b"secret");
        sealer.primary().seal(&mut envelope).unwrap();
        *envelope.last_mut().unwrap() ^= 1;
        assert_eq!(sealer.primary().open(&mut envelope), Err(DecodeError::NotAuthentic));
        assert!(!envelope.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn an_envelope_too_short_for_its_own_parts_is_refused() {
        let sealer = Sealer::new(&key().into(), "s", "");
        for len in 0..HEAD_LEN + TAG_LEN {
            assert_eq!(sealer.primary().open(&mut vec![1; len]), Err(DecodeError::NotAuthentic), "{len}");
        }
    }
}
