//! Makes a [`BackendError`] of an error of SQLite.

use rusqlite::{Error, ErrorCode};

use crate::error::{BackendError, BackendErrorKind};

pub(in crate::backend) fn failed(error: &Error) -> BackendError {
    BackendError::new(kind(error), error)
}

fn kind(error: &Error) -> BackendErrorKind {
    match error {
        Error::SqliteFailure(failure, _) if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => {
            // The memory that processes share is a file too, and there was no room for it to grow.
            BackendErrorKind::Full
        }
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull | ErrorCode::TooBig => BackendErrorKind::Full,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => BackendErrorKind::Corrupt,
            _ => BackendErrorKind::Unavailable,
        },
        Error::FromSqlConversionFailure(..) | Error::IntegralValueOutOfRange(..) | Error::InvalidColumnType(..) => {
            BackendErrorKind::Corrupt
        }
        _ => BackendErrorKind::Unavailable,
    }
}
