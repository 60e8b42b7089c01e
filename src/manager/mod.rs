//! What an application holds: it loads and commits the sessions of requests, seals and opens text outside of them, and ends
//! sessions from outside.

mod admin;
mod codec;
mod manager;
mod revoke;

pub use codec::Codec;
pub use manager::SessionManager;
