//! `FileStore`: the suite that every store passes, and the rules that only this store has.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sealed_session::testing::check_store;
use sealed_session::{BackendError, BackendErrorKind, FileStore, Record, Save, SessionStore, UnixTime};
use tempfile::TempDir;

use crate::helpers::at;
use crate::{changes_by_threads, id, is_revived_by_threads, record, run, threads_that_created};

const EXPIRY: u64 = 1_700_000_000;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn file(folder: &TempDir, number: u64) -> PathBuf {
    folder.path().join(id(number).to_string())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn create(store: &FileStore, number: u64, record: &Record) {
    assert_eq!(run(store.save(id(number), record, Save::Create)), Ok(true));
}

#[test]
fn it_passes_the_suite() {
    let parent = folder();
    let made = std::cell::Cell::new(0);
    run(check_store(async || {
        made.set(made.get() + 1);
        FileStore::open(parent.path().join(made.get().to_string()).join("sessions")).unwrap()
    }));
}

#[test]
fn a_record_is_there_for_every_store_of_the_folder_and_after_a_restart() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    create(&store, 1, &record([1; 100], EXPIRY));
    let other = FileStore::open(&folder).unwrap();
    assert_eq!(run(other.load(id(1))), Ok(Some(record([1; 100], EXPIRY))));
    drop(store);
    assert_eq!(run(other.save(id(1), &record([2], EXPIRY), Save::Replace(record([1; 100], EXPIRY).tag()))), Ok(true));
    assert_eq!(run(FileStore::open(&folder).unwrap().all()), Ok(vec![(id(1), record([2], EXPIRY))]));
}

#[test]
fn a_file_has_the_bytes_that_its_format_says() {
    let folder = folder();
    create(&FileStore::open(&folder).unwrap(), 0xa1, &record(*b"sealed", 0x01_02_03_04_05));
    let mut expected = b"SSES\x01".to_vec();
    expected.extend(id(0xa1).to_bytes());
    expected.extend([1, 2, 3, 4, 5, 0, 0, 0, 6]);
    expected.extend(CRC_OF_SEALED);
    expected.extend(CRC_OF_HEAD);
    expected.extend(b"sealed");
    assert_eq!(fs::read(file(&folder, 0xa1)).unwrap(), expected);
    assert_eq!(names(folder.path()), [".lock".to_owned(), id(0xa1).to_string()]);
}

/// Python's `zlib.crc32` computed both checksums, so that they are not checked against the code that they test.
const CRC_OF_SEALED: [u8; 4] = [0xfd, 0xa4, 0xbe, 0x70];
const CRC_OF_HEAD: [u8; 4] = [0x10, 0x9f, 0xa2, 0xfd];

#[test]
fn a_file_that_is_cut_longer_or_changed_in_any_bit_is_corrupt_and_never_another_record() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    create(&store, 1, &record([7; 20], EXPIRY));
    let good = fs::read(file(&folder, 1)).unwrap();
    let mut bad: Vec<Vec<u8>> = (0..good.len()).map(|len| good[..len].to_vec()).collect();
    bad.push([good.as_slice(), &[0]].concat());
    bad.push(vec![0; good.len()]);
    for bit in 0..good.len() * 8 {
        let mut changed = good.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        bad.push(changed);
    }
    for bytes in bad {
        fs::write(file(&folder, 1), &bytes).unwrap();
        let error = run(store.load(id(1))).unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::Corrupt, "{bytes:?}");
        assert!(!error.to_string().contains(&id(1).to_string()));
    }
}

