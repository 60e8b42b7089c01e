//! The files of a database, by which a store or a list knows that they are still the ones that it opened.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{BackendError, BackendErrorKind};

/// The file of the database and its write-ahead log, as they were when they were opened. SQLite removes neither while a
/// connection is open, and it does not notice when another program does.
pub(super) struct Files {
    opened: [(Identity, PathBuf); 2],
}

impl Files {
    /// Notes the files of a database that is open in WAL mode.
    pub(super) fn of(database: &Path) -> Result<Self, BackendError> {
        // SQLite keeps the log beside the file, and not beside a link that leads to it.
        let mut log = fs::canonicalize(database).map_err(|error| gone(&error))?.into_os_string();
        log.push("-wal");
        // The process may change its working directory.
        let database = std::path::absolute(database).map_err(|error| gone(&error))?;
        let log = PathBuf::from(log);
        Ok(Self { opened: [(identity(&database)?, database), (identity(&log)?, log)] })
    }

    /// Returns an error when one of the files has gone, or another one has its name.
    pub(super) fn must_be_there(&self) -> Result<(), BackendError> {
        for (opened, path) in &self.opened {
            if identity(path)? != *opened {
                let message = "another file has taken the place of the database";
                return Err(BackendError::new(BackendErrorKind::Unavailable, message));
            }
        }
        Ok(())
    }
}

fn identity(path: &Path) -> Result<Identity, BackendError> {
    fs::metadata(path).map(|metadata| identity_of(&metadata)).map_err(|error| gone(&error))
}

/// The device and the number of a file, which no other file has while this one is open.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity_of(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere the name will do: Windows removes no file that SQLite has open.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity_of(_: &Metadata) -> Identity {}

fn gone(error: &io::Error) -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, format_args!("can't find the file of the database: {error}"))
}
