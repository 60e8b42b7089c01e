//! `SqliteStore`: the suite that every store passes, and the rules that only this store has.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use sealed_session::testing::check_store;
use sealed_session::{
    BackendError, BackendErrorKind, Record, Save, SessionStore, SqliteRevocations, SqliteStore, UnixTime,
};
use tempfile::TempDir;

use crate::helpers::at;
use crate::{changes_by_threads, id, is_revived_by_threads, record, run, threads_that_created};

const EXPIRY: u64 = 1_700_000_000;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    (folder, path)
}

fn create(store: &SqliteStore, number: u64, record: &Record) {
    assert_eq!(run(store.save(id(number), record, Save::Create)), Ok(true));
}

fn kind<T: std::fmt::Debug>(answer: Result<T, BackendError>) -> BackendErrorKind {
    answer.unwrap_err().kind()
}

#[test]
fn it_passes_the_suite() {
    let (folder, _) = folder();
    let made = std::cell::Cell::new(0);
    run(check_store(async || {
        made.set(made.get() + 1);
        SqliteStore::open(folder.path().join(format!("{}.db", made.get()))).unwrap()
    }));
}

#[test]
fn a_record_is_there_for_every_store_of_the_database_and_after_a_restart() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    create(&store, 1, &record([1; 100], EXPIRY));
    let other = SqliteStore::open(&path).unwrap();
    assert_eq!(run(other.load(id(1))), Ok(Some(record([1; 100], EXPIRY))));
    assert_eq!(run(other.save(id(1), &record([2], EXPIRY), Save::Replace(record([1; 100], EXPIRY).tag()))), Ok(true));
    assert_eq!(run(store.load(id(1))), Ok(Some(record([2], EXPIRY))));
    drop((store, other));
    assert_eq!(run(SqliteStore::open(&path).unwrap().all()), Ok(vec![(id(1), record([2], EXPIRY))]));
}

#[test]
fn a_database_is_in_wal_mode_and_of_version_1() {
    let (_folder, path) = folder();
    let _store = SqliteStore::open(&path).unwrap();
    let database = Connection::open(&path).unwrap();
    let text = |pragma: &str| database.query_row(pragma, [], |row| row.get::<_, String>(0)).unwrap();
    let number = |pragma: &str| database.query_row(pragma, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(text("PRAGMA journal_mode"), "wal");
    assert_eq!(number("PRAGMA user_version"), 1);
    assert_eq!(number("PRAGMA application_id"), 0x5353_4553);
}

#[test]
fn a_cleanup_of_more_than_one_step_removes_and_counts_all_that_is_due() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let mut database = Connection::open(&path).unwrap();
    let transaction = database.transaction().unwrap();
    for number in 0..1_700 {
        let id = id(number).to_bytes();
        transaction.execute("INSERT INTO sessions VALUES (?1, ?2, x'01')", (id, number.cast_signed())).unwrap();
    }
    transaction.commit().unwrap();
    assert_eq!(run(store.cleanup_expired(at(1_599))), Ok(1_600));
    assert_eq!(run(store.all()).unwrap().len(), 100);
}

#[test]
fn a_file_that_is_no_database_is_corrupt_and_stays_as_it_is() {
    let (_folder, path) = folder();
    for content in ["Dear database, ...".to_owned(), "x".repeat(10_000)] {
        fs::write(&path, &content).unwrap();
        assert_eq!(kind(SqliteStore::open(&path)), BackendErrorKind::Corrupt);
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn the_database_of_another_application_is_refused_and_stays_as_it_is() {
    for theirs in ["CREATE TABLE books (title)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"] {
        let (_folder, path) = folder();
        let database = Connection::open(&path).unwrap();
        database.execute_batch(theirs).unwrap();
        let before = fs::read(&path).unwrap();
        let error = SqliteStore::open(&path).unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::Corrupt, "{theirs}");
        assert!(error.to_string().ends_with("this is the database of another application"));
        drop(database);
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_database_of_a_later_version_is_refused_with_both_versions() {
    let (_folder, path) = folder();
    drop(SqliteStore::open(&path).unwrap());
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 9").unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!(
        error.to_string(),
        "session backend does not support this: the database has version 9, and 2 is the latest that is known here"
    );
}

#[test]
fn a_database_that_is_damaged_is_corrupt() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    for number in 0..50 {
        create(&store, number, &record(vec![7; 5_000], EXPIRY));
    }
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xaa);
    fs::write(&path, bytes).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(kind(run(store.load(id(1)))), BackendErrorKind::Corrupt);
    assert_eq!(kind(run(store.all())), BackendErrorKind::Corrupt);
    assert_eq!(kind(run(store.save(id(99), &record([1], EXPIRY), Save::Create))), BackendErrorKind::Corrupt);
}

