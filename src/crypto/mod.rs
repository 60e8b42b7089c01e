//! Keys, random numbers and seals: the ciphers are met in this folder alone.

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod key;
#[cfg(any(not(feature = "aws-lc"), test))]
mod rust_crypto;
mod seal;

pub use key::{Key, KeyRing};
pub(crate) use seal::{BoundKey, Sealer};
