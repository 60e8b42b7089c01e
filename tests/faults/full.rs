//! The stores, and a list of revocations, on a full disk.

use std::fs::{self, File};
use std::path::Path;

use sealed_session::{
    BackendError, BackendErrorKind, Mark, Revocations, Save, SessionId, SessionStore, SqliteRevocations, UnixTime,
};

use crate::small_disk::{self, fill};
use crate::stores::{KINDS, Kind, temporary_files};
use crate::{id, record, run};

const REFUSALS: u64 = 20;

#[test]
fn on_a_full_disk_nothing_acknowledged_is_lost_and_room_is_all_it_needs() {
    let Some(disk) = small_disk::folder() else { return };
    for kind in KINDS {
        for starts_anew in [false, true] {
            let folder = disk.join("store");
            fs::create_dir(&folder).unwrap();
            check(kind, &folder, &disk.join("ballast"), starts_anew);
            fs::remove_dir_all(folder).unwrap();
        }
    }
}

#[test]
fn on_a_full_disk_a_list_acknowledges_no_revocation_that_it_lost_and_is_not_healthy() {
    let Some(disk) = small_disk::folder() else { return };
    let folder = disk.join("list");
    fs::create_dir(&folder).unwrap();
    let (path, fill_path) = (folder.join("revocations.db"), folder.join("fill"));
    let list = SqliteRevocations::open(&path).unwrap();
    let put = |number| run(list.revoke(id(0, number), Mark::Ended, UnixTime::MAX));
    assert!(put(0).is_ok() && run(list.is_healthy()));
    fill(&fill_path);
    // So much room stays that some revocations are acknowledged, and soon none.
    let length = fs::metadata(&fill_path).unwrap().len();
    File::options().write(true).open(&fill_path).unwrap().set_len(length - 300_000).unwrap();
    let answers: Vec<_> = (1..2_000).map(put).collect();
    let acknowledged = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(answers.iter().flatten().all(|mark| *mark == Mark::Ended));
    let refusals = answers.into_iter().filter_map(kind_of).collect::<Vec<_>>();
    assert!(acknowledged > 0 && !refusals.is_empty(), "{acknowledged}");
    assert!(refusals.iter().all(|kind| *kind == BackendErrorKind::Full), "{refusals:?}");
    fill(&fill_path);
    assert!(!run(list.is_healthy()), "a logout could not be recorded now");

    drop(list);
    fs::remove_file(&fill_path).unwrap();
    let list = SqliteRevocations::open(&path).unwrap();
    let marks = (1..2_000).filter(|number| run(list.look(Some(id(0, *number)), None)).unwrap().mark.is_some());
    assert_eq!(marks.count(), acknowledged, "what was acknowledged stands, and nothing else");
    assert!(run(list.is_healthy()));
    drop(list);
    fs::remove_dir_all(folder).unwrap();
}

fn check(kind: Kind, folder: &Path, ballast: &Path, starts_anew: bool) {
    let store = kind.open(folder).unwrap();
    fs::write(ballast, vec![0; 4_000_000]).unwrap();
    let (mut kept, message) = save_until_refused(kind, &*store);
    assert_eq!(temporary_files(folder), 0, "what was not written leaves nothing behind");
    let written = kept.len();
    must_hold(&*store, &kept);

    fill(&folder.join("fill"));
    assert!(!run(store.is_healthy()), "{kind:?}: a full disk should show");
    let updated = id(0, 0);
    let replace = Save::Replace(record(1).tag());
    assert_eq!(kind_of(run(store.save(updated, &record(7), replace))), Some(BackendErrorKind::Full));
    must_hold(&*store, &kept);
    let (deleted, _) = *kept.last().unwrap();
    match kind_of(run(store.delete(deleted))) {
        None => drop(kept.pop()),
        Some(error) => assert_eq!(error, BackendErrorKind::Full),
    }
    let could_delete = kept.len() < written;
    must_hold(&*store, &kept);

    let store = if starts_anew {
        drop(store);
        match kind.open(folder) {
            Ok(store) => must_hold(&*store, &kept),
            Err(error) => assert_eq!(error.kind(), BackendErrorKind::Full, "{kind:?}: {error}"),
        }
        None
    } else {
        Some(store)
    };
    fs::remove_file(ballast).unwrap();
    fs::remove_file(folder.join("fill")).unwrap();
    let store = store.unwrap_or_else(|| kind.open(folder).unwrap());
    assert!(run(store.is_healthy()), "{kind:?}: there is room again");
    assert_eq!(run(store.save(updated, &record(7), replace)), Ok(true));
    kept.retain(|(id, _)| *id != updated);
    kept.push((updated, 7));
    must_hold(&*store, &kept);
    println!(
        "{kind:?}: full after {written} records, {REFUSALS} refused ({message}); could delete: {could_delete}; \
         nothing acknowledged lost, and it goes on with room{}",
        if starts_anew { ", after a new start" } else { "" }
    );
}

/// The id and the version of each record that the store acknowledged.
type Kept = Vec<(SessionId, u64)>;

fn save_until_refused(kind: Kind, store: &dyn SessionStore) -> (Kept, String) {
    let (mut kept, mut refused, mut message) = (Vec::new(), 0, String::new());
    for number in 0.. {
        let version = number + 1;
        match run(store.save(id(0, number), &record(version), Save::Create)) {
            Ok(is_written) => {
                assert!(is_written);
                kept.push((id(0, number), version));
            }
            Err(error) => {
                assert_eq!(error.kind(), BackendErrorKind::Full, "{kind:?}: {error}");
                assert_eq!(run(store.load(id(0, number))), Ok(None), "{kind:?}: refused, and there all the same");
                message = error.to_string();
                refused += 1;
            }
        }
        if refused == REFUSALS {
            break;
        }
    }
    (kept, message)
}

fn must_hold(store: &dyn SessionStore, kept: &Kept) {
    for (id, version) in kept {
        assert_eq!(run(store.load(*id)), Ok(Some(record(*version))));
    }
    assert_eq!(run(store.all()).unwrap().len(), kept.len());
}

fn kind_of<T>(answer: Result<T, BackendError>) -> Option<BackendErrorKind> {
    answer.err().map(|error| error.kind())
}