#[test]
fn a_row_that_no_store_wrote_is_corrupt() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let database = Connection::open(&path).unwrap();
    for expires_at in [-1, 1 << 40, i64::MAX] {
        let row = (id(1).to_bytes(), expires_at);
        database.execute("INSERT OR REPLACE INTO sessions VALUES (?1, ?2, x'01')", row).unwrap();
        assert_eq!(kind(run(store.load(id(1)))), BackendErrorKind::Corrupt);
        assert_eq!(kind(run(store.all())), BackendErrorKind::Corrupt);
    }
    run(store.delete(id(1))).unwrap();
    assert_eq!(run(store.all()), Ok(vec![]));
}

#[test]
fn a_row_that_is_longer_than_any_record_is_corrupt() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    create(&store, 1, &record(vec![7; 67_000], EXPIRY));
    assert_eq!(run(store.load(id(1))), Ok(Some(record(vec![7; 67_000], EXPIRY))));
    assert_eq!(kind(run(store.save(id(2), &record(vec![7; 67_001], EXPIRY), Save::Create))), BackendErrorKind::Full);
    let database = Connection::open(&path).unwrap();
    database.execute("UPDATE sessions SET bytes = zeroblob(67001)", []).unwrap();
    for error in [run(store.load(id(1))).unwrap_err(), run(store.all()).unwrap_err()] {
        assert_eq!(error.kind(), BackendErrorKind::Corrupt);
        assert!(error.to_string().contains("longer than any"), "{error}");
    }
    run(store.delete(id(1))).unwrap();
    assert_eq!(run(store.all()), Ok(vec![]));
}

#[test]
fn while_another_writes_it_loads_and_says_of_all_else_that_it_is_unavailable() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap().busy_timeout(Duration::ZERO).unwrap();
    create(&store, 1, &record([1], EXPIRY));
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(run(store.load(id(1))), Ok(Some(record([1], EXPIRY))));
    assert_eq!(run(store.all()).unwrap().len(), 1);
    let replace = Save::Replace(record([1], EXPIRY).tag());
    assert_eq!(kind(run(store.save(id(1), &record([2], EXPIRY), replace))), BackendErrorKind::Unavailable);
    assert_eq!(kind(run(store.save(id(2), &record([2], EXPIRY), Save::Create))), BackendErrorKind::Unavailable);
    assert_eq!(kind(run(store.delete(id(1)))), BackendErrorKind::Unavailable);
    assert_eq!(kind(run(store.cleanup_expired(UnixTime::MAX))), BackendErrorKind::Unavailable);
    assert_eq!(kind(run(store.clear())), BackendErrorKind::Unavailable);
    assert!(!run(store.is_healthy()));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(run(store.is_healthy()));
    assert_eq!(run(store.save(id(1), &record([2], EXPIRY), replace)), Ok(true));
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = folder();
    let store = SqliteStore::open(path).unwrap();
    create(&store, 1, &record([1], EXPIRY));
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 3, "with -wal and -shm");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_path_that_cannot_be_made_is_unavailable() {
    let (folder, _) = folder();
    fs::create_dir(folder.path().join("folder")).unwrap();
    assert_eq!(kind(SqliteStore::open(folder.path().join("folder"))), BackendErrorKind::Unavailable);
    assert_eq!(kind(SqliteStore::open(folder.path().join("no/such/sessions.db"))), BackendErrorKind::Unavailable);
}

#[test]
fn threads_that_read_and_replace_lose_no_change() {
    let (_folder, path) = folder();
    let open = || SqliteStore::open(&path).unwrap();
    assert_eq!(changes_by_threads(open, 1, 25), 100);
}

#[test]
fn threads_with_a_store_each_agree_who_made_the_database_and_a_record_and_revive_none() {
    let (_folder, path) = folder();
    let open = || SqliteStore::open(&path).unwrap();
    for round in 0..20 {
        assert_eq!(threads_that_created(open, round), 1);
        assert!(!is_revived_by_threads(open, round), "round {round}");
    }
}

#[test]
fn threads_that_open_a_new_database_at_once_all_get_a_store() {
    for _ in 0..300 {
        let (_folder, path) = folder();
        let open = || SqliteStore::open(&path).map(drop);
        thread::scope(|scope| {
            for opened in [(); 4].map(|()| scope.spawn(open)).map(thread::ScopedJoinHandle::join) {
                assert_eq!(opened.unwrap(), Ok(()));
            }
        });
    }
}

#[test]
fn what_it_deleted_is_gone_for_all_so_it_supports_revocation() {
    let (_folder, path) = folder();
    assert!(SqliteStore::open(path).unwrap().supports_revocation());
}

#[test]
fn to_ask_for_its_health_leaves_no_record() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    assert!(run(store.is_healthy()));
    assert_eq!(run(store.all()), Ok(vec![]));
}

#[test]
fn debug_shows_the_path_and_no_session() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    create(&store, 1, &record([1], EXPIRY));
    assert_eq!(format!("{store:?}"), format!("SqliteStore {{ path: {path:?}, .. }}"));
}

