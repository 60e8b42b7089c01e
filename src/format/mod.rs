//! Reads and writes the bytes of wire format v1, and does nothing else.
//!
//! This room may not know a key, a clock or the meaning of an entry. It refuses bytes that are not canonical, and it
//! never panics. docs/wire-format.md is the published description of the format.
//!
//! `wire` holds the text form, the envelope and the fixed part of the plaintext. `entries` holds the entries, which are
//! the rest of the plaintext: `entry` one of them, and `seen_keys` whether a key stands twice.

mod entries;
mod entry;
mod seen_keys;
pub(crate) mod wire;

pub(crate) use entries::{Entries, MAX_BLOCK};
#[cfg(feature = "dbsc")]
pub(crate) use entry::BOUND_KEY;
pub(crate) use entry::{CSRF_KEY, Change, GENERATION_KEY, IDLE_KEY, Namespace, Others};
pub(crate) use wire::{FIXED_LEN, Fixed, HEAD_LEN, ID_LEN, KEY_LEN, NONCE_LEN, TAG_LEN, VERSION};
