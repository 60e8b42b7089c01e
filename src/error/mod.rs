//! Holds the errors that the calls of this crate return when they can't do what they were asked. Each file holds the
//! error that it is named after.
//!
//! Each error is written for one reader. [`DecodeError`] is for the log of a server. [`ConfigError`] and [`KeyError`]
//! are for the operator who starts the server, and [`BackendError`] is for whoever runs the store. [`ValueError`] and
//! [`EncodeError`] are for the code of a handler. A client sees none of them. [`Error`] is any of them, for a handler
//! that passes them on.
//!
//! This room may not know the values of sessions: no error shows a value, a key or a cookie.

mod backend;
mod config;
mod decode;
mod encode;
mod error;
#[cfg(feature = "import")]
mod import_key;
mod key;
#[cfg(feature = "test-util")]
mod set_cookie;
mod stale_login;
#[cfg(feature = "dbsc")]
mod unbound;
mod value;

pub use backend::{BackendError, BackendErrorKind};
pub use config::{ConfigError, ConfigProblem, ProblemKind};
pub(crate) use decode::Refusal;
pub use decode::{DecodeError, Timeout};
pub use encode::EncodeError;
pub use error::Error;
#[cfg(feature = "import")]
pub use import_key::ImportKeyError;
pub use key::KeyError;
#[cfg(feature = "test-util")]
pub use set_cookie::SetCookieError;
pub use stale_login::StaleLogin;
#[cfg(feature = "dbsc")]
pub use unbound::Unbound;
pub use value::ValueError;
