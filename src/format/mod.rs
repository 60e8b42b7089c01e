//! The bytes of wire format v1, and nothing else: where each field stands, the text form, and the entries.
//!
//! Nothing here knows a key, a clock or a session: it reads and writes bytes, refuses what is not canonical, and never panics.
//! docs/wire-format.md is the published page of it.

mod entries;
pub(crate) mod wire;

pub(crate) use entries::{CSRF_KEY, Entries, GENERATION_KEY, MAX_BLOCK, Namespace};
pub(crate) use wire::{FIXED_LEN, Fixed, HEAD_LEN, ID_LEN, KEY_LEN, NONCE_LEN, TAG_LEN, VERSION};
