//! Errors: what the calls of this crate answer with when they can't do what they were asked.
//!
//! Each error is written for one reader. [`DecodeError`] is for the log of a server, [`ConfigError`] and [`KeyError`] are for
//! the operator who starts it, [`ValueError`] and [`EncodeError`] for the code of a handler, [`BackendError`] for whoever runs
//! the store. A client sees none of them. No error shows a value of a session, a key or a cookie.

mod backend;
mod config;
mod decode;
mod encode;
mod key;
mod value;

pub use backend::{BackendError, BackendErrorKind};
pub use config::{ConfigError, ConfigProblem, ProblemKind};
pub(crate) use decode::Refusal;
pub use decode::{DecodeError, Timeout};
pub use encode::EncodeError;
pub use key::KeyError;
pub use value::ValueError;
