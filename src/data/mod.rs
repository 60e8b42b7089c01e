//! Holds a session as a plain value: its id, its times and its entries, and the rules of its lifetime.
//!
//! This room may not know a cookie, a key or a request. It asks no clock: a function that needs the time takes it.
//!
//! `session_data` holds the session and `session_id` its id. `lifetime` computes with the three times, and `retired`
//! names a session that a request ended. `binding_id` names the binding of a session to a device. `reserved` has the
//! entries that only the crate itself reads and writes.
//!
//! `json` converts a value to its text and back; what `serde_json` would write and lose, `strict` refuses.
//! `read_content` and `write_content` convert a struct or a map to entries and back, each field on its own; `read_key`
//! reads the keys of a map, and `fault` says why entries do not make a type.

#[cfg(feature = "dbsc")]
mod binding_id;
mod fault;
pub(crate) mod json;
mod lifetime;
mod read_content;
mod read_key;
mod reserved;
mod retired;
mod session_data;
mod session_id;
mod strict;
mod write_content;

#[cfg(feature = "dbsc")]
pub(crate) use binding_id::BindingId;
pub(crate) use lifetime::{Lifetime, UNDER_WAY_SECONDS, end_of};
pub(crate) use read_content::{are_one_field, from_entries};
pub use retired::Retired;
pub use session_data::SessionData;
pub use session_id::SessionId;
pub(crate) use write_content::{Fields, differing, to_fields};
