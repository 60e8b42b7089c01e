//! The stores of this crate pass the suite of `testing::check_store`, and keep what their own pages promise beyond it.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails is a test that fails, and it counts"
)]

#[cfg(any(all(feature = "file", not(windows)), feature = "sqlite"))]
mod damaged;
#[cfg(all(feature = "file", not(windows)))]
mod file;
#[path = "../helpers/mod.rs"]
mod helpers;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::thread;

// The stores in memory and on disk need no async runtime.
use futures_lite::future::block_on as run;
use sealed_session::{Record, Save, SessionId, SessionStore};

use crate::helpers::at;

fn id(number: u64) -> SessionId {
    SessionId::from_bytes((u128::from(number) << 64 | u128::from(number)).to_be_bytes())
}

fn record(bytes: impl Into<Vec<u8>>, expires_at: u64) -> Record {
    Record::new(bytes.into(), at(expires_at))
}

/// Four threads, each with a store of its own, create one record at the same time. The result is how many of them were
/// told that they created it.
#[cfg(any(feature = "file", feature = "sqlite"))]
fn threads_that_created<S: SessionStore>(open: impl Fn() -> S + Sync, number: u64) -> usize {
    let create =
        |thread: u8| run(open().save(id(number), &record([thread; 1000], 4_000_000_000), Save::Create)).unwrap();
    let create = &create;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || create(thread))).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    })
}

/// Returns how many of the changes of four threads are in a record in the end. Each thread makes `changes` of them, by
/// reading the record and replacing it.
fn changes_by_threads<S: SessionStore>(open: impl Fn() -> S + Sync, number: u64, changes: u64) -> u64 {
    // A counter, and a thread's own number, so that no two states have one tag.
    let state = |count: u64, thread: u64| record([count.to_be_bytes(), thread.to_be_bytes()].concat(), 4_000_000_000);
    let count = |found: &Record| u64::from_be_bytes(*found.bytes().first_chunk().unwrap());
    assert!(run(open().save(id(number), &state(0, 0), Save::Create)).unwrap());
    let change = |thread| {
        let store = open();
        for _ in 0..changes {
            loop {
                let found = run(store.load(id(number))).unwrap().unwrap();
                let next = state(count(&found) + 1, thread);
                if run(store.save(id(number), &next, Save::Replace(found.tag()))).unwrap() {
                    break;
                }
            }
        }
    };
    let change = &change;
    thread::scope(|scope| {
        for thread in 1..=4 {
            scope.spawn(move || change(thread));
        }
    });
    count(&run(open().load(id(number))).unwrap().unwrap())
}

/// Returns true when a record that one thread deletes, while three others update it, is there in the end.
#[cfg(any(feature = "file", feature = "sqlite"))]
fn is_revived_by_threads<S: SessionStore>(open: impl Fn() -> S + Sync, number: u64) -> bool {
    let update = || {
        let store = open();
        while let Some(found) = run(store.load(id(number))).unwrap() {
            let next = record([found.bytes().first().unwrap().wrapping_add(1); 1000], 4_000_000_000);
            run(store.save(id(number), &next, Save::Replace(found.tag()))).unwrap();
        }
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(update);
        }
        thread::yield_now();
        run(open().delete(id(number))).unwrap();
    });
    run(open().load(id(number))).unwrap().is_some()
}

/// A `FileStore` would lose saves there.
#[cfg(all(feature = "file", windows))]
#[test]
fn on_windows_a_file_store_says_at_once_that_it_is_not_for_windows() {
    let folder = tempfile::tempdir().unwrap();
    let error = sealed_session::FileStore::open(folder.path().join("sessions")).unwrap_err();
    assert_eq!(error.kind(), sealed_session::BackendErrorKind::Unsupported);
    assert!(error.to_string().contains("on Windows; take a SqliteStore there"), "{error}");
    assert!(!folder.path().join("sessions").exists(), "nothing is made");
}
