//! The two stores on disk behind one type, so that each test runs with both.

use std::fs;
use std::path::{Path, PathBuf};

use sealed_session::{BackendError, FileStore, SessionStore, SqliteStore};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    File,
    Sqlite,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::File, Kind::Sqlite];

impl Kind {
    pub(crate) fn open(self, folder: &Path) -> Result<Box<dyn SessionStore>, BackendError> {
        Ok(match self {
            Self::File => Box::new(FileStore::open(folder)?),
            Self::Sqlite => Box::new(SqliteStore::open(self.path(folder))?),
        })
    }

    /// The file that the store locks.
    pub(crate) fn path(self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Self::File => ".lock",
            Self::Sqlite => "sessions.db",
        })
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Sqlite => "sqlite",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        KINDS.into_iter().find(|kind| kind.word() == word).unwrap()
    }
}

/// The number of files in the folder of a `FileStore` that writers left behind, or are still writing.
pub(crate) fn temporary_files(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".new-")).count()
}
