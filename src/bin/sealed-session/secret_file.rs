//! Writes files that hold keys.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::outcome::{Failure, Result};

/// Makes a file that its owner alone may read (mode 0600 on Unix), whole or not at all. A file that is there already is
/// left as it is: it may hold the only copy of a key.
pub(crate) fn create(path: &Path, text: &str) -> Result<()> {
    let failed = |reason: &dyn Display| Failure::new(format_args!("{} {reason}", path.display()));
    let unwritten = |error: &std::io::Error| failed(&format_args!("can't be written: {}", error.kind()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // `tempfile` makes its files with mode 0600, and removes this one should a step fail.
    let mut file =
        tempfile::Builder::new().prefix(".sealed-session-").tempfile_in(folder).map_err(|e| unwritten(&e))?;
    file.write_all(text.as_bytes()).map_err(|error| unwritten(&error))?;
    // The key may seal sessions before the system writes its caches to the disk.
    file.as_file().sync_all().map_err(|error| unwritten(&error))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            Err(failed(&"exists already, and is left as it is"))
        }
        Err(error) => Err(unwritten(&error.error)),
    }
}
