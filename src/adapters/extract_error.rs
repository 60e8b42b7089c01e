//! [`ExtractError`]: why a framework could not hand out a session.

use std::fmt;

use crate::error::{BackendError, ValueError};

/// The reason why a handler could not be given its session. The client gets a 500, and the log the reason.
///
/// ```
/// use sealed_session::ExtractError;
/// assert_eq!(ExtractError::Missing.to_string(), "no session here: put the session layer around this route");
/// ```
#[cfg_attr(docsrs, doc(cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))))]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtractError {
    /// The request passed no session layer (tower), middleware (actix-web) or fairing (Rocket) of this crate.
    Missing,
    /// The values of the session don't make the type of a [`Typed`](crate::Typed).
    Value(ValueError),
    /// A backend failed under [`FailurePolicy::Fail`](crate::FailurePolicy::Fail). Rocket alone: elsewhere no handler runs then.
    Backend(BackendError),
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no session here: put the session layer around this route"),
            Self::Value(error) => error.fmt(f),
            Self::Backend(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExtractError {}

impl From<ValueError> for ExtractError {
    fn from(error: ValueError) -> Self {
        Self::Value(error)
    }
}
