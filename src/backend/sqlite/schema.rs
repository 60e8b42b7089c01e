//! The tables, and the steps that bring a database of an older version to them.

use rusqlite::{Connection, TransactionBehavior};

use super::error::failed;
use crate::error::{BackendError, BackendErrorKind};

/// The tables that somebody needs. A database gets the steps that lead to them and no further, so that an older version
/// of this crate, which may know fewer steps, still opens a database that has its own tables only.
#[derive(Clone, Copy)]
pub(in crate::backend) enum Tables {
    Sessions,
    Revocations,
}

impl Tables {
    /// Returns the version of a database that has these tables: the number of steps to them.
    fn version(self) -> usize {
        match self {
            Self::Sessions => 1,
            Self::Revocations => 2,
        }
    }
}

/// Each step leads from one version to the next; the first from an empty database. A published step never changes: a
/// new one is added.
const STEPS: &[&str] = &[
    "
    CREATE TABLE sessions (
        id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
        expires_at INTEGER NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE INDEX sessions_by_expiry ON sessions (expires_at);
    ",
    "
    CREATE TABLE marks (
        id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
        mark BLOB NOT NULL CHECK (length(mark) = 16),
        until INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX marks_by_until ON marks (until);
    CREATE TABLE generations (
        subject TEXT NOT NULL PRIMARY KEY,
        generation BLOB NOT NULL CHECK (length(generation) = 8),
        until INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX generations_by_until ON generations (until);
    ",
];

/// "SSES": in the head of the file, it tells a database of this crate from another one.
const APPLICATION_ID: i64 = 0x5353_4553;

/// Returns an error when this can't be a database of this crate. The check changes nothing.
///
/// It reads the version, the application id and the tables in one transaction, since another process may be making the
/// database: read one by one, they could come from before and from after that.
pub(super) fn check(database: &Connection) -> Result<(), BackendError> {
    let transaction = database.unchecked_transaction().map_err(|error| failed(&error))?;
    check_for(&transaction, STEPS)
}

/// Brings the database to the version that has these tables: wholly or not at all.
pub(super) fn migrate(database: &Connection, tables: Tables) -> Result<(), BackendError> {
    migrate_by(database, STEPS, tables.version())
}

fn migrate_by(database: &Connection, steps: &[&str], needed: usize) -> Result<(), BackendError> {
    // The transaction is immediate, so that it holds the lock from the look on: another process may be migrating too.
    let transaction = rusqlite::Transaction::new_unchecked(database, TransactionBehavior::Immediate);
    let transaction = transaction.map_err(|error| failed(&error))?;
    check_for(&transaction, steps)?;
    let version = version(&transaction)?;
    for (step, number) in steps.iter().take(needed).zip(1_i64..).skip(usize::try_from(version).unwrap_or_default()) {
        let done =
            transaction.execute_batch(step).and_then(|()| transaction.pragma_update(None, "user_version", number));
        done.map_err(|error| failed(&error))?;
    }
    if version == 0 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(|error| failed(&error))?;
    }
    transaction.commit().map_err(|error| failed(&error))
}

fn check_for(database: &Connection, steps: &[&str]) -> Result<(), BackendError> {
    let number =
        |query: &str| database.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(|error| failed(&error));
    let (version, application) = (version(database)?, number("PRAGMA application_id")?);
    let is_empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    if application != APPLICATION_ID && !(is_empty && application == 0 && version == 0) {
        return Err(BackendError::new(BackendErrorKind::Corrupt, "this is the database of another application"));
    }
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    if !(0..=known).contains(&version) {
        let message = format_args!("the database has version {version}, and {known} is the latest that is known here");
        return Err(BackendError::new(BackendErrorKind::Unsupported, message));
    }
    Ok(())
}

fn version(database: &Connection) -> Result<i64, BackendError> {
    database.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: &[&str] = &[STEPS[0], "ALTER TABLE sessions ADD COLUMN note TEXT NOT NULL DEFAULT 'none'"];
    /// As many steps as a later version of this crate could have, one more than this one.
    const NEWER: &[&str] = &[STEPS[0], STEPS[1], "ALTER TABLE marks ADD COLUMN note TEXT"];

    fn database_with_a_record() -> Connection {
        let database = Connection::open_in_memory().unwrap();
        migrate(&database, Tables::Sessions).unwrap();
        database.execute("INSERT INTO sessions VALUES (zeroblob(16), 5, x'01')", []).unwrap();
        database
    }

    #[test]
    fn a_database_of_an_older_version_gets_the_steps_it_lacks_and_keeps_its_records() {
        let database = database_with_a_record();
        migrate_by(&database, LATER, 2).unwrap();
        assert_eq!(version(&database).unwrap(), 2);
        let row = database.query_row("SELECT id, expires_at, bytes, note FROM sessions", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
        assert_eq!(row.unwrap(), ([0_u8; 16], 5, vec![1_u8], "none".to_owned()));
        migrate_by(&database, LATER, 2).unwrap();
        assert_eq!(version(&database).unwrap(), 2, "and no step twice");
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before() {
        let database = database_with_a_record();
        let failing = &[STEPS[0], "CREATE TABLE more (a); CREATE TABLE sessions (b)"];
        migrate_by(&database, failing, 2).unwrap_err();
        assert_eq!(version(&database).unwrap(), 1);
        let tables = database.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'more'", [], |row| row.get(0));
        assert_eq!(tables, Ok(0));
        migrate_by(&database, LATER, 2).unwrap();
    }

    #[test]
    fn a_database_gets_the_tables_that_are_needed_and_keeps_those_that_it_has() {
        let database = database_with_a_record();
        assert_eq!(version(&database).unwrap(), 1, "a store needs no table of revocations");
        migrate(&database, Tables::Revocations).unwrap();
        assert_eq!(version(&database).unwrap(), 2);
        migrate(&database, Tables::Sessions).unwrap();
        assert_eq!(version(&database).unwrap(), 2, "a store takes no table away");
        let count = |table: &str| {
            database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(["sessions", "marks", "generations"].map(count), [1, 0, 0]);
    }

    #[test]
    fn a_database_of_a_later_version_is_refused_and_stays_as_it_is() {
        let database = database_with_a_record();
        migrate_by(&database, NEWER, 3).unwrap();
        let refused = [check(&database), migrate(&database, Tables::Sessions), migrate(&database, Tables::Revocations)];
        for refused in refused {
            let error = refused.unwrap_err();
            assert_eq!(error.kind(), BackendErrorKind::Unsupported);
            assert!(error.to_string().ends_with("the database has version 3, and 2 is the latest that is known here"));
        }
        assert_eq!(version(&database).unwrap(), 3);
    }
}
