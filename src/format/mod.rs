//! The bytes of wire format v1: lengths, offsets, the text form and the entries.

pub(crate) mod entries;
pub(crate) mod wire;

pub(crate) use entries::{CSRF_KEY, Entries, MAX_BLOCK, Namespace};
pub(crate) use wire::{FIXED_LEN, Fixed, HEAD_LEN, ID_LEN, NONCE_LEN, TAG_LEN, VERSION};
