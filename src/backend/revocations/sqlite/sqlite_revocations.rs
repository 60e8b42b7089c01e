//! [`SqliteRevocations`]: two tables of a SQLite database.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::entries;
use crate::backend::BoxFuture;
use crate::backend::revocations::{Generation, Known, Mark, Only, Revocations};
use crate::backend::sqlite::{Database, Tables};
use crate::backend::store::SqliteStore;
use crate::data::SessionId;
use crate::error::BackendError;
#[cfg(doc)]
use crate::error::BackendErrorKind;
use crate::time::{Clock, SystemClock, UnixTime};

/// A list in a SQLite database (feature `sqlite`): for one machine, with any number of processes. "Log out everywhere"
/// survives a restart and a deployment.
///
/// The database is one of its own, or that of a [`SqliteStore`]: whichever of the two comes second adds its tables. A
/// revocation that was acknowledged is on the disk; what [`SqliteStore`] says of disks, locks and threads holds for the
/// list, too. A database with a list is of a later version than one with a store alone: releases of this crate that had
/// no such list refuse to open it.
///
/// The text of a subject stands in the database as it is, so whoever can read the file sees who was logged out: by
/// e-mail address, if that is your subject.
///
/// Entries whose time has passed go by themselves: each revocation removes up to eight of each table. The clock says
/// only which entries may go. If it runs ahead of the clocks that open cookies, an entry may go while a cookie of it
/// still opens, so give the list the clock of the manager. The two are the same clock unless you changed one.
///
/// ```
/// use sealed_session::{Mark, Revocations, SessionId, SqliteRevocations, UnixTime};
/// # let temporary = tempfile::tempdir()?;
/// # let path = temporary.path().join("sessions.db");
/// # futures_lite::future::block_on(async {
/// let list = SqliteRevocations::open(&path)?; // such as /var/lib/shop/sessions.db
/// let id = SessionId::generate()?;
/// list.revoke(id, Mark::Ended, UnixTime::MAX).await?;
/// drop(list); // the process ends, and the next one opens the database again
/// let list = SqliteRevocations::open(&path)?;
/// assert_eq!(list.look(Some(id), None).await?.mark, Some(Mark::Ended));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteRevocations {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl SqliteRevocations {
    /// Opens a database, makes it where there is none, and adds the tables of a list where it lacks them. The call
    /// blocks, and belongs to the start of a process.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`].
    ///
    /// ```
    /// use sealed_session::{BackendErrorKind, SqliteRevocations};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("letter.txt");
    /// std::fs::write(&path, "Dear database, ...")?;
    /// assert_eq!(SqliteRevocations::open(&path).unwrap_err().kind(), BackendErrorKind::Corrupt);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, BackendError> {
        Ok(Self { database: Database::open(path.as_ref(), Tables::Revocations)?, clock: Arc::new(SystemClock) })
    }

    /// Makes a list in the database of a store, over the connections of the store. Their writes then wait for each
    /// other in a queue, and not by trying again as two connections do. The call blocks, and belongs to the start of a
    /// process.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unavailable`] when the database is locked for longer than the store's timeout, and
    /// [`BackendErrorKind::Full`] when there is no room for the tables.
    ///
    /// ```
    /// use sealed_session::{Key, SessionConfig, SqliteRevocations, SqliteStore};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("sessions.db");
    /// let store = SqliteStore::open(path)?;
    /// let list = SqliteRevocations::beside(&store)?;
    /// let manager = SessionConfig::new(Key::generate()?).store(store).revocations(list).build()?;
    /// assert!(manager.supports_revocation());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn beside(store: &SqliteStore) -> Result<Self, BackendError> {
        let database = store.database().clone();
        database.migrate(Tables::Revocations)?;
        Ok(Self { database, clock: Arc::new(SystemClock) })
    }

    /// Sets how long a write waits for other processes: five seconds, unless set otherwise. With zero, a write tries
    /// once. A list beside a store sets it for the store, too.
    ///
    /// # Errors
    /// An error when SQLite refuses the timeout.
    ///
    /// ```
    /// use sealed_session::SqliteRevocations;
    /// use std::time::Duration;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("revocations.db");
    /// let list = SqliteRevocations::open(path)?.busy_timeout(Duration::from_secs(1))?;
    /// # drop(list);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn busy_timeout(self, timeout: Duration) -> Result<Self, BackendError> {
        self.database.set_busy_timeout(timeout)?;
        Ok(self)
    }

    /// Sets the clock of the list: the one that [`SessionConfig::clock`](crate::SessionConfig::clock) was given.
    ///
    /// ```
    /// use sealed_session::{SqliteRevocations, UnixTime};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("revocations.db");
    /// let list = SqliteRevocations::open(path)?.clock(|| UnixTime::from_secs(1_700_000_000).unwrap());
    /// # drop(list);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl fmt::Debug for SqliteRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteRevocations").field("path", &self.database).finish_non_exhaustive()
    }
}

impl Revocations for SqliteRevocations {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        let now = self.clock.now();
        self.database.write(move |connection| entries::revoke(connection, id, mark, until, now))
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        let (subject, now) = (subject.to_owned(), self.clock.now());
        self.database.write(move |connection| entries::revoke_subject(connection, &subject, only, to, until, now))
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        let subject = subject.map(str::to_owned);
        self.database.read(move |connection| entries::look(connection, id, subject.as_deref()))
    }

    /// Writes and syncs a mark that it takes away again, so that a full or read-only disk shows, and so does a lock.
    /// Then it looks whether the files of the database are still the ones that were opened.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        self.database.can_write(entries::probe)
    }
}
