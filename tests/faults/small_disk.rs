//! The small disk that `tests/faults/run_on_small_disk` mounts, for tests that fill it.

use std::env;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

const VARIABLE: &str = "SEALED_SESSION_SMALL_DISK";

/// The folder of an empty disk of about 12 MB. `None`, with a line that says so, when there is no such disk.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = env::var_os(VARIABLE).map(PathBuf::from);
    if folder.is_none() {
        println!("{VARIABLE} is not set: a full disk was not tried; tests/faults/run_on_small_disk sets it");
    }
    folder
}

/// Appends to a file until the disk has no byte left.
pub(crate) fn fill(path: &Path) {
    let mut file = File::options().append(true).create(true).open(path).unwrap();
    for piece in [65_536, 4_096, 1] {
        while file.write_all(&vec![0; piece]).is_ok() {}
    }
}
