//! [`Failure`]: what came of a question that Redis did not answer, and what its errors mean.

use std::fmt;

use redis::{ErrorKind, RedisError};

use crate::error::{BackendError, BackendErrorKind};

/// The outcome of a question that got no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing was sent.
    NotSent(BackendError),
    /// Redis did nothing, since it is not the server to ask, or can't do it now. It may have said whom to ask.
    Elsewhere { code: String, to: Option<Redirection> },
    /// Redis refused the commands, over a connection that is good.
    Refused(BackendError),
    /// The connection failed, or the answer is none that can be. The commands may have been done.
    Lost(BackendError),
}

/// The answer `MOVED` or `ASK` of a server of a cluster.
#[derive(Debug)]
pub(super) struct Redirection {
    /// The server to ask, as the answer names it.
    pub(super) to: String,
    /// True if only this question goes there, with `ASKING` before it.
    pub(super) is_ask: bool,
}

impl Failure {
    pub(super) fn of(error: &RedisError) -> Self {
        if let Some(elsewhere) = elsewhere(error) {
            return elsewhere;
        }
        match refusal(error) {
            Some(refusal) => Self::Refused(refusal),
            // It says nothing of the record: the connection is out of step, or something else answers.
            None if error.kind() == ErrorKind::Parse => {
                Self::Lost(unavailable("redis gave an answer that does not belong to the command"))
            }
            None => Self::Lost(unavailable(text(error))),
        }
    }

    /// Returns the error of a question that no other server can answer.
    pub(super) fn error(self) -> BackendError {
        match self {
            Self::NotSent(error) | Self::Refused(error) | Self::Lost(error) => error,
            Self::Elsewhere { code, to: None } => unavailable(format_args!("redis answered {code}")),
            Self::Elsewhere { code, to: Some(_) } => {
                let message =
                    "as a server of a cluster does, whose URL begins with redis-cluster:// or rediss-cluster://";
                BackendError::new(BackendErrorKind::Unsupported, format_args!("redis answered {code}, {message}"))
            }
        }
    }

    /// True if the other connections to the same server are of no use either.
    pub(super) fn concerns_all_connections(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Elsewhere { to: None, .. })
    }
}

/// Returns what Redis answered where it did nothing, and would do it later or elsewhere.
fn elsewhere(error: &RedisError) -> Option<Failure> {
    let errors = error.clone().into_server_errors()?;
    let first = &errors.first()?.1;
    let code = first.code().to_owned();
    match code.as_str() {
        "MOVED" | "ASK" => {
            let to = first.details()?.split(' ').nth(1)?.to_owned();
            let is_ask = code == "ASK";
            Some(Failure::Elsewhere { code, to: Some(Redirection { to, is_ask }) })
        }
        "TRYAGAIN" | "CLUSTERDOWN" | "READONLY" | "MASTERDOWN" | "LOADING" | "NOREPLICAS" => {
            Some(Failure::Elsewhere { code, to: None })
        }
        _ => None,
    }
}

/// Returns the error when Redis itself refused a command, so that the connection is good.
fn refusal(error: &RedisError) -> Option<BackendError> {
    let code = code(error)?;
    let kind = match code.as_str() {
        "OOM" | "MISCONF" => BackendErrorKind::Full,
        "WRONGTYPE" | "CORRUPT" => BackendErrorKind::Corrupt,
        "ERR" | "NOPERM" => BackendErrorKind::Unsupported,
        _ => return None,
    };
    Some(BackendError::new(kind, format_args!("redis answered {code}")))
}

/// Returns the code of the first error that Redis answered. Only the code is told, for the texts of Redis may repeat
/// what was sent.
fn code(error: &RedisError) -> Option<String> {
    let errors = error.clone().into_server_errors()?;
    Some(errors.first()?.1.code().to_owned())
}

/// Returns an error as text for the log.
pub(super) fn text(error: &RedisError) -> String {
    // An answer of Redis from while a connection is made has its code in another place.
    match code(error).as_deref().or(error.code()) {
        Some(code) => format!("redis answered {code}"),
        None if error.is_io_error() => error.to_string(),
        None => error.category().to_owned(),
    }
}

pub(super) fn unavailable(message: impl fmt::Display) -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, message)
}
