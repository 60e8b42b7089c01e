//! The folder of a [`FileStore`](super::FileStore): everything here blocks.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, ReadDir};
use std::io::{self, ErrorKind, Read, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::format::{self, HEAD_LEN, Head, TORN, corrupt};
use crate::backend::store::{Record, Save, Tag};
use crate::backend::writers::mode_for_everybody;
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind};
use crate::time::UnixTime;

#[derive(Clone)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) lock_timeout: Duration,
}

impl Folder {
    pub(super) fn make(&self) -> Result<(), BackendError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        builder.create(&self.path).map_err(|error| failed("make the folder", &error))?;
        self.check_writers()?;
        let mut options = OpenOptions::new();
        // A new file never stands at the end of a link, so that a link which somebody put here makes no file elsewhere.
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        match options.open(self.path.join(LOCK_NAME)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("make the lock", &error)),
        }
        self.probe()
    }

    /// Refuses a folder that everybody can write to.
    fn check_writers(&self) -> Result<(), BackendError> {
        let mode = mode_for_everybody(&self.path).map_err(|error| failed("look at the folder", &error))?;
        let Some(mode) = mode else { return Ok(()) };
        let message = format_args!(
            "everybody can write to the folder (mode {mode:04o}); name one inside it, which is made for its owner alone"
        );
        Err(BackendError::new(BackendErrorKind::Unsupported, message))
    }

    pub(super) fn read(&self, id: SessionId) -> Result<Option<Record>, BackendError> {
        let Some((file, head)) = open(&self.path_of(id))? else { return self.must_be_there().map(|()| None) };
        let head = head?.of(id).map_err(corrupt)?;
        let mut bytes = Vec::new();
        // Reads one byte more than there should be, so that a longer file is found out.
        let limit = u64::from(head.checked_len().map_err(corrupt)?).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes).map_err(|error| failed("read", &error))?;
        head.record(bytes).map(Some).map_err(corrupt)
    }

    /// Writes the file before the lock is taken, and syncs the folder after the lock is given back: both take time.
    pub(super) fn write(&self, id: SessionId, bytes: &[u8], save: Save) -> Result<bool, BackendError> {
        let path = self.path_of(id);
        let applies = || match save {
            Save::Create => exists(&path).map(|exists| !exists),
            Save::Replace(tag) => tag_at(&path, id).map(|found| found == Some(tag)),
        };
        // A first look most often tells before anything is written; the look under the lock is the one that counts.
        if !applies()? {
            return self.must_be_there().map(|()| false);
        }
        let mut temporary = self.temporary()?;
        let written = temporary.write_all(bytes).and_then(|()| temporary.as_file().sync_all());
        written.map_err(|error| failed("write", &error))?;
        let lock = self.lock()?;
        if !applies()? {
            return Ok(false);
        }
        temporary.persist(&path).map_err(|error| failed("rename", &error.error))?;
        drop(lock);
        self.sync()?;
        Ok(true)
    }

    pub(super) fn remove(&self, id: SessionId) -> Result<(), BackendError> {
        let lock = self.lock()?;
        remove(&self.path_of(id))?;
        drop(lock);
        // The folder is synced also when there was no file: the process that removed it may not have synced yet.
        self.sync()
    }

    pub(super) fn clean(&self, now: UnixTime) -> Result<u64, BackendError> {
        let (mut removed, mut failure) = (0_u64, None);
        for entry in self.entries()? {
            let path = entry.map_err(|error| failed("list", &error))?.path();
            match self.clean_one(&path, now) {
                Ok(is_removed) => removed = removed.saturating_add(u64::from(is_removed)),
                // The other files are removed all the same.
                Err(error) => failure = Some(error),
            }
        }
        self.sync()?;
        failure.map_or(Ok(removed), Err)
    }

    /// Returns true when a record was removed.
    fn clean_one(&self, path: &Path, now: UnixTime) -> Result<bool, BackendError> {
        let Some(name) = path.file_name() else { return Ok(false) };
        if is_temporary(name) {
            return remove_left_behind(path).map(|()| false);
        }
        let Some(id) = id_of(name) else { return Ok(false) };
        if !is_due(path, id, now)? {
            return Ok(false);
        }
        // The file is looked at again under the lock: an update may have come since.
        let _lock = self.lock()?;
        Ok(is_due(path, id, now)? && remove(path)?)
    }

    pub(super) fn probe(&self) -> Result<(), BackendError> {
        drop(self.lock()?);
        let mut temporary = self.temporary()?;
        let written = temporary.write_all(&[0; PROBE_LEN]).and_then(|()| temporary.as_file().sync_all());
        written.map_err(|error| failed("write", &error))
    }

    pub(super) fn all(&self) -> Result<Vec<(SessionId, Record)>, BackendError> {
        let mut all = Vec::new();
        for entry in self.entries()? {
            let Some(id) = id_of(&entry.map_err(|error| failed("list", &error))?.file_name()) else { continue };
            match self.read(id) {
                Ok(record) => all.extend(record.map(|record| (id, record))),
                Err(error) if matches!(error.kind(), BackendErrorKind::Corrupt | BackendErrorKind::Unsupported) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    pub(super) fn clear(&self) -> Result<(), BackendError> {
        let _lock = self.lock()?;
        for entry in self.entries()? {
            let path = entry.map_err(|error| failed("list", &error))?.path();
            if path.file_name().and_then(id_of).is_some() {
                remove(&path)?;
            }
        }
        self.sync()
    }

    fn path_of(&self, id: SessionId) -> PathBuf {
        self.path.join(id.to_string())
    }

    fn entries(&self) -> Result<ReadDir, BackendError> {
        fs::read_dir(&self.path).map_err(|error| failed("list", &error))
    }

    /// Makes an empty file that is removed when it is dropped, and that is locked while somebody writes it: the lock
    /// tells cleaning that the writer was not killed.
    fn temporary(&self) -> Result<NamedTempFile, BackendError> {
        for _ in 0..TRIES {
            let mut builder = tempfile::Builder::new();
            builder.prefix(TEMPORARY_PREFIX).rand_bytes(16);
            #[cfg(unix)]
            builder.permissions(fs::Permissions::from_mode(0o600));
            let temporary = builder.tempfile_in(&self.path).map_err(|error| failed("make a file", &error))?;
            // Cleaning may come before the file is locked, and take it for left behind.
            let is_locked = try_lock(temporary.as_file())?;
            if is_locked && exists(temporary.path())? {
                return Ok(temporary);
            }
        }
        Err(BackendError::new(BackendErrorKind::Unavailable, "each temporary file was removed at once"))
    }

    /// Takes the lock, which is held until it is dropped. The operating system gives it back when the process ends.
    fn lock(&self) -> Result<File, BackendError> {
        self.must_be_there()?;
        let opened = OpenOptions::new().write(true).open(self.path.join(LOCK_NAME));
        let file = opened.map_err(|error| failed("open the lock", &error))?;
        let start = Instant::now();
        let mut pause = Duration::from_micros(50);
        while !try_lock(&file)? {
            if start.elapsed() >= self.lock_timeout {
                let message = format_args!("others have held the lock for {:?}", self.lock_timeout);
                return Err(BackendError::new(BackendErrorKind::Unavailable, message));
            }
            thread::sleep(pause);
            pause = pause.saturating_mul(2).min(Duration::from_millis(5));
        }
        Ok(file)
    }

    /// Returns an error when the folder has gone: a file that is not found there does not mean that there is no record.
    /// A lock that is no file is an error, too: a link leads elsewhere, and to open a pipe would wait for its other
    /// end.
    fn must_be_there(&self) -> Result<(), BackendError> {
        let looked = fs::symlink_metadata(self.path.join(LOCK_NAME));
        if looked.map_err(|error| failed("find the lock", &error))?.is_file() {
            Ok(())
        } else {
            Err(BackendError::new(
                BackendErrorKind::Unavailable,
                "something that is not a file has the name of the lock",
            ))
        }
    }

    /// Syncs the folder, for a rename lasts only once its folder is on the disk.
    fn sync(&self) -> Result<(), BackendError> {
        if cfg!(unix) {
            let synced = File::open(&self.path).and_then(|folder| folder.sync_all());
            synced.map_err(|error| failed("sync the folder", &error))?;
        }
        Ok(())
    }
}

/// A file that is there, and either its head or the reason why its head is refused.
type Opened = (File, Result<Head, BackendError>);

fn open(path: &Path) -> Result<Option<Opened>, BackendError> {
    // The kind of file is asked for first: to open a pipe would wait for its other end.
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(corrupt("something that is not a file has the name of a session")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", &error)),
    }
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", &error)),
    };
    let mut head = [0; HEAD_LEN];
    match file.read_exact(&mut head) {
        Ok(()) => Ok(Some((file, format::read_head(&head)))),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Some((file, Err(corrupt(TORN))))),
        Err(error) => Err(failed("read", &error)),
    }
}

