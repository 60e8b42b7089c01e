//! Seals and opens with XAES-256-GCM (C2SP) by AWS-LC. It gives the same bytes as `rust_crypto`, in less time. Feature
//! `aws-lc`.
//!
//! C2SP defines XAES-256-GCM in the terms of NIST. The key of a message comes from the first half of the nonce, by the
//! KDF of SP 800-108 in counter mode over CMAC-AES-256. AES-256-GCM seals the message under that key, with the second
//! half as its nonce.
//!
//! The CMAC of one whole block is one AES block: CMAC(M) = AES(M xor K1), with a constant K1 (SP 800-38B section 6.2).
//! AWS-LC's CMAC copies its context on the heap for each call, which takes longer than all other work on a short
//! message. So AWS-LC's CMAC is asked once a key, for K1, and each message costs two AES blocks.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::cmac;
use zeroize::Zeroizing;

use super::stack;
use crate::format::{KEY_LEN, NONCE_LEN, TAG_LEN};

const BLOCK_LEN: usize = 16;

/// One key, ready for any number of messages. AWS-LC wipes the memory that it frees.
// The keys are boxed, so that moving a cipher leaves no copy behind that the wipe would miss.
pub(crate) struct Cipher(Option<Box<Derivation>>);

/// Everything that the keys of messages are derived from. `aws-lc-rs` wipes `aes` when it is dropped.
struct Derivation {
    aes: EncryptingKey,
    k1: Zeroizing<[u8; BLOCK_LEN]>,
}

impl Cipher {
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Self {
        // `None` only when there is no memory left.
        stack::wiped_after(|| Self(Derivation::new(key)))
    }

    /// Encrypts `message` in place and returns the tag. Returns `None` only for a message of 64 GiB or more.
    pub(crate) fn seal(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], message: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        let (key, nonce) = self.derive(nonce)?;
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), message).ok()?;
        tag.as_ref().try_into().ok()
    }

    /// Decrypts `message` in place. Returns false when it is not authentic, and `message` then holds no plaintext.
    pub(crate) fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], message: &mut [u8], tag: &[u8; TAG_LEN]) -> bool {
        self.derive(nonce)
            .is_some_and(|(key, nonce)| key.open_in_place_separate_tag(nonce, Aad::from(aad), tag, message).is_ok())
    }

    /// Returns the key of one message, and the half of the nonce that is left for it.
    fn derive(&self, nonce: &[u8; NONCE_LEN]) -> Option<(LessSafeKey, Nonce)> {
        let (context, nonce) = nonce.split_first_chunk()?;
        let key = self.0.as_ref()?.message_key(context)?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).ok()?);
        Some((key, Nonce::try_assume_unique_for_key(nonce).ok()?))
    }
}

impl Derivation {
    #[inline(never)]
    fn new(key: &[u8; KEY_LEN]) -> Option<Box<Self>> {
        let unbound = || UnboundCipherKey::new(&AES_256, key).ok();
        // CMAC(0) = AES(K1), so decrypting it gives K1.
        let mac = cmac::sign(&cmac::Key::new(cmac::AES_256, key).ok()?, &[0; BLOCK_LEN]).ok()?;
        let mut k1 = Zeroizing::new([0; BLOCK_LEN]);
        k1.copy_from_slice(mac.as_ref());
        DecryptingKey::ecb(unbound()?).ok()?.decrypt(&mut *k1, DecryptionContext::None).ok()?;
        Some(Box::new(Self { aes: EncryptingKey::ecb(unbound()?).ok()?, k1 }))
    }

    fn message_key(&self, context: &[u8; 12]) -> Option<Zeroizing<[u8; KEY_LEN]>> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        for (counter, half) in (1..).zip(key.chunks_exact_mut(BLOCK_LEN)) {
            // The block is counter, label "X", separator and context: SP 800-108r1 section 4.1, without the length, as
            // C2SP has it.
            let (head, tail) = half.split_first_chunk_mut::<4>()?;
            *head = [0, counter, b'X', 0];
            tail.copy_from_slice(context);
            half.iter_mut().zip(&*self.k1).for_each(|(byte, k1)| *byte ^= k1);
        }
        self.aes.encrypt(&mut *key).ok()?;
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rust_crypto;

    #[test]
    fn it_gives_the_same_bytes_as_the_other_one_and_opens_them() {
        for len in (0..300).chain([4096, 65_536]) {
            let byte = u8::try_from(len % 251).unwrap();
            let (key, nonce, aad) = ([byte; KEY_LEN], [byte ^ 1; NONCE_LEN], vec![byte; len % 70]);
            let (ours, other) = (Cipher::new(&key), rust_crypto::Cipher::new(&key));
            let (mut a, mut b) = (vec![byte; len], vec![byte; len]);
            let mut tag = ours.seal(&nonce, &aad, &mut a).unwrap();
            assert_eq!(other.seal(&nonce, &aad, &mut b).unwrap(), tag);
            assert_eq!(a, b, "{len}");
            assert!(ours.open(&nonce, &aad, &mut b, &tag) && other.open(&nonce, &aad, &mut a, &tag));
            assert_eq!((&a, &b), (&vec![byte; len], &vec![byte; len]));
            let sealed = other.seal(&nonce, &aad, &mut a).map(|_| a).unwrap();
            tag[len % TAG_LEN] ^= 1;
            assert!(!ours.open(&nonce, &aad, &mut sealed.clone(), &tag), "another tag");
        }
    }
}
