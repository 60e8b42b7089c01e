//! [`FileStore`]: a file for each session, in one folder.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blocking::unblock;

use crate::backend::BoxFuture;
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind};
use crate::time::UnixTime;

use super::{folder::Folder, format};
use crate::backend::store::{Record, Save, SessionStore};

/// Keeps each record in a file of its own, named by the session's id, in one folder: for one machine, with any number
/// of processes, and no database.
///
/// A save that was acknowledged is on the disk: a record is written to a temporary file that is synced, then renamed,
/// and then the folder is synced. A process that is killed at any point, or a power cut, leaves the record before or
/// the one after, whole. [`SessionStore::cleanup_expired`] removes the temporary files of killed writers.
///
/// Processes agree through a lock on the file `.lock` of the folder, which is held for a look and a rename. A process
/// that does not get the lock in [`FileStore::lock_timeout`] is answered [`BackendErrorKind::Unavailable`]. So the file
/// system must know `flock`: a local one does. Loads take no lock.
///
/// A file that is not what was written is [`BackendErrorKind::Corrupt`] when it is loaded, and one of a later version
/// of this crate is [`BackendErrorKind::Unsupported`]. Listing and cleaning leave such files out, and all those whose
/// name is no id. Deleting the session removes its file. A folder that has gone, such as one on a disk that is not
/// mounted any more, is [`BackendErrorKind::Unavailable`], and not a folder without sessions.
///
/// The work is done on a pool of threads (the `blocking` crate), under any runtime or none. On Unix the files are for
/// their owner alone, and so is the folder when it is made here. Tested on Linux.
///
/// The store is not for Windows yet: there a rename over a record fails while anybody has the record open, so that
/// saves would be lost. [`SqliteStore`](crate::SqliteStore) is.
///
/// ```
/// use sealed_session::{FileStore, Record, Save, SessionId, SessionStore, UnixTime};
/// # let temporary = tempfile::tempdir()?;
/// # let folder = temporary.path().join("sessions");
/// # futures_lite::future::block_on(async {
/// let store = FileStore::open(folder)?; // such as /var/lib/shop/sessions
/// let id = SessionId::generate()?;
/// let record = Record::new(vec![1, 2, 3], UnixTime::MAX);
/// assert!(store.save(id, &record, Save::Create).await?);
/// assert_eq!(store.load(id).await?, Some(record));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FileStore {
    folder: Arc<Folder>,
}

impl FileStore {
    /// Opens the folder, and makes it and those above it where they are missing. The call blocks, and belongs to the
    /// start of a process.
    ///
    /// # Errors
    /// - [`BackendErrorKind::Unavailable`] when the folder can't be made or written to, and when its `.lock` is no
    ///   file, such as a link;
    /// - [`BackendErrorKind::Full`] when there is no room;
    /// - [`BackendErrorKind::Unsupported`] when everybody can write to the folder, and always on Windows. A folder
    ///   inside one to which everybody can write is fine: it is made for its owner alone.
    ///
    /// ```
    /// use sealed_session::{BackendErrorKind, FileStore};
    /// # let temporary = tempfile::NamedTempFile::new()?;
    /// # let some_file = temporary.path();
    /// assert_eq!(FileStore::open(some_file).unwrap_err().kind(), BackendErrorKind::Unavailable);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, BackendError> {
        if cfg!(windows) {
            let message = "a FileStore would lose saves on Windows; take a SqliteStore there";
            return Err(BackendError::new(BackendErrorKind::Unsupported, message));
        }
        // The process may change its working directory.
        let path = std::path::absolute(folder).map_err(|error| {
            BackendError::new(BackendErrorKind::Unavailable, format_args!("can't make the folder: {error}"))
        })?;
        let folder = Folder { path, lock_timeout: LOCK_TIMEOUT };
        folder.make()?;
        Ok(Self { folder: Arc::new(folder) })
    }

    /// Sets how long a save or a delete waits for other processes: five seconds, unless set otherwise. With zero, each
    /// tries once.
    ///
    /// ```
    /// use sealed_session::FileStore;
    /// use std::time::Duration;
    /// # let folder = tempfile::tempdir()?;
    /// let store = FileStore::open(&folder)?.lock_timeout(Duration::from_secs(1));
    /// # drop(store);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.folder).lock_timeout = timeout;
        self
    }

    fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, BackendError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, BackendError>> {
        let folder = Arc::clone(&self.folder);
        // The closure runs inside the future, so that nothing is done before the future is polled.
        Box::pin(async move { unblock(move || work(&folder)).await })
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("folder", &self.folder.path).finish()
    }
}

impl SessionStore for FileStore {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        self.off_thread(move |folder| folder.read(id))
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        let file = format::write(id, record);
        self.off_thread(move |folder| folder.write(id, &file?, save))
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        self.off_thread(move |folder| folder.remove(id))
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.off_thread(move |folder| folder.clean(now))
    }

    /// Writes a file and removes it, so that a full or read-only disk shows.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        let probe = self.off_thread(Folder::probe);
        Box::pin(async move { probe.await.is_ok() })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        self.off_thread(Folder::all)
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        self.off_thread(Folder::clear)
    }
}

const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