#[test]
fn a_file_that_is_longer_than_any_record_is_corrupt() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    create(&store, 1, &record(vec![7; 67_000], EXPIRY));
    assert_eq!(run(store.load(id(1))), Ok(Some(record(vec![7; 67_000], EXPIRY))));
    let too_long = record(vec![7; 67_001], EXPIRY);
    assert_eq!(run(store.save(id(2), &too_long, Save::Create)).unwrap_err().kind(), BackendErrorKind::Full);
    // Every checksum of this file is right.
    let mut planted = fs::read(file(&folder, 1)).unwrap();
    planted.push(7);
    planted[26..30].copy_from_slice(&67_001_u32.to_be_bytes());
    planted[30..34].copy_from_slice(&crc32fast::hash(too_long.bytes()).to_be_bytes());
    let crc = crc32fast::hash(&planted[..34]).to_be_bytes();
    planted[34..38].copy_from_slice(&crc);
    fs::write(file(&folder, 1), &planted).unwrap();
    let error = run(store.load(id(1))).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Corrupt);
    assert!(error.to_string().contains("longer than any"), "{error}");
    assert_eq!(run(store.all()), Ok(vec![]));
    assert_eq!(run(store.cleanup_expired(at(EXPIRY))), Ok(1), "its head is good");
}

#[test]
fn a_file_of_a_later_version_is_unsupported_and_left_alone() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    create(&store, 1, &record([7; 20], EXPIRY));
    let mut later = fs::read(file(&folder, 1)).unwrap();
    later[4] = 2;
    let crc = crc32fast::hash(&later[..34]).to_be_bytes();
    later[34..38].copy_from_slice(&crc);
    fs::write(file(&folder, 1), &later).unwrap();
    let error = run(store.load(id(1))).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unsupported);
    assert!(error.to_string().ends_with("the version of this file is not known"));
    assert_eq!(run(store.all()).unwrap(), []);
    assert_eq!(run(store.cleanup_expired(UnixTime::MAX)), Ok(0));
    assert_eq!(fs::read(file(&folder, 1)).unwrap(), later);
}

#[test]
fn the_head_that_tells_the_expiry_is_believed_only_when_it_is_whole() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    create(&store, 1, &record([7; 20], EXPIRY));
    let good = fs::read(file(&folder, 1)).unwrap();
    for bit in 0..38 * 8 {
        let mut changed = good.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        fs::write(file(&folder, 1), &changed).unwrap();
        assert_eq!(run(store.cleanup_expired(UnixTime::MAX)), Ok(0), "bit {bit}");
    }
    fs::write(file(&folder, 1), &good).unwrap();
    assert_eq!(run(store.cleanup_expired(at(EXPIRY))), Ok(1));
}

#[test]
fn a_corrupt_file_is_left_out_of_lists_and_stands_until_it_is_deleted() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    create(&store, 1, &record([1], EXPIRY));
    create(&store, 2, &record([2], EXPIRY));
    fs::write(file(&folder, 1), "torn").unwrap();
    assert_eq!(run(store.all()), Ok(vec![(id(2), record([2], EXPIRY))]));
    assert_eq!(run(store.cleanup_expired(at(EXPIRY))), Ok(1));
    assert_eq!(run(store.save(id(1), &record([3], EXPIRY), Save::Create)), Ok(false));
    assert_eq!(run(store.load(id(1))).unwrap_err().kind(), BackendErrorKind::Corrupt);
    // Nobody can say which tag it has.
    let replace = Save::Replace(record([1], EXPIRY).tag());
    let kind = |saved: Result<bool, BackendError>| saved.unwrap_err().kind();
    assert_eq!(kind(run(store.save(id(1), &record([3], EXPIRY), replace))), BackendErrorKind::Corrupt);
    run(store.delete(id(1))).unwrap();
    assert_eq!(run(store.load(id(1))), Ok(None));
}

#[test]
fn a_replace_reads_the_start_of_the_record_and_finds_a_file_that_is_too_short() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    for (number, len) in [(1, 16), (2, 29), (3, 1000)] {
        let old = record(vec![7; len], EXPIRY);
        create(&store, number, &old);
        let good = fs::read(file(&folder, number)).unwrap();
        let replace = || run(store.save(id(number), &record([8; 50], EXPIRY), Save::Replace(old.tag())));
        for left in [0, 37, 38, 38 + len.min(29) - 1] {
            fs::write(file(&folder, number), &good[..left]).unwrap();
            assert_eq!(replace().unwrap_err().kind(), BackendErrorKind::Corrupt, "{left} of {len}");
        }
        fs::write(file(&folder, number), &good).unwrap();
        assert_eq!(replace(), Ok(true));
    }
}

