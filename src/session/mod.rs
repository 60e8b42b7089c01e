//! The session of one request: loaded, opened, admitted, read, changed and committed.
//!
//! A cookie comes in through `load.rs` and `open.rs`, and goes out through `plan.rs` and `commit.rs`. In between,
//! [`Session`] is the handle of the application, and the state behind it plain data. Nothing here knows a framework or
//! the configuration.

mod aim;
#[cfg(feature = "dbsc")]
mod binding;
#[cfg(feature = "dbsc")]
mod binding_state;
#[cfg(feature = "dbsc")]
mod bound_cookies;
mod candidate;
mod commit;
mod csrf;
mod engine;
mod generation;
mod held;
mod late;
mod life;
mod load;
mod mismatch;
mod moving;
mod open;
mod parts;
mod perform;
mod plan;
mod recent;
mod recheck;
mod records;
#[cfg(feature = "dbsc")]
mod refresh;
#[cfg(feature = "dbsc")]
mod registration;
mod sending;
mod session;
mod shared;
mod state;
mod status;
mod typed;

pub(crate) use engine::Engine;
pub use mismatch::MismatchPolicy;
pub(crate) use plan::Dispensable;
pub use session::Session;
pub use status::Status;
pub use typed::Typed;
