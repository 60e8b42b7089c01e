//! The statements of a [`SqliteRevocations`](super::SqliteRevocations): everything here blocks.

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::backend::revocations::{Generation, Known, Mark, Only};
use crate::backend::sqlite::{execute, failed, in_transaction};
use crate::data::SessionId;
use crate::error::BackendError;
use crate::time::UnixTime;

/// Puts a mark, and returns the one that stands.
pub(super) fn revoke(
    connection: &Connection,
    id: SessionId,
    mark: Mark,
    until: UnixTime,
    now: UnixTime,
) -> Result<Mark, BackendError> {
    let put = "INSERT INTO marks (id, mark, until) VALUES (?1, ?2, ?3)
        ON CONFLICT (id) DO UPDATE SET until = max(until, excluded.until) RETURNING mark";
    write(connection, now, |transaction| {
        let params = params![id.to_bytes(), mark.to_bytes(), seconds(until)];
        let mut statement = transaction.prepare_cached(put).map_err(|error| failed(&error))?;
        statement.query_row(params, |row| row.get(0)).map(Mark::from_bytes).map_err(|error| failed(&error))
    })
}

/// Puts a generation, and returns true when it stands.
pub(super) fn revoke_subject(
    connection: &Connection,
    subject: &str,
    only: Only,
    to: Generation,
    until: UnixTime,
    now: UnixTime,
) -> Result<bool, BackendError> {
    // `IN` is null, which counts as false, where it compares with nothing but the null of a session without a
    // generation.
    let put = "INSERT INTO generations (subject, generation, until) VALUES (?1, ?2, ?3)
        ON CONFLICT (subject) DO UPDATE SET generation = excluded.generation, until = max(until, excluded.until)
        WHERE ?4 OR generation IN (?5, excluded.generation)";
    let (is_any, expected) = match only {
        Only::Any => (true, None),
        Only::Of(expected) => (false, expected.map(Generation::to_bytes)),
    };
    write(connection, now, |transaction| {
        let changed = execute(transaction, put, params![subject, to.to_bytes(), seconds(until), is_any, expected])?;
        Ok(changed > 0)
    })
}

/// Reads the generation first and the mark last, as [`Revocations::look`](crate::Revocations::look) asks.
pub(super) fn look(
    connection: &Connection,
    id: Option<SessionId>,
    subject: Option<&str>,
) -> Result<Known, BackendError> {
    let generation = match subject {
        Some(subject) => read(connection, "SELECT generation FROM generations WHERE subject = ?1", &subject)?,
        None => None,
    };
    let mark = match id {
        Some(id) => read(connection, "SELECT mark FROM marks WHERE id = ?1", &id.to_bytes())?,
        None => None,
    };
    Ok(Known::new(mark.map(Mark::from_bytes), generation.map(Generation::from_bytes)))
}

fn read<const N: usize>(
    connection: &Connection,
    query: &str,
    key: &dyn ToSql,
) -> Result<Option<[u8; N]>, BackendError> {
    let mut statement = connection.prepare_cached(query).map_err(|error| failed(&error))?;
    statement.query_row([key], |row| row.get(0)).optional().map_err(|error| failed(&error))
}

/// Does a write, and removes some entries whose time has passed, in one transaction and so with one sync.
///
/// The transaction is also what makes an error of the sync heard: a statement that returns rows and is not read to its
/// end commits when it is reset, and rusqlite drops the error of that.
fn write<T>(
    connection: &Connection,
    now: UnixTime,
    work: impl FnOnce(&Connection) -> Result<T, BackendError>,
) -> Result<T, BackendError> {
    in_transaction(connection, |transaction| {
        for some_due in [
            "DELETE FROM marks WHERE rowid IN (SELECT rowid FROM marks WHERE until <= ?1 LIMIT 8)",
            "DELETE FROM generations WHERE rowid IN (SELECT rowid FROM generations WHERE until <= ?1 LIMIT 8)",
        ] {
            execute(transaction, some_due, [seconds(now)])?;
        }
        work(transaction)
    })
}

/// Puts a mark on a random id, and takes it away again: the pages of a logout, and no entry.
pub(super) fn probe(connection: &Connection) -> Result<(), BackendError> {
    in_transaction(connection, |transaction| {
        execute(transaction, "INSERT INTO marks (id, mark, until) VALUES (randomblob(16), zeroblob(16), 0)", [])?;
        execute(transaction, "DELETE FROM marks WHERE rowid = last_insert_rowid()", []).map(drop)
    })
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::backend::sqlite::{Tables, open_connection};
    use crate::error::BackendErrorKind;

    fn id(number: u64) -> SessionId {
        SessionId::from_bytes(u128::from(number).to_be_bytes())
    }

    fn open(path: &Path) -> Connection {
        open_connection(path, Tables::Revocations, Duration::ZERO).unwrap()
    }

    #[test]
    fn without_room_a_revocation_is_full_and_what_was_acknowledged_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("revocations.db");
        let connection = open(&path);
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
        let put = |number| revoke(&connection, id(number), Mark::Ended, UnixTime::MAX, UnixTime::MIN);
        let acknowledged = (0..10_000).take_while(|number| put(*number).is_ok()).count();
        assert!((10..10_000).contains(&acknowledged), "{acknowledged}");
        let error = put(20_000).unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::Full);
        drop(connection);
        let connection = open(&path);
        let stands = |number| look(&connection, Some(id(number)), None).unwrap().mark.is_some();
        assert_eq!((0..10_000).filter(|number| stands(*number)).count(), acknowledged);
        assert!(!stands(20_000));
    }
}
