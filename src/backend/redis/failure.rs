//! [`Failure`]: what came of a question that Redis did not answer, and what its errors mean.

use std::fmt;

use redis::{ErrorKind, RedisError};

use crate::error::{BackendError, BackendErrorKind};

/// What came of a question that got no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing was sent.
    NotSent(BackendError),
    /// Redis refused the commands, over a connection that is good.
    Refused(BackendError),
    /// The connection failed, or the answer is none that can be. The commands may have been done.
    Lost(BackendError),
}

impl Failure {
    pub(super) fn of(error: &RedisError) -> Self {
        match refusal(error) {
            Some(refusal) => Self::Refused(refusal),
            None if error.kind() == ErrorKind::Parse || error.kind() == ErrorKind::UnexpectedReturnType => {
                Self::Lost(BackendError::new(BackendErrorKind::Corrupt, "redis gave another answer than it must"))
            }
            None => Self::Lost(unavailable(text(error))),
        }
    }

    pub(super) fn error(self) -> BackendError {
        let (Self::NotSent(error) | Self::Refused(error) | Self::Lost(error)) = self;
        error
    }
}

/// Returns the error when Redis itself refused a command, so that the connection is good. Only the error code tells
/// that, for the texts of Redis may repeat what was sent.
fn refusal(error: &RedisError) -> Option<BackendError> {
    let errors = error.clone().into_server_errors()?;
    let code = errors.first()?.1.code();
    let kind = match code {
        "OOM" | "MISCONF" => BackendErrorKind::Full,
        "WRONGTYPE" | "CORRUPT" => BackendErrorKind::Corrupt,
        "ERR" | "NOPERM" => BackendErrorKind::Unsupported,
        _ => return None,
    };
    Some(BackendError::new(kind, format_args!("redis answered {code}")))
}

/// Returns an error as text for the log.
pub(super) fn text(error: &RedisError) -> String {
    match error.code() {
        Some(code) => format!("redis answered {code}"),
        None if error.is_io_error() => error.to_string(),
        None => error.category().to_owned(),
    }
}

pub(super) fn unavailable(message: impl fmt::Display) -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, message)
}
