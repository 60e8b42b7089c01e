//! The statements of a [`SqliteStore`](super::SqliteStore): everything here blocks.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Params, Row, params};

use super::error::failed;
use super::schema;
use crate::backend::store::{Record, Save};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind};
use crate::time::UnixTime;

/// Opens the first connection of a store.
pub(super) fn open(path: &Path, busy_timeout: Duration) -> Result<Connection, BackendError> {
    make(path)?;
    let database = connect(path, busy_timeout)?;
    schema::check(&database)?;
    if !begins_wal(&database, busy_timeout)? {
        return Err(BackendError::new(BackendErrorKind::Unavailable, "this file system has no WAL mode"));
    }
    schema::migrate(&database)?;
    Ok(database)
}

/// Puts the database into WAL mode, which stays with the file. Returns false where the file system has no such mode.
///
/// SQLite answers that the database is busy, without the wait of the busy timeout, while another connection makes the same change
/// (<https://www.sqlite.org/c3ref/busy_handler.html>: a wait for a lock that another waiter holds could be a deadlock). So the wait is
/// here.
fn begins_wal(database: &Connection, busy_timeout: Duration) -> Result<bool, BackendError> {
    let start = Instant::now();
    loop {
        match database.query_row("PRAGMA journal_mode=WAL", [], |row| row.get::<_, String>(0)) {
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
    let opened = Connection::open_with_flags(path, flags).and_then(|database| {
        database.busy_timeout(busy_timeout)?;
        // Without `FULL`, WAL syncs at checkpoints only.
        database.pragma_update(None, "synchronous", "FULL")?;
        Ok(database)
    });
    opened.map_err(|error| failed(&error))
}

pub(super) fn load(database: &Connection, id: SessionId) -> Result<Option<Record>, BackendError> {
    let mut statement = database
        .prepare_cached("SELECT expires_at, bytes FROM sessions WHERE id = ?1")
        .map_err(|error| failed(&error))?;
    let found = statement.query_row([id.to_bytes()], read).optional().map_err(|error| failed(&error))?;
    found.map(|(expires_at, bytes)| record(expires_at, bytes)).transpose()
}

/// Each kind of save is one statement, so that the look and the write are one.
pub(super) fn save(database: &Connection, id: SessionId, record: &Record, save: Save) -> Result<bool, BackendError> {
    let (id, expires_at, bytes) = (id.to_bytes(), seconds(record.expires_at()), record.bytes());
    let changed = match save {
        Save::Create => {
            let insert = "INSERT INTO sessions (id, expires_at, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING";
            execute(database, insert, params![id, expires_at, bytes])?
        }
        Save::Replace(tag) => {
            let update = "UPDATE sessions SET expires_at = ?2, bytes = ?3 WHERE id = ?1 AND substr(bytes, 1, 29) = ?4";
            execute(database, update, params![id, expires_at, bytes, tag.as_bytes()])?
        }
    };
    Ok(changed > 0)
}

pub(super) fn delete(database: &Connection, id: SessionId) -> Result<(), BackendError> {
    execute(database, "DELETE FROM sessions WHERE id = ?1", [id.to_bytes()]).map(drop)
}

/// Returns the number of records that were deleted: zero when no due record is left.
pub(super) fn delete_some_due(database: &Connection, now: UnixTime) -> Result<u64, BackendError> {
    let some = "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE expires_at <= ?1 LIMIT 500)";
    execute(database, some, [seconds(now)])
}

pub(super) fn all(database: &Connection) -> Result<Vec<(SessionId, Record)>, BackendError> {
    let mut statement =
        database.prepare_cached("SELECT expires_at, bytes, id FROM sessions").map_err(|error| failed(&error))?;
    let mut rows = statement.query([]).map_err(|error| failed(&error))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(|error| failed(&error))? {
        let id = row.get(2).map_err(|error| failed(&error))?;
        let (expires_at, bytes) = read(row).map_err(|error| failed(&error))?;
        all.push((SessionId::from_bytes(id), record(expires_at, bytes)?));
    }
    Ok(all)
}

pub(super) fn clear(database: &Connection) -> Result<(), BackendError> {
    execute(database, "DELETE FROM sessions", []).map(drop)
}

fn execute(database: &Connection, statement: &str, params: impl Params) -> Result<u64, BackendError> {
    let changed = database.prepare_cached(statement).and_then(|mut statement| statement.execute(params));
    changed.map(|count| u64::try_from(count).unwrap_or(u64::MAX)).map_err(|error| failed(&error))
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Vec<u8>)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn record(expires_at: i64, bytes: Vec<u8>) -> Result<Record, BackendError> {
    let expires_at = u64::try_from(expires_at).ok().and_then(UnixTime::from_secs);
    let expires_at =
        expires_at.ok_or_else(|| BackendError::new(BackendErrorKind::Corrupt, "an expiry is out of range"))?;
    Ok(Record::new(bytes, expires_at))
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// Makes an empty file for its owner alone, where there is none. SQLite gives its other files the same permissions.
fn make(path: &Path) -> Result<(), BackendError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(path);
    made.map(drop)
        .map_err(|error| BackendError::new(BackendErrorKind::Unavailable, format_args!("can't make it: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_syncs_each_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.db");
        let full = 2;
        for database in [open(&path, Duration::ZERO).unwrap(), connect(&path, Duration::ZERO).unwrap()] {
            assert_eq!(database.query_row("PRAGMA synchronous", [], |row| row.get(0)), Ok(full));
        }
    }
}
