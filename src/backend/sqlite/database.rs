//! [`Database`]: two connections to one database, and the threads that wait for it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
    writer: Arc<Mutex<Connection>>,
    /// The connection for reads, which wait for no sync.
    reader: Arc<Mutex<Connection>>,
}

impl Database {
    /// Opens the database at a path, makes it where there is none, and makes the tables that it lacks.
    pub(in crate::backend) fn open(path: &Path, tables: Tables) -> Result<Self, BackendError> {
        let writer = open::open(path, tables, BUSY_TIMEOUT)?;
        let reader = open::connect(path, BUSY_TIMEOUT)?;
        let files = Arc::new(Files::of(path)?);
        let shared = |connection| Arc::new(Mutex::new(connection));
        Ok(Self { path: path.to_owned(), files, writer: shared(writer), reader: shared(reader) })
    }

    /// Makes the tables that the database lacks. The call blocks.
    pub(in crate::backend) fn migrate(&self, tables: Tables) -> Result<(), BackendError> {
        on(&self.writer, |connection| schema::migrate(connection, tables))
    }

    pub(in crate::backend) fn set_busy_timeout(&self, timeout: Duration) -> Result<(), BackendError> {
        for connection in [&self.writer, &self.reader] {
            on(connection, |connection| connection.busy_timeout(timeout)).map_err(|error| failed(&error))?;
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

    /// Returns true when a probe can be written, and the files of the database are still the ones that were opened. The probe
    /// must change as many pages as what the caller writes: on a full disk, one page may still find room in the log.
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

/// Does several statements at once or not at all, with one sync. The transaction is immediate, so that it waits for another writer
/// before it has read anything.
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
    connection: &Arc<Mutex<Connection>>,
    work: impl FnOnce(&Connection) -> Result<T, BackendError> + Send + 'static,
) -> BoxFuture<'static, Result<T, BackendError>> {
    let connection = Arc::clone(connection);
    // The closure runs inside the future, so that nothing is done before the future is polled.
    Box::pin(async move { unblock(move || on(&connection, work)).await })
}

/// A panic elsewhere leaves the connection good: SQLite rolls back what was not committed.
fn on<T>(connection: &Mutex<Connection>, work: impl FnOnce(&Connection) -> T) -> T {
    work(&connection.lock().unwrap_or_else(PoisonError::into_inner))
}

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
