//! Keys, random numbers and seals. The ciphers and the operating system's random numbers are met in this folder alone.
//!
//! Nothing here knows a session: what is sealed is bytes, bound to the name of the cookie, to the audience and, for a record
//! of a store, to an id.

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod cipher;
mod key;
mod key_ring;
pub(crate) mod random;
#[cfg(any(not(feature = "aws-lc"), test))]
mod rust_crypto;
mod seal;

pub use key::Key;
pub use key_ring::KeyRing;
pub(crate) use seal::{BoundKey, Sealer};
