//! The statements of a [`SqliteStore`](super::SqliteStore): everything here blocks.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::backend::sqlite::{execute, failed, in_transaction};
use crate::backend::store::record::{MAX_RECORD_LEN, TOO_LONG, checked_len};
use crate::backend::store::{Record, Save};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind};
use crate::time::UnixTime;

pub(super) fn load(connection: &Connection, id: SessionId) -> Result<Option<Record>, BackendError> {
    let mut statement = connection
        .prepare_cached("SELECT expires_at, CASE WHEN length(bytes) <= ?2 THEN bytes END FROM sessions WHERE id = ?1")
        .map_err(|error| failed(&error))?;
    let found =
        statement.query_row(params![id.to_bytes(), MAX_RECORD_LEN], read).optional().map_err(|error| failed(&error))?;
    found.map(|(expires_at, bytes)| record(expires_at, bytes)).transpose()
}

/// Each kind of save is one statement, so that the look and the write are one.
pub(super) fn save(connection: &Connection, id: SessionId, record: &Record, save: Save) -> Result<bool, BackendError> {
    checked_len(record)?;
    let (id, expires_at, bytes) = (id.to_bytes(), seconds(record.expires_at()), record.bytes());
    let changed = match save {
        Save::Create => {
            let insert = "INSERT INTO sessions (id, expires_at, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING";
            execute(connection, insert, params![id, expires_at, bytes])?
        }
        Save::Replace(tag) => {
            let update = "UPDATE sessions SET expires_at = ?2, bytes = ?3 WHERE id = ?1 AND substr(bytes, 1, 29) = ?4";
            execute(connection, update, params![id, expires_at, bytes, tag.as_bytes()])?
        }
    };
    Ok(changed > 0)
}

/// Writes a record of 4,096 bytes under a random id, and takes it away again: the pages of a login, and no record.
pub(super) fn probe(connection: &Connection) -> Result<(), BackendError> {
    let insert = "INSERT INTO sessions (id, expires_at, bytes) VALUES (randomblob(16), 0, zeroblob(4096))";
    in_transaction(connection, |transaction| {
        execute(transaction, insert, [])?;
        execute(transaction, "DELETE FROM sessions WHERE rowid = last_insert_rowid()", []).map(drop)
    })
}

pub(super) fn delete(connection: &Connection, id: SessionId) -> Result<(), BackendError> {
    execute(connection, "DELETE FROM sessions WHERE id = ?1", [id.to_bytes()]).map(drop)
}

/// Returns the number of records that were deleted: zero when no due record is left.
pub(super) fn delete_some_due(connection: &Connection, now: UnixTime) -> Result<u64, BackendError> {
    let some = "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE expires_at <= ?1 LIMIT 500)";
    execute(connection, some, [seconds(now)])
}

pub(super) fn all(connection: &Connection) -> Result<Vec<(SessionId, Record)>, BackendError> {
    let mut statement = connection
        .prepare_cached("SELECT expires_at, CASE WHEN length(bytes) <= ?1 THEN bytes END, id FROM sessions")
        .map_err(|error| failed(&error))?;
    let mut rows = statement.query([MAX_RECORD_LEN]).map_err(|error| failed(&error))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(|error| failed(&error))? {
        let id = row.get(2).map_err(|error| failed(&error))?;
        let (expires_at, bytes) = read(row).map_err(|error| failed(&error))?;
        all.push((SessionId::from_bytes(id), record(expires_at, bytes)?));
    }
    Ok(all)
}

pub(super) fn clear(connection: &Connection) -> Result<(), BackendError> {
    execute(connection, "DELETE FROM sessions", []).map(drop)
}

/// Reads the expiry and the bytes of a row. SQLite gives the length of bytes without reading them, and the statements
/// above give none that are too long for a record.
fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Option<Vec<u8>>)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn record(expires_at: i64, bytes: Option<Vec<u8>>) -> Result<Record, BackendError> {
    let corrupt = |what| BackendError::new(BackendErrorKind::Corrupt, what);
    let expires_at = u64::try_from(expires_at).ok().and_then(UnixTime::from_secs);
    let expires_at = expires_at.ok_or_else(|| corrupt("an expiry is out of range"))?;
    Ok(Record::new(bytes.ok_or_else(|| corrupt(TOO_LONG))?, expires_at))
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
