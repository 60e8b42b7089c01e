//! [`SqliteStore`]: a table of a SQLite database.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::records;
use crate::backend::BoxFuture;
use crate::backend::sqlite::{Database, Tables};
use crate::backend::store::{Record, Save, SessionStore};
use crate::data::SessionId;
use crate::error::BackendError;
#[cfg(doc)]
use crate::error::BackendErrorKind;
use crate::time::UnixTime;

/// Keeps records in a SQLite database: for one machine, with any number of processes. The database holds nothing else
/// but, if you want, a list of revocations ([`SqliteRevocations`](crate::SqliteRevocations)). The crate brings SQLite
/// along.
///
/// A save that was acknowledged is on the disk, also after a power cut: the database is in WAL mode with
/// `synchronous=FULL`, so that each save is synced before it is answered, on a disk that does what it is asked. Deleted
/// room is used again, but the file keeps its size. Every write takes some room first, a delete too: on a full disk
/// both are [`BackendErrorKind::Full`].
///
/// If the database's file, or its folder, is removed or replaced while a process has it open, SQLite goes on with the
/// files that have no name any more, and the next start finds none of what is saved there. [`SessionStore::is_healthy`]
/// is false then: start the process again.
///
/// Writers wait for each other, here and in other processes, up to [`SqliteStore::busy_timeout`], and then are answered
/// [`BackendErrorKind::Unavailable`]. Loads wait for no writer. The file must be on a local disk: WAL knows no other.
///
/// A file that SQLite finds out of order is [`BackendErrorKind::Corrupt`]. SQLite has no checksum over records: a
/// record that was changed on the disk is refused by its seal.
///
/// The work is done on a pool of threads (the `blocking` crate), under any runtime or none. On Unix the files are for
/// their owner alone, when they are made here.
///
/// ```
/// use sealed_session::{Record, Save, SessionId, SessionStore, SqliteStore, UnixTime};
/// # let temporary = tempfile::tempdir()?;
/// # let path = temporary.path().join("sessions.db");
/// # futures_lite::future::block_on(async {
/// let store = SqliteStore::open(path)?; // such as /var/lib/shop/sessions.db
/// let id = SessionId::generate()?;
/// let record = Record::new(vec![1, 2, 3], UnixTime::MAX);
/// assert!(store.save(id, &record, Save::Create).await?);
/// assert_eq!(store.load(id).await?, Some(record));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    /// Opens a database, makes it where there is none, and brings one of an older version of this crate up to date. The
    /// call blocks, and belongs to the start of a process.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unavailable`] when the database can't be made, read or put into WAL mode, or is locked for
    /// longer than five seconds; [`BackendErrorKind::Corrupt`] when the file is no database, or that of another
    /// application; [`BackendErrorKind::Unsupported`] when the database is of a later version of this crate, or
    /// everybody can write to it; [`BackendErrorKind::Full`] when there is no room.
    ///
    /// ```
    /// use sealed_session::{BackendErrorKind, SqliteStore};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("letter.txt");
    /// std::fs::write(&path, "Dear database, ...")?;
    /// assert_eq!(SqliteStore::open(&path).unwrap_err().kind(), BackendErrorKind::Corrupt);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, BackendError> {
        Ok(Self { database: Database::open(path.as_ref(), Tables::Sessions)? })
    }

    /// Sets how long a write waits for other processes: five seconds, unless set otherwise. With zero, a write tries
    /// once.
    ///
    /// # Errors
    /// An error when SQLite refuses the timeout.
    ///
    /// ```
    /// use sealed_session::SqliteStore;
    /// use std::time::Duration;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("sessions.db");
    /// let store = SqliteStore::open(path)?.busy_timeout(Duration::from_secs(1))?;
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn busy_timeout(self, timeout: Duration) -> Result<Self, BackendError> {
        self.database.set_busy_timeout(timeout)?;
        Ok(self)
    }

    /// Returns the database, for a list of revocations that shares it.
    pub(in crate::backend) fn database(&self) -> &Database {
        &self.database
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.database).finish_non_exhaustive()
    }
}

impl SessionStore for SqliteStore {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        self.database.read(move |connection| records::load(connection, id))
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        let record = record.clone();
        self.database.write(move |connection| records::save(connection, id, &record, save))
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        self.database.write(move |connection| records::delete(connection, id))
    }

    /// Deletes in steps, so that a save waits for one of them at most.
    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        Box::pin(async move {
            let mut removed = 0_u64;
            loop {
                let step = self.database.write(move |connection| records::delete_some_due(connection, now)).await?;
                if step == 0 {
                    return Ok(removed);
                }
                removed = removed.saturating_add(step);
            }
        })
    }

    /// Writes and syncs a record that it takes away again, so that a full or read-only disk shows, and so does a lock.
    /// Then it looks whether the files of the database are still the ones that were opened.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        self.database.can_write(records::probe)
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        self.database.read(records::all)
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        self.database.write(records::clear)
    }
}
