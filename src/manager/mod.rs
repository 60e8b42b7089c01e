//! The types that an application holds. They load and commit the sessions of requests, seal and open text outside of
//! requests, and end sessions from outside.

mod admin;
mod bearer;
#[cfg(feature = "dbsc")]
mod binding;
mod codec;
mod live;
mod manager;
mod revoke;

pub use codec::Codec;
pub use manager::SessionManager;
