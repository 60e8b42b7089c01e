//! Opens a database: everything here blocks.

use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::failed;
use super::schema::{self, Tables};
use crate::backend::writers::mode_for_everybody;
use crate::error::{BackendError, BackendErrorKind};

/// Opens the first connection.
pub(in crate::backend) fn open(
    path: &Path,
    tables: Tables,
    busy_timeout: Duration,
) -> Result<Connection, BackendError> {
    make(path)?;
    check_writers(path)?;
    let connection = connect(path, busy_timeout)?;
    schema::check(&connection)?;
    if !begins_wal(&connection, busy_timeout)? {
        return Err(BackendError::new(BackendErrorKind::Unavailable, "this file system has no WAL mode"));
    }
    schema::migrate(&connection, tables)?;
    Ok(connection)
}

/// Puts the database into WAL mode, which stays with the file. Returns false where the file system has no such mode.
///
/// SQLite answers that the database is busy, without the wait of the busy timeout, while another connection makes the
/// same change (<https://www.sqlite.org/c3ref/busy_handler.html>: a wait for a lock that another waiter holds could be
/// a deadlock). So the wait is here.
fn begins_wal(connection: &Connection, busy_timeout: Duration) -> Result<bool, BackendError> {
    let start = Instant::now();
    loop {
        match connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get::<_, String>(0)) {
            Ok(mode) => return Ok(mode == "wal"),
            Err(error) if is_busy(&error) && start.elapsed() < busy_timeout => thread::sleep(Duration::from_millis(1)),
            Err(error) => return Err(failed(&error)),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

pub(super) fn connect(path: &Path, busy_timeout: Duration) -> Result<Connection, BackendError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(busy_timeout)?;
        // Without `FULL`, WAL syncs at checkpoints only.
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection)
    });
    opened.map_err(|error| failed(&error))
}

/// Refuses a database that everybody can write to. Its folder may be one: Kubernetes gives a volume of the kind
/// `emptyDir` the mode 0777, and only the containers of its pod see it.
fn check_writers(path: &Path) -> Result<(), BackendError> {
    let mode = mode_for_everybody(path).map_err(|error| not_made(&error))?;
    let Some(mode) = mode else { return Ok(()) };
    let message = format_args!("everybody can write to the database (mode {mode:04o}); make it its owner's alone");
    Err(BackendError::new(BackendErrorKind::Unsupported, message))
}

/// Makes an empty file for its owner alone, where there is none. SQLite gives its other files the same permissions.
///
/// A file that is there is not opened. When a process closes a file, POSIX takes all locks of the process from the
/// file, also those of a store that has the same database open (<https://www.sqlite.org/howtocorrupt.html>, section
/// 2.2).
fn make(path: &Path) -> Result<(), BackendError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).truncate(false).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut made = options.open(path);
    if path.is_dir() || !path.exists() {
        // Neither a folder nor a link that leads to no file yet has locks. The system says of the one that it is a
        // folder, and makes the file to which the other leads.
        made = options.create_new(false).create(true).open(path);
    }
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(not_made(&error)),
        _ => Ok(()),
    }
}

fn not_made(error: &io::Error) -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, format_args!("can't make it: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_syncs_each_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.db");
        let full = 2;
        let opened = open(&path, Tables::Sessions, Duration::ZERO).unwrap();
        for connection in [opened, connect(&path, Duration::ZERO).unwrap()] {
            assert_eq!(connection.query_row("PRAGMA synchronous", [], |row| row.get(0)), Ok(full));
        }
    }
}
