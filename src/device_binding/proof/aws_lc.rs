//! Checks points of P-256 and signatures by AWS-LC. Feature `aws-lc`.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, UnparsedPublicKey};

/// True if these bytes, `04 | x | y`, are a point on the curve P-256.
pub(super) fn is_on_curve(point: &[u8]) -> bool {
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).is_ok()
}

/// True if the holder of this key signed the message. The signature is `r | s`, 32 bytes each (ES256, RFC 7518 section
/// 3.4).
pub(super) fn is_signed(point: &[u8], message: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
}