#[test]
fn the_file_of_another_session_is_corrupt() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    create(&store, 1, &record([1], EXPIRY));
    fs::copy(file(&folder, 1), file(&folder, 2)).unwrap();
    assert_eq!(run(store.load(id(2))).unwrap_err().kind(), BackendErrorKind::Corrupt);
    assert_eq!(run(store.all()), Ok(vec![(id(1), record([1], EXPIRY))]));
    assert_eq!(run(store.cleanup_expired(at(EXPIRY))), Ok(1));
    assert!(file(&folder, 2).exists());
}

#[test]
fn what_is_no_file_of_a_session_is_left_alone() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    let digits = id(1).to_string();
    let foreign =
        ["notes.txt".to_owned(), format!("{digits}0"), digits[1..].to_owned(), "A".repeat(32), "x".repeat(32)];
    for name in &foreign {
        fs::write(folder.path().join(name), "not ours").unwrap();
    }
    let before = names(folder.path());
    assert_eq!(run(store.all()), Ok(vec![]));
    assert_eq!(run(store.cleanup_expired(UnixTime::MAX)), Ok(0));
    run(store.clear()).unwrap();
    assert_eq!(names(folder.path()), before);
}

#[test]
fn what_has_the_name_of_a_session_and_is_no_file_is_corrupt_and_never_waited_for() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    fs::create_dir(file(&folder, 1)).unwrap();
    #[cfg(unix)]
    {
        assert!(std::process::Command::new("mkfifo").arg(file(&folder, 2)).status().unwrap().success());
        std::os::unix::fs::symlink("/dev/zero", file(&folder, 3)).unwrap();
    }
    for number in 1..=if cfg!(unix) { 3 } else { 1 } {
        assert_eq!(run(store.load(id(number))).unwrap_err().kind(), BackendErrorKind::Corrupt);
    }
    create(&store, 4, &record([4], EXPIRY));
    assert_eq!(run(store.all()), Ok(vec![(id(4), record([4], EXPIRY))]));
    assert_eq!(run(store.cleanup_expired(at(EXPIRY))), Ok(1));
}

#[test]
fn what_a_killed_writer_left_is_removed_and_what_is_being_written_is_not() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    let (left, live) = (folder.path().join(".new-left"), folder.path().join(".new-live"));
    fs::write(&left, "half of a rec").unwrap();
    let writer = File::create(&live).unwrap();
    fs4::FileExt::try_lock(&writer).unwrap();
    assert_eq!(run(store.cleanup_expired(UnixTime::MIN)), Ok(0));
    assert!(!left.exists() && live.exists());
    drop(writer);
    assert_eq!(run(store.cleanup_expired(UnixTime::MIN)), Ok(0));
    assert_eq!(names(folder.path()), [".lock"]);
}

#[test]
fn a_save_leaves_no_temporary_file_whether_it_writes_or_not() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    create(&store, 1, &record([1], EXPIRY));
    assert_eq!(run(store.save(id(1), &record([2], EXPIRY), Save::Create)), Ok(false));
    let replace = Save::Replace(record([1], EXPIRY).tag());
    assert_eq!(run(store.save(id(1), &record([2], EXPIRY), replace)), Ok(true));
    for number in [1, 2] {
        assert_eq!(run(store.save(id(number), &record([3], EXPIRY), replace)), Ok(false));
    }
    assert!(run(store.is_healthy()));
    assert_eq!(names(folder.path()), [".lock".to_owned(), id(1).to_string()]);
}

#[cfg(unix)]
#[test]
fn files_and_the_folder_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = folder();
    let path = parent.path().join("a/b");
    create(&FileStore::open(&path).unwrap(), 1, &record([1], EXPIRY));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&parent.path().join("a")), 0o700);
    for name in names(&path) {
        assert_eq!(mode(&path.join(name)), 0o600);
    }
}

