//! `MemoryStore`: the suite that every store passes, and the rules that only this store has.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sealed_session::testing::{TestClock, check_store};
use sealed_session::{BackendErrorKind, MemoryStore, Record, Save, SessionStore};

use crate::helpers::{START, at};
use crate::{changes_by_threads, id, record, run};

/// The least number of saves between two searches of the store for expired records.
const SWEEP: u64 = 64;

fn store_and_clock() -> (MemoryStore, TestClock) {
    let clock = TestClock::fixed(at(START));
    (MemoryStore::new().clock(clock.clone()), clock)
}

fn save(store: &MemoryStore, number: u64, expires_at: u64, save: Save) -> Result<bool, BackendErrorKind> {
    run(store.save(id(number), &record([1], expires_at), save)).map_err(|error| error.kind())
}

/// Each record of these tests has the same byte.
fn replace() -> Save {
    Save::Replace(record([1], START).tag())
}

#[test]
fn it_passes_the_suite() {
    run(check_store(async || MemoryStore::new()));
}

#[test]
fn when_it_is_full_it_refuses_a_new_record_and_keeps_every_live_one() {
    let (store, _) = store_and_clock();
    let store = store.max_records(3);
    for number in 0..3 {
        assert_eq!(save(&store, number, START + 1, Save::Create), Ok(true));
    }
    assert_eq!(save(&store, 3, START + 1, Save::Create), Err(BackendErrorKind::Full));
    assert_eq!(save(&store, 0, START + 9, Save::Create), Ok(false), "it is there, so there is nothing to refuse");
    assert_eq!(save(&store, 0, START + 9, replace()), Ok(true), "another state takes no room");
    assert_eq!(save(&store, 3, START + 1, replace()), Ok(false));
    for number in 0..3 {
        assert!(run(store.load(id(number))).unwrap().is_some());
    }
    run(store.delete(id(1))).unwrap();
    assert_eq!(save(&store, 3, START + 1, Save::Create), Ok(true));
    assert_eq!((store.len(), store.is_empty()), (3, false));
    assert!(MemoryStore::new().is_empty());
}

/// Records of 16 bytes, which the manager puts in the place of the record of a session that ended.
fn tombstone() -> Record {
    record([0; 16], START + 1)
}

#[test]
fn when_it_is_full_a_session_that_takes_the_place_of_another_one_is_let_in() {
    let (store, clock) = store_and_clock();
    let store = store.max_records(2);
    let create = |old, new| {
        let created = run(store.create_in_place_of(id(old), id(new), &record([1], START + 9)));
        created.map_err(|error| error.kind())
    };
    for number in 0..2 {
        assert!(run(store.is_healthy()));
        assert_eq!(save(&store, number, START + 9, Save::Create), Ok(true));
    }
    assert!(!run(store.is_healthy()));
    assert_eq!(create(7, 8), Err(BackendErrorKind::Full), "there is no session in whose place it could be");
    assert_eq!(create(0, 1), Ok(false), "it is there");
    assert_eq!(create(0, 10), Ok(true));
    assert_eq!(run(store.save(id(0), &tombstone(), replace())), Ok(true));
    assert_eq!(create(0, 11), Err(BackendErrorKind::Full), "a tombstone has no place to give");
    assert_eq!(save(&store, 12, START + 9, Save::Create), Err(BackendErrorKind::Full));
    assert_eq!(create(1, 13), Ok(true));
    assert_eq!(create(10, 14), Err(BackendErrorKind::Full), "that is twice the maximum");
    assert_eq!(run(store.save(id(10), &tombstone(), replace())), Ok(true), "an end is recorded all the same");
    clock.set(at(START + 1));
    assert_eq!(create(1, 14), Ok(true), "the tombstones went with time");
    clock.set(at(START + 9));
    assert!(run(store.is_healthy()), "all has expired");
}

#[test]
fn tombstones_take_no_place_of_a_session_and_are_at_most_as_many() {
    let (store, _) = store_and_clock();
    let store = store.max_records(3);
    let bury = |number| run(store.save(id(number), &tombstone(), Save::Create)).map_err(|error| error.kind());
    for number in 0..3 {
        assert_eq!(bury(number), Ok(true));
        assert_eq!(save(&store, 10 + number, START + 9, Save::Create), Ok(true));
    }
    assert_eq!(bury(3), Err(BackendErrorKind::Full));
    for (number, is_healthy) in [(0, false), (10, true)] {
        run(store.delete(id(number))).unwrap();
        assert_eq!(run(store.is_healthy()), is_healthy);
    }
    run(store.clear()).unwrap();
    for number in 0..3 {
        assert_eq!(save(&store, number, START + 9, Save::Create), Ok(true), "no tombstone is counted that is gone");
    }
    assert_eq!(save(&store, 3, START + 9, Save::Create), Err(BackendErrorKind::Full));
}

#[test]
fn when_it_is_full_it_makes_room_by_what_has_expired_at_that_very_second() {
    let (store, clock) = store_and_clock();
    let store = store.max_records(2);
    for (number, expires_at) in [(0, START + 10), (1, START + 11)] {
        assert_eq!(save(&store, number, expires_at, Save::Create), Ok(true));
    }
    clock.set(at(START + 9));
    assert_eq!(save(&store, 2, START + 60, Save::Create), Err(BackendErrorKind::Full));
    clock.set(at(START + 10));
    assert_eq!(save(&store, 2, START + 60, Save::Create), Ok(true));
    assert_eq!(run(store.load(id(0))), Ok(None));
    assert!(run(store.load(id(1))).unwrap().is_some());
    assert_eq!(save(&store, 3, START + 60, Save::Create), Err(BackendErrorKind::Full));
}

