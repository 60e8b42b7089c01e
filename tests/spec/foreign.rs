//! A second writer of the cookie format, made from docs/wire-format.md alone. It shares no code with the crate but the
//! cipher.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::{AeadInOut, KeyInit};

/// Seals any plaintext under a key, for a cookie name and an audience. The nonce is always the same, so this protects
/// nothing.
pub(crate) fn seal(key: &str, name: &str, audience: &str, plaintext: &[u8]) -> String {
    let mut bytes = [0; 32];
    hex::decode_to_slice(key, &mut bytes).unwrap();
    let cipher = Xaes256Gcm::new((&bytes).into());
    let tag = |nonce: &[u8; 24], aad: &[u8], message: &mut [u8]| {
        cipher.encrypt_inout_detached(nonce.into(), aad, message.into()).unwrap()
    };
    let id = tag(&[0; 24], b"sealed-session key id", &mut []);

    let mut envelope = vec![1];
    envelope.extend_from_slice(&id[..4]);
    let mut aad = envelope.clone();
    for text in [name, audience] {
        aad.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
        aad.extend_from_slice(text.as_bytes());
    }
    let nonce = [7; 24];
    envelope.extend_from_slice(&nonce);
    let mut message = plaintext.to_vec();
    let tag = tag(&nonce, &aad, &mut message);
    envelope.extend_from_slice(&message);
    envelope.extend_from_slice(&tag);
    URL_SAFE_NO_PAD.encode(envelope)
}