#[cfg(unix)]
#[test]
fn a_database_that_was_removed_or_replaced_under_it_is_not_healthy() {
    type Fault = fn(&std::path::Path, &std::path::Path);
    let faults: [(&str, Fault); 6] = [
        ("the file is removed", |_, path| fs::remove_file(path).unwrap()),
        ("the log is removed", |_, path| fs::remove_file(path.with_extension("db-wal")).unwrap()),
        ("the folder is removed", |folder, _| fs::remove_dir_all(folder).unwrap()),
        ("the folder is moved away", |folder, _| fs::rename(folder, folder.with_extension("old")).unwrap()),
        ("another process makes the database anew", |folder, path| {
            fs::remove_dir_all(folder).unwrap();
            fs::create_dir(folder).unwrap();
            drop(SqliteStore::open(path).unwrap());
        }),
        ("a copy takes the place of each file, as out of a backup", |folder, _| {
            for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>() {
                let copy = folder.with_extension("copy");
                fs::copy(&file, &copy).unwrap();
                fs::rename(copy, file).unwrap();
            }
        }),
    ];
    for (fault, make) in faults {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("sessions");
        fs::create_dir(&folder).unwrap();
        let path = folder.join("sessions.db");
        let store = SqliteStore::open(&path).unwrap();
        assert!(run(store.is_healthy()), "before {fault}");
        create(&store, 1, &record([1], EXPIRY));
        assert!(run(store.is_healthy()), "before {fault}");
        make(&folder, &path);
        assert!(!run(store.is_healthy()), "{fault}");
    }
}

#[test]
fn a_database_that_others_use_too_stays_healthy() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    for number in 0..10 {
        // Each of them opens the database, writes, and closes it again.
        create(&SqliteStore::open(&path).unwrap(), number, &record([1; 5_000], EXPIRY));
        Connection::open(&path).unwrap().execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        assert!(run(store.is_healthy()));
    }
}

#[cfg(unix)]
#[test]
fn a_database_that_everybody_can_write_to_is_refused_and_one_in_such_a_folder_is_not() {
    use std::os::unix::fs::PermissionsExt;
    let set_mode = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (folder, path) = folder();
    set_mode(folder.path(), 0o777);
    drop(SqliteStore::open(&path).unwrap());
    for (mode, is_refused) in [(0o600, false), (0o660, false), (0o666, true), (0o602, true)] {
        set_mode(&path, mode);
        for opened in [SqliteStore::open(&path).map(drop), SqliteRevocations::open(&path).map(drop)] {
            match opened {
                Ok(()) => assert!(!is_refused, "{mode:o}"),
                Err(error) => {
                    assert!(is_refused, "{mode:o}");
                    assert_eq!(error.kind(), BackendErrorKind::Unsupported);
                    assert!(error.to_string().contains(&format!("(mode {mode:04o})")), "{error}");
                }
            }
        }
    }
}

/// Other programs would take themselves for the only ones that have the database open. One with an SQLite from before
/// 3.51 then removes the log when it closes the database, and what a store writes later is lost.
#[cfg(target_os = "linux")]
#[test]
fn a_database_that_one_process_opens_twice_stays_locked_against_its_removal() {
    use std::os::unix::fs::MetadataExt;
    let (_folder, path) = folder();
    let _stores = [(); 2].map(|()| SqliteStore::open(&path).unwrap());
    let file = format!(":{} ", fs::metadata(&path).unwrap().ino());
    let locks = fs::read_to_string("/proc/locks").unwrap();
    assert!(locks.lines().any(|lock| lock.contains(&file)), "{locks}");
}

#[cfg(unix)]
#[test]
fn a_database_behind_a_link_is_opened_and_is_not_healthy_once_the_link_leads_elsewhere() {
    use std::os::unix::fs::symlink;
    let (folder, path) = folder();
    let link = folder.path().join("link.db");
    create(&SqliteStore::open(&path).unwrap(), 1, &record([1], EXPIRY));
    symlink(&path, &link).unwrap();
    let store = SqliteStore::open(&link).unwrap();
    assert_eq!(run(store.load(id(1))), Ok(Some(record([1], EXPIRY))));
    assert!(run(store.is_healthy()));
    let other = folder.path().join("other.db");
    drop(SqliteStore::open(&other).unwrap());
    fs::remove_file(&link).unwrap();
    symlink(&other, &link).unwrap();
    assert!(!run(store.is_healthy()));
}

#[cfg(unix)]
#[test]
fn a_database_is_made_where_a_link_leads() {
    use std::os::unix::fs::symlink;
    let (folder, path) = folder();
    let link = folder.path().join("link.db");
    symlink(&path, &link).unwrap();
    create(&SqliteStore::open(&link).unwrap(), 1, &record([1], EXPIRY));
    assert_eq!(run(SqliteStore::open(&path).unwrap().load(id(1))), Ok(Some(record([1], EXPIRY))));
}

#[test]
fn a_timeout_of_any_length_is_taken() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap().busy_timeout(Duration::MAX).unwrap();
    create(&store, 1, &record([1], EXPIRY));
}