#[test]
fn while_others_hold_the_lock_it_loads_and_says_of_all_else_that_it_is_unavailable() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap().lock_timeout(Duration::ZERO);
    create(&store, 1, &record([1], EXPIRY));
    let lock = File::open(folder.path().join(".lock")).unwrap();
    fs4::FileExt::try_lock(&lock).unwrap();
    let unavailable = Some(BackendErrorKind::Unavailable);
    let kind = |error: BackendError| error.kind();
    assert_eq!(run(store.load(id(1))), Ok(Some(record([1], EXPIRY))));
    let replace = Save::Replace(record([1], EXPIRY).tag());
    assert_eq!(run(store.save(id(1), &record([2], EXPIRY), replace)).map_err(kind).err(), unavailable);
    assert_eq!(run(store.save(id(2), &record([2], EXPIRY), Save::Create)).map_err(kind).err(), unavailable);
    assert_eq!(run(store.delete(id(1))).map_err(kind).err(), unavailable);
    assert_eq!(run(store.cleanup_expired(at(EXPIRY))).map_err(kind).err(), unavailable);
    assert_eq!(run(store.clear()).map_err(kind).err(), unavailable);
    assert!(!run(store.is_healthy()));
    assert_eq!(names(folder.path()), [".lock".to_owned(), id(1).to_string()]);
    drop(lock);
    assert!(run(store.is_healthy()));
    assert_eq!(run(store.save(id(1), &record([2], EXPIRY), replace)), Ok(true));
}

#[test]
fn a_folder_that_has_gone_is_unavailable_and_not_one_without_sessions() {
    let parent = folder();
    let path = parent.path().join("sessions");
    let store = FileStore::open(&path).unwrap();
    create(&store, 1, &record([1], EXPIRY));
    let replace = Save::Replace(record([1], EXPIRY).tag());
    fs::remove_dir_all(&path).unwrap();
    for mount_point in [false, true] {
        if mount_point {
            fs::create_dir(&path).unwrap();
        }
        let kinds = [
            run(store.load(id(1))).unwrap_err().kind(),
            run(store.save(id(1), &record([2], EXPIRY), replace)).unwrap_err().kind(),
            run(store.save(id(1), &record([2], EXPIRY), Save::Create)).unwrap_err().kind(),
            run(store.delete(id(1))).unwrap_err().kind(),
        ];
        assert_eq!(kinds, [BackendErrorKind::Unavailable; 4]);
        assert!(!run(store.is_healthy()));
    }
}

#[test]
fn cleaning_goes_on_past_a_file_that_it_cannot_remove_and_says_so() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    fs::create_dir(folder.path().join(".new-folder")).unwrap();
    for number in 0..20 {
        create(&store, number, &record([1], EXPIRY));
    }
    assert_eq!(run(store.cleanup_expired(at(EXPIRY))).unwrap_err().kind(), BackendErrorKind::Corrupt);
    assert_eq!(run(store.all()), Ok(vec![]));
}

#[test]
fn threads_that_read_and_replace_lose_no_change() {
    let folder = folder();
    let open = || FileStore::open(&folder).unwrap();
    assert_eq!(changes_by_threads(open, 1, 25), 100);
}

#[test]
fn threads_with_a_store_each_agree_who_created_a_record_and_revive_none() {
    let folder = folder();
    let open = || FileStore::open(&folder).unwrap();
    for round in 0..20 {
        assert_eq!(threads_that_created(open, round), 1);
        assert!(!is_revived_by_threads(open, round), "round {round}");
    }
}

#[test]
fn cleaning_takes_no_file_from_a_writer() {
    let folder = folder();
    let store = FileStore::open(&folder).unwrap();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::SeqCst) {
                assert_eq!(run(store.cleanup_expired(at(EXPIRY))), Ok(0));
            }
        });
        let save = |number| run(store.save(id(number), &record([1; 1000], EXPIRY + 1), Save::Create));
        let saved: Vec<_> = (0..100).map(save).collect();
        is_done.store(true, Ordering::SeqCst);
        assert!(saved.into_iter().all(|saved| saved == Ok(true)));
    });
    assert_eq!(run(store.all()).unwrap().len(), 100);
}

