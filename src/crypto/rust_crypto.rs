//! Seals and opens with XAES-256-GCM (C2SP) by the `xaes-256-gcm` crate.

use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::{AeadInOut, KeyInit};

use super::stack;
use crate::format::{KEY_LEN, NONCE_LEN, TAG_LEN};

/// One key, ready for any number of messages.
// It is boxed, so that moving it leaves no copy of the key behind that the wipe would miss.
pub(crate) struct Cipher(Box<Xaes256Gcm>);

// These functions are not inlined and not generic, so that the cipher is compiled here once and not into an
// application's code.
impl Cipher {
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Self {
        stack::wiped_after(|| Self(Box::new(Xaes256Gcm::new(key.into()))))
    }

    /// Encrypts `message` in place and returns the tag. Returns `None` only for a message of 64 GiB or more.
    #[inline(never)]
    pub(crate) fn seal(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], message: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        self.0.encrypt_inout_detached(nonce.into(), aad, message.into()).ok().map(Into::into)
    }

    /// Decrypts `message` in place. Returns false when it is not authentic, and `message` then holds no plaintext.
    #[inline(never)]
    pub(crate) fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], message: &mut [u8], tag: &[u8; TAG_LEN]) -> bool {
        self.0.decrypt_inout_detached(nonce.into(), aad, message.into(), tag.into()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_wipes_its_keys_when_it_is_dropped() {
        fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        wiped_on_drop(&*Cipher::new(&[1; 32]).0);
    }
}
