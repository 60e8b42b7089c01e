//! Holds keys, draws random bytes, and seals and opens envelopes. No other room names a cipher or the source of random
//! numbers.
//!
//! This room may not know sessions: it gets bytes and gives bytes. A seal binds them to the name of the cookie, to the
//! audience and, for a record of a store, to an id.
//!
//! `key` and `key_ring` hold the keys, and `random` draws bytes. `seal` builds and opens envelopes, with the cipher
//! that `cipher` chooses: the one in `rust_crypto` or the one in `aws_lc`. `stack` wipes what their set-up leaves on
//! the stack.

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod cipher;
mod key;
mod key_ring;
pub(crate) mod random;
#[cfg(any(not(feature = "aws-lc"), test))]
mod rust_crypto;
mod seal;
mod stack;

pub use key::Key;
pub use key_ring::KeyRing;
pub(crate) use seal::{BoundKey, Sealer};
