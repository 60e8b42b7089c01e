//! Measures how long the disk takes to sync a page. Every write to a file, to SQLite and to a Redis that syncs pays for
//! such a sync.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

/// Writes a page over itself and syncs it, `times` times. Returns how long each took, in nanoseconds.
pub fn sync(folder: &Path, times: usize) -> Vec<u64> {
    let file = File::create(folder.join("synced")).expect("the folder can be written to");
    let mut took = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        file.write_all_at(&[7; 4096], 0).and_then(|()| file.sync_all()).expect("the disk keeps what it is given");
        took.push(u64::try_from(start.elapsed().as_nanos()).unwrap());
    }
    took
}
