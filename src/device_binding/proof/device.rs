//! Signs proofs as a browser does, with a key that a test gives it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use super::PublicKey;

/// A device with one key.
pub(crate) struct Device(SigningKey);

impl Device {
    /// Makes a device. Devices of different numbers, up to 65,000, have different keys.
    pub(crate) fn new(number: u16) -> Self {
        let mut secret = [1; 32];
        secret[..2].copy_from_slice(&number.to_be_bytes());
        Self(SigningKey::from_slice(&secret).unwrap())
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        PublicKey::from_bytes(point.as_bytes()[1..].try_into().unwrap()).unwrap()
    }

    pub(crate) fn jwk(&self) -> Value {
        let bytes = self.public_key().to_bytes();
        let (x, y) = bytes.split_at(32);
        json!({"crv": "P-256", "kty": "EC", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
    }

    /// Makes the proof of a registration.
    pub(crate) fn registration(&self, challenge: &str) -> String {
        let header = json!({"alg": "ES256", "jwk": self.jwk(), "typ": "dbsc+jwt"});
        self.sign(header.to_string(), json!({"jti": challenge}).to_string())
    }

    /// Makes the proof of a refresh.
    pub(crate) fn refresh(&self, challenge: &str) -> String {
        self.sign(r#"{"alg":"ES256","typ":"dbsc+jwt"}"#, json!({"jti": challenge}).to_string())
    }

    /// Signs any header and payload.
    pub(crate) fn sign(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.sign_parts(&URL_SAFE_NO_PAD.encode(header), &URL_SAFE_NO_PAD.encode(payload))
    }

    /// Signs two parts as they are.
    pub(crate) fn sign_parts(&self, header: &str, payload: &str) -> String {
        let signed = format!("{header}.{payload}");
        let signature: Signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}
