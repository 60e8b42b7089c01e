//! Another process holds the lock of a store for longer than a write waits.

use std::time::{Duration, Instant};

use sealed_session::{BackendErrorKind, FileStore, Save, SessionStore, SqliteStore};

use crate::stores::{KINDS, Kind};
use crate::worker::Worker;
use crate::{id, record, run};

const TIMEOUT: Duration = Duration::from_millis(300);

#[test]
fn a_lock_held_past_the_timeout_is_unavailable_and_goes_with_the_process_that_holds_it() {
    for kind in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let path = kind.path(folder.path());
        let store: Box<dyn SessionStore> = match kind {
            Kind::File => Box::new(FileStore::open(&folder).unwrap().lock_timeout(TIMEOUT)),
            Kind::Sqlite => Box::new(SqliteStore::open(path).unwrap().busy_timeout(TIMEOUT).unwrap()),
        };
        assert_eq!(run(store.save(id(0, 1), &record(1), Save::Create)), Ok(true));
        let mut worker = Worker::start("lock", kind, folder.path(), 0);
        let start = Instant::now();
        let replace = Save::Replace(record(1).tag());
        let error = run(store.save(id(0, 1), &record(2), replace)).unwrap_err();
        let waited = start.elapsed();
        println!("{kind:?}: after {} ms: {error}", waited.as_millis());
        assert_eq!(error.kind(), BackendErrorKind::Unavailable);
        assert!(waited >= TIMEOUT, "{waited:?}");
        assert!(!run(store.is_healthy()));
        assert_eq!(run(store.load(id(0, 1))), Ok(Some(record(1))), "loads wait for nobody");
        worker.kill();
        worker.wait();
        assert_eq!(run(store.save(id(0, 1), &record(2), replace)), Ok(true));
        assert_eq!(run(store.load(id(0, 1))), Ok(Some(record(2))));
        assert!(run(store.is_healthy()));
    }
}
