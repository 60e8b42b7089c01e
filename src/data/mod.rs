//! A session as a plain value: its id, its times and its entries.

pub(crate) mod json;
mod lifetime;
mod session_data;

pub(crate) use lifetime::Lifetime;
pub use session_data::{SessionData, SessionId};
