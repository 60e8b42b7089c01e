//! Chooses the cipher of this build: AWS-LC with the feature `aws-lc`, `RustCrypto` without it. Both give the same
//! bytes.

#[cfg(feature = "aws-lc")]
pub(super) use super::aws_lc::Cipher;
#[cfg(not(feature = "aws-lc"))]
pub(super) use super::rust_crypto::Cipher;
