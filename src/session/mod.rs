//! The session of one request: loaded, read, changed and committed.

mod commit;
mod csrf;
mod load;
mod plan;
mod recent;
mod session;
mod state;
mod typed;

pub(crate) use load::Source;
pub use recent::StaleLogin;
pub use session::Session;
pub use state::{Retired, Status};
#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
pub use typed::ExtractError;
pub use typed::Typed;
