//! Holds a session as a plain value: its id, its times and its entries, and the rules of its lifetime.
//!
//! This room may not know a cookie, a key or a request. It asks no clock: a function that needs the time takes it.
//!
//! `session_data` holds the session and `session_id` its id. `json` converts values, `lifetime` computes with the three
//! times, and `retired` names a session that a request ended.

pub(crate) mod json;
mod lifetime;
mod retired;
mod session_data;
mod session_id;

pub(crate) use lifetime::{Lifetime, UNDER_WAY_SECONDS, end_of};
pub use retired::Retired;
pub use session_data::SessionData;
pub use session_id::SessionId;