/// Returns the tag of the record that is there. It reads no more bytes of the record than the tag has, for others wait
/// for the lock.
fn tag_at(path: &Path, id: SessionId) -> Result<Option<Tag>, BackendError> {
    let Some((file, head)) = open(path)? else { return Ok(None) };
    let head = head?.of(id).map_err(corrupt)?;
    let mut start = Vec::with_capacity(Tag::LEN);
    let limit = u64::try_from(Tag::LEN).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut start).map_err(|error| failed("read", &error))?;
    head.tag(&start).map(Some).map_err(corrupt)
}

fn is_due(path: &Path, id: SessionId, now: UnixTime) -> Result<bool, BackendError> {
    match open(path) {
        Ok(opened) => Ok(matches!(opened, Some((_, Ok(head))) if head.id == id && head.expires_at <= now)),
        Err(error) if error.kind() == BackendErrorKind::Corrupt => Ok(false),
        Err(error) => Err(error),
    }
}

fn remove_left_behind(path: &Path) -> Result<(), BackendError> {
    let opened = match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(corrupt("something that is not a file has the name of a temporary file"));
        }
        Ok(_) => File::open(path),
        Err(error) => Err(error),
    };
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("open", &error)),
    };
    if try_lock(&file)? {
        remove(path)?;
    }
    Ok(())
}

