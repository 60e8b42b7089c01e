//! The stores of this crate pass the suite of `testing::check_store`, and keep what their own pages promise beyond it.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[cfg(feature = "file")]
mod file;
#[path = "../helpers/mod.rs"]
mod helpers;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(any(feature = "file", feature = "sqlite"))]
use std::thread;

// The stores in memory and on disk need no async runtime.
use futures_lite::future::block_on as run;
use sealed_session::{Record, SessionId};
#[cfg(any(feature = "file", feature = "sqlite"))]
use sealed_session::{Save, SessionStore};

use crate::helpers::at;

fn id(number: u64) -> SessionId {
    SessionId::from_bytes((u128::from(number) << 64 | u128::from(number)).to_be_bytes())
}

fn record(bytes: impl Into<Vec<u8>>, expires_at: u64) -> Record {
    Record::new(bytes.into(), at(expires_at))
}

/// Four threads, each with a store of its own, create one record at the same time. The result is how many of them were told
/// that they created it.
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

/// One thread deletes a record while three others update it. The result is whether the record is there in the end.
#[cfg(any(feature = "file", feature = "sqlite"))]
fn is_revived_by_threads<S: SessionStore>(open: impl Fn() -> S + Sync, number: u64) -> bool {
    let update = || {
        let store = open();
        while run(store.save(id(number), &record([1; 1000], 4_000_000_000), Save::Update)).unwrap() {}
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