#[test]
fn what_it_deleted_is_gone_for_all_so_it_supports_revocation() {
    assert!(FileStore::open(folder()).unwrap().supports_revocation());
}

#[test]
fn debug_shows_the_folder_and_no_session() {
    let parent = folder();
    let store = FileStore::open(&parent).unwrap();
    create(&store, 1, &record([1], EXPIRY));
    assert_eq!(format!("{store:?}"), format!("FileStore {{ folder: {:?} }}", parent.path()));
}

/// Puts each thing at `path` that has a name but is no file, does `check`, and takes the thing away again.
#[cfg(unix)]
fn for_all_that_is_no_file(path: &Path, check: impl Fn(&str)) {
    let elsewhere = path.parent().unwrap().parent().unwrap().join("elsewhere");
    let make_pipe = || assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    make_pipe();
    check("a pipe");
    fs::remove_file(path).unwrap();
    std::os::unix::fs::symlink(&elsewhere, path).unwrap();
    check("a link to nothing");
    assert!(!elsewhere.exists(), "it made a file elsewhere");
    fs::write(&elsewhere, "kept").unwrap();
    check("a link to a file");
    assert_eq!(fs::read(&elsewhere).unwrap(), b"kept");
    fs::remove_file(&elsewhere).unwrap();
    fs::remove_file(path).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(path).unwrap();
    check("a socket");
    drop(socket);
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
    check("a folder");
    fs::remove_dir(path).unwrap();
}

#[cfg(unix)]
#[test]
fn cleaning_waits_for_nothing_that_has_the_name_of_a_temporary_file_and_is_none() {
    let parent = folder();
    let path = parent.path().join("sessions");
    let store = FileStore::open(&path).unwrap();
    for_all_that_is_no_file(&path.join(".new-0123456789abcdef"), |what| {
        create(&store, 1, &record([1], EXPIRY));
        let error = run(store.cleanup_expired(at(EXPIRY))).unwrap_err();
        let expected =
            "session backend holds damaged data: something that is not a file has the name of a temporary file";
        assert_eq!(error.to_string(), expected, "{what}");
        assert_eq!(run(store.all()), Ok(vec![]), "{what}: it removes the rest all the same");
    });
    assert_eq!(run(store.cleanup_expired(at(EXPIRY))), Ok(0));
}

#[cfg(unix)]
#[test]
fn a_lock_that_is_no_file_is_refused_and_nothing_is_made_elsewhere() {
    let parent = folder();
    let path = parent.path().join("sessions");
    let store = FileStore::open(&path).unwrap();
    create(&store, 1, &record([1], EXPIRY));
    fs::remove_file(path.join(".lock")).unwrap();
    for_all_that_is_no_file(&path.join(".lock"), |what| {
        let expected = "session backend is unavailable: something that is not a file has the name of the lock";
        assert_eq!(FileStore::open(&path).unwrap_err().to_string(), expected, "{what}");
        assert_eq!(run(store.delete(id(1))).unwrap_err().to_string(), expected, "{what}");
        assert!(!run(store.is_healthy()), "{what}");
    });
    assert!(run(FileStore::open(&path).unwrap().load(id(1))).unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn a_folder_that_everybody_can_write_to_is_refused_and_one_inside_it_is_made() {
    use std::os::unix::fs::PermissionsExt;
    let parent = folder();
    for (mode, is_refused) in
        [(0o700, false), (0o755, false), (0o775, false), (0o2775, false), (0o777, true), (0o1777, true), (0o702, true)]
    {
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(mode)).unwrap();
        let opened = FileStore::open(&parent);
        assert_eq!(opened.is_err(), is_refused, "{mode:o}");
        if let Err(error) = opened {
            assert_eq!(error.kind(), BackendErrorKind::Unsupported);
            assert!(error.to_string().contains(&format!("(mode {mode:04o})")), "{error}");
            assert!(!parent.path().join(".lock").exists(), "nothing is made there");
        }
        fs::remove_file(parent.path().join(".lock")).unwrap_or_default();
        FileStore::open(parent.path().join("inside")).unwrap();
    }
}
