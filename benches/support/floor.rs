//! [`Floor`]: the parts that no implementation of the format can do without, and nothing else. Keys are set up once.
//!
//! - Decode is base64, opening by XAES-256-GCM, and two allocations.
//! - Encode is 24 random bytes of the operating system, sealing by XAES-256-GCM, base64, and one allocation.

use base64::Engine;
use base64::engine::Simd;
use base64::engine::general_purpose::NO_PAD;
use rand::TryRng;
use rand::rngs::SysRng;
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::{AeadInOut, KeyInit};

const NONCE: usize = 24;
/// The length of version, key id and nonce, in bytes.
const HEAD: usize = 1 + 4 + NONCE;
const TAG: usize = 16;

pub(crate) struct Floor {
    base64: Simd,
    cipher: Xaes256Gcm,
    aad: Vec<u8>,
}

impl Floor {
    /// Makes a floor for the cookies of one key and one name. `value` is the value of any such cookie.
    pub(crate) fn new(key: &[u8; 32], cookie_name: &str, value: &str) -> Self {
        let base64 = Simd::url_safe(NO_PAD);
        let envelope = base64.decode(value).unwrap();
        let name_len = u16::try_from(cookie_name.len()).unwrap();
        let aad = [&envelope[..HEAD - NONCE], &name_len.to_be_bytes(), cookie_name.as_bytes(), &[0, 0]].concat();
        Self { base64, cipher: Xaes256Gcm::new(key.into()), aad }
    }

    #[inline(never)]
    pub(crate) fn decode(&self, value: &str) -> Vec<u8> {
        let mut envelope = vec![0; value.len() / 4 * 3 + 3];
        let len = self.base64.decode_slice(value, &mut envelope).unwrap();
        let (head, rest) = envelope[..len].split_at_mut(HEAD);
        let (message, tag) = rest.split_last_chunk_mut::<TAG>().unwrap();
        let nonce: &[u8; NONCE] = head.last_chunk().unwrap();
        self.cipher.decrypt_inout_detached(nonce.into(), &self.aad, (&mut *message).into(), (&*tag).into()).unwrap();
        message.to_vec()
    }

    /// Seals the plaintext. `scratch` is reused from call to call, since an implementation could keep these bytes on
    /// its stack.
    #[inline(never)]
    pub(crate) fn encode(&self, plaintext: &[u8], scratch: &mut Vec<u8>) -> String {
        let mut nonce = [0; NONCE];
        SysRng.try_fill_bytes(&mut nonce).unwrap();
        scratch.clear();
        scratch.extend_from_slice(&self.aad[..HEAD - NONCE]);
        scratch.extend_from_slice(&nonce);
        scratch.extend_from_slice(plaintext);
        let message = &mut scratch[HEAD..];
        let tag = self.cipher.encrypt_inout_detached((&nonce).into(), &self.aad, message.into()).unwrap();
        scratch.extend_from_slice(&tag);
        let mut value = String::with_capacity(scratch.len().div_ceil(3) * 4);
        self.base64.encode_string(&*scratch, &mut value);
        value
    }
}
