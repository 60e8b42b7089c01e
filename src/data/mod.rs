//! A session as a plain value: its id, its times and its entries, and the rules of its lifetime.
//!
//! Nothing here knows a cookie, a key or a request. Whatever needs the time is given it.

pub(crate) mod json;
mod lifetime;
mod retired;
mod session_data;
mod session_id;

pub(crate) use lifetime::{Lifetime, UNDER_WAY_SECONDS};
pub use retired::Retired;
pub use session_data::SessionData;
pub use session_id::SessionId;
