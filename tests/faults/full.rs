//! The stores on a full disk.

use std::fs;
use std::path::Path;

use sealed_session::{BackendError, BackendErrorKind, Save, SessionId, SessionStore};

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
