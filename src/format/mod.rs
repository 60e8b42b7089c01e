//! Reads and writes the bytes of wire format v1, and does nothing else.
//!
//! This room may not know a key, a clock or the meaning of an entry. It refuses bytes that are not canonical, and it
//! never panics. docs/wire-format.md is the published description of the format.
//!
//! `wire` holds the text form, the envelope and the fixed part of the plaintext. `entries` holds the entries, which are
//! the rest of the plaintext.

mod entries;
pub(crate) mod wire;

pub(crate) use entries::{CSRF_KEY, Entries, GENERATION_KEY, IDLE_KEY, MAX_BLOCK, Namespace};
pub(crate) use wire::{FIXED_LEN, Fixed, HEAD_LEN, ID_LEN, KEY_LEN, NONCE_LEN, TAG_LEN, VERSION};
