//! Checks points of P-256 and signatures by the `p256` crate.

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};

/// True if these bytes, `04 | x | y`, are a point on the curve P-256.
pub(super) fn is_on_curve(point: &[u8]) -> bool {
    VerifyingKey::from_sec1_bytes(point).is_ok()
}

/// True if the holder of this key signed the message. The signature is `r | s`, 32 bytes each (ES256, RFC 7518 section
/// 3.4).
pub(super) fn is_signed(point: &[u8], message: &[u8], signature: &[u8; 64]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_sec1_bytes(point), Signature::from_slice(signature)) else {
        return false;
    };
    key.verify(message, &signature).is_ok()
}
