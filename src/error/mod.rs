//! Errors: what each public call can answer with, for whom it is written, and how it is shown.

mod backend;
mod config;
mod decode;
mod encode;

pub use backend::{BackendError, BackendErrorKind, BoxFuture, FailurePolicy};
pub use config::{ConfigError, ConfigProblem, KeyError, ProblemKind};
pub(crate) use decode::Refusal;
pub use decode::{DecodeError, Timeout};
pub use encode::{EncodeError, ValueError};
