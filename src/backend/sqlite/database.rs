//! [`Database`]: two connections to one database, and the threads that wait for it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use blocking::unblock;
use rusqlite::{Connection, Params, Transaction, TransactionBehavior};

use super::error::failed;
use super::files::Files;
use super::open;
use super::schema::{self, Tables};
use crate::backend::BoxFuture;
use crate::error::BackendError;

/// Two connections to one database, which every clone shares.
#[derive(Clone)]
pub(in crate::backend) struct Database {
    path: PathBuf,
    files: Arc<Files>,
    /// The connection for all writes, as the database has one writer at a time.
    writer: Arc<Mutex<Shared>>,
    /// The connection for reads, which wait for no sync.
    reader: Arc<Mutex<Shared>>,
}

/// A connection that many callers use, one after the other.
struct Shared {
    connection: Connection,
    /// The time that a caller waits at most: for its turn here, and then for other connections and processes.
    busy_timeout: Duration,
}

impl Database {
    /// Opens the database at a path, makes it where there is none, and makes the tables that it lacks.
    pub(in crate::backend) fn open(path: &Path, tables: Tables) -> Result<Self, BackendError> {
        let writer = open::open(path, tables, BUSY_TIMEOUT)?;
        let reader = open::connect(path, BUSY_TIMEOUT)?;
        let files = Arc::new(Files::of(path)?);
        let shared = |connection| Arc::new(Mutex::new(Shared { connection, busy_timeout: BUSY_TIMEOUT }));
        Ok(Self { path: path.to_owned(), files, writer: shared(writer), reader: shared(reader) })
    }

    /// Makes the tables that the database lacks. The call blocks.
    pub(in crate::backend) fn migrate(&self, tables: Tables) -> Result<(), BackendError> {
        on(&self.writer, Instant::now(), |connection| schema::migrate(connection, tables))
    }

    pub(in crate::backend) fn set_busy_timeout(&self, timeout: Duration) -> Result<(), BackendError> {
        for shared in [&self.writer, &self.reader] {
            let mut shared = lock(shared);
            shared.busy_timeout = timeout.min(LONGEST_BUSY_TIMEOUT);
            shared.connection.busy_timeout(shared.busy_timeout).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    pub(in crate::backend) fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, BackendError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, BackendError>> {
        off_thread(&self.reader, work)
    }

    pub(in crate::backend) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, BackendError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, BackendError>> {
        off_thread(&self.writer, work)
    }

    /// Returns true when a probe can be written, and the files of the database are still the ones that were opened. The
    /// probe must change as many pages as what the caller writes: on a full disk, one page may still find room in the
    /// log.
    pub(in crate::backend) fn can_write(
        &self,
        probe: impl FnOnce(&Connection) -> Result<(), BackendError> + Send + 'static,
    ) -> BoxFuture<'static, bool> {
        let files = Arc::clone(&self.files);
        let probe = self.write(move |connection| {
            probe(connection)?;
            files.must_be_there()
        });
        Box::pin(async move { probe.await.is_ok() })
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

/// Does several statements at once or not at all, with one sync. The transaction is immediate, so that it waits for
/// another writer before it has read anything.
pub(in crate::backend) fn in_transaction<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, BackendError>,
) -> Result<T, BackendError> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    let transaction = transaction.map_err(|error| failed(&error))?;
    let done = work(&transaction)?;
    transaction.commit().map_err(|error| failed(&error))?;
    Ok(done)
}

/// Executes one statement, and returns the number of rows that it changed.
pub(in crate::backend) fn execute(
    connection: &Connection,
    statement: &str,
    params: impl Params,
) -> Result<u64, BackendError> {
    let changed = connection.prepare_cached(statement).and_then(|mut statement| statement.execute(params));
    changed.map(|count| u64::try_from(count).unwrap_or(u64::MAX)).map_err(|error| failed(&error))
}

fn off_thread<T: Send + 'static>(
    shared: &Arc<Mutex<Shared>>,
    work: impl FnOnce(&Connection) -> Result<T, BackendError> + Send + 'static,
) -> BoxFuture<'static, Result<T, BackendError>> {
    let shared = Arc::clone(shared);
    // The closure runs inside the future, so that nothing is done before the future is polled.
    Box::pin(async move {
        let asked = Instant::now();
        unblock(move || on(&shared, asked, work)).await
    })
}

/// Does the work of a caller who asked for it at `asked`. The time that the caller waited for its turn counts: a caller
/// whose time has passed tries once. Otherwise callers who wait for another process would each wait for as long as all
/// of those before them.
fn on<T>(
    shared: &Mutex<Shared>,
    asked: Instant,
    work: impl FnOnce(&Connection) -> Result<T, BackendError>,
) -> Result<T, BackendError> {
    let shared = lock(shared);
    let left = shared.busy_timeout.saturating_sub(asked.elapsed());
    shared.connection.busy_timeout(left).map_err(|error| failed(&error))?;
    work(&shared.connection)
}

/// A panic elsewhere leaves the connection good: SQLite rolls back what was not committed.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// SQLite counts the milliseconds in 31 bits, and takes no more: 24 days.
const LONGEST_BUSY_TIMEOUT: Duration = Duration::from_millis(2_147_483_647);

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("sessions.db"), Tables::Sessions).unwrap();
        (folder, database)
    }

    /// Returns the milliseconds for which SQLite waits for other processes in a write that was asked for at this time.
    fn wait_of(database: &Database, asked: Instant) -> i64 {
        let read =
            |connection: &Connection| Ok(connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0)).unwrap());
        on(&database.writer, asked, read).unwrap()
    }

    #[test]
    fn a_write_whose_time_passed_in_the_queue_waits_no_longer_for_other_processes() {
        let (_folder, database) = open();
        let timeout = Duration::from_millis(20);
        database.set_busy_timeout(timeout).unwrap();
        assert_eq!(wait_of(&database, Instant::now().checked_sub(timeout).unwrap()), 0);
    }

    #[test]
    fn a_write_waits_for_other_processes_for_the_rest_of_its_time() {
        let (_folder, database) = open();
        database.set_busy_timeout(Duration::from_secs(1_000)).unwrap();
        let asked = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        assert!((1..=999_000).contains(&wait_of(&database, asked)));
    }
}