fn exists(path: &Path) -> Result<bool, BackendError> {
    path.try_exists().map_err(|error| failed("look for", &error))
}

/// Returns true when there was a file to remove.
fn remove(path: &Path) -> Result<bool, BackendError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("remove", &error)),
    }
}

fn try_lock(file: &File) -> Result<bool, BackendError> {
    match fs4::FileExt::try_lock(file) {
        Ok(()) => Ok(true),
        Err(fs4::TryLockError::WouldBlock) => Ok(false),
        Err(fs4::TryLockError::Error(error)) => Err(failed("lock", &error)),
    }
}

/// Returns the id that names the file of a session. Only the way in which ids are written counts, so that one session
/// has one name.
fn id_of(name: &OsStr) -> Option<SessionId> {
    let mut bytes = [0; 16];
    let name = name.to_str()?;
    hex::decode_to_slice(name, &mut bytes).ok()?;
    let id = SessionId::from_bytes(bytes);
    (id.to_string() == name).then_some(id)
}

fn is_temporary(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(TEMPORARY_PREFIX))
}

/// The path stays out of the message: the path holds an id, and a log should hold only the start of an id.
fn failed(what: &str, error: &io::Error) -> BackendError {
    let kind = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => BackendErrorKind::Full,
        _ => BackendErrorKind::Unavailable,
    };
    // The text is the system's own: tempfile's would hold the path.
    let text = error
        .raw_os_error()
        .map_or_else(|| error.kind().to_string(), |code| io::Error::from_raw_os_error(code).to_string());
    BackendError::new(kind, format_args!("can't {what}: {text}"))
}

const LOCK_NAME: &str = ".lock";

const TEMPORARY_PREFIX: &str = ".new-";

const TRIES: usize = 100;

const PROBE_LEN: usize = 4096;