#[test]
fn a_record_whose_expiry_was_moved_closer_makes_room_at_the_new_one() {
    let (store, clock) = store_and_clock();
    let store = store.max_records(1);
    assert_eq!(save(&store, 0, START + 60, Save::Create), Ok(true));
    assert_eq!(save(&store, 0, START + 10, replace()), Ok(true));
    clock.set(at(START + 10));
    assert_eq!(save(&store, 1, START + 60, Save::Create), Ok(true));
}

#[test]
fn a_maximum_of_none_refuses_all_and_the_default_is_100_000() {
    let store = MemoryStore::new().max_records(0);
    assert_eq!(save(&store, 0, START, Save::Create), Err(BackendErrorKind::Full));
    let (store, _) = store_and_clock();
    for number in 0..100_000 {
        assert_eq!(save(&store, number, START + 1, Save::Create), Ok(true));
    }
    let refused = run(store.save(id(100_000), &record([1], START + 1), Save::Create)).unwrap_err();
    assert_eq!(refused.to_string(), "session backend is full: it holds 100000 records, none of them expired");
}

#[test]
fn expired_records_go_by_themselves_when_others_are_saved() {
    let (store, clock) = store_and_clock();
    for number in 0..1_000 {
        assert_eq!(save(&store, number, START + 60, Save::Create), Ok(true));
    }
    clock.advance(Duration::from_secs(60));
    assert_eq!(store.len(), 1_000, "nobody saves, so nothing goes");
    for number in 0..1_000 + SWEEP {
        assert_eq!(save(&store, 1_000 + number, START + 120, Save::Create), Ok(true));
    }
    assert!(store.len() <= 1_000 + usize::try_from(SWEEP).unwrap(), "{} are left", store.len());
    assert_eq!(run(store.cleanup_expired(at(START + 60))), Ok(0), "all that had expired went by itself");
}

#[test]
fn sessions_that_are_short_and_many_take_no_more_than_twice_the_room_of_the_live_ones() {
    let (store, clock) = store_and_clock();
    let live = 1_000;
    let mut most = 0;
    for number in 0..20 * live {
        assert_eq!(save(&store, number, START + number + live, Save::Create), Ok(true));
        clock.advance(Duration::from_secs(1));
        most = most.max(store.len());
    }
    assert!((1_000..=2_100).contains(&most), "at most {most} were held, with {live} live at any time");
}

#[test]
fn threads_that_create_one_record_agree_who_did() {
    let (store, _) = store_and_clock();
    for round in 0..200 {
        let create = || run(store.save(id(round), &record([1], START + 1), Save::Create)).unwrap();
        let written = thread::scope(|scope| {
            let creators: Vec<_> = (0..4).map(|_| scope.spawn(create)).collect();
            creators.into_iter().map(|creator| usize::from(creator.join().unwrap())).sum::<usize>()
        });
        assert_eq!(written, 1);
    }
}

#[test]
fn threads_that_read_and_replace_lose_no_change() {
    let store = Arc::new(MemoryStore::new());
    assert_eq!(changes_by_threads(|| Arc::clone(&store), 1, 1_000), 4_000);
}

#[test]
fn what_it_deleted_is_nowhere_so_it_supports_revocation() {
    assert!(MemoryStore::new().supports_revocation());
}

#[test]
fn debug_shows_how_many_records_there_are_and_none_of_them() {
    let store = MemoryStore::default().max_records(5);
    assert_eq!(save(&store, 7, START, Save::Create), Ok(true));
    assert_eq!(format!("{store:?}"), "MemoryStore { len: 1, max_records: 5, .. }");
}

#[test]
fn tombstones_that_went_by_themselves_leave_no_room_for_more_sessions() {
    let (store, clock) = store_and_clock();
    let store = store.max_records(2);
    for number in [0, 1] {
        assert_eq!(save(&store, number, START + 10, Save::Create), Ok(true));
        let tombstone = Record::new(vec![0; 16], at(START + 10));
        assert_eq!(run(store.save(id(number), &tombstone, replace())), Ok(true));
    }
    clock.set(at(START + 10));
    assert_eq!(run(store.cleanup_expired(at(START + 10))), Ok(2));
    assert_eq!([2, 3].map(|number| save(&store, number, START + 60, Save::Create)), [Ok(true); 2]);
    assert_eq!(save(&store, 4, START + 60, Save::Create), Err(BackendErrorKind::Full));
}

#[test]
fn a_session_that_takes_the_place_of_a_tombstone_counts_as_a_session() {
    let (store, _) = store_and_clock();
    let store = store.max_records(1);
    let tombstone = Record::new(vec![0; 16], at(START + 60));
    assert_eq!(save(&store, 0, START + 60, Save::Create), Ok(true));
    assert_eq!(run(store.save(id(0), &tombstone, replace())), Ok(true));
    assert_eq!(save(&store, 0, START + 60, Save::Replace(tombstone.tag())), Ok(true));
    assert_eq!(save(&store, 1, START + 60, Save::Create), Err(BackendErrorKind::Full));
}
