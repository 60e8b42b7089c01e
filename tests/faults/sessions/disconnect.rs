//! A client goes away while its session is being saved, so that the server drops the future of the request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use sealed_session::{
    BackendError, BoxFuture, FailurePolicy, FileStore, Record, Save, SessionId, SessionStore, UnixTime,
};
use tokio::runtime::Runtime;

use crate::app;
use crate::connection::abandon;
use crate::ledger::{Promise, Run};
use crate::server::PATIENCE;
use crate::visitor::{Seen, Visitor};

const ROUNDS: u64 = 60;

#[test]
fn a_client_that_goes_away_in_a_commit_leaves_the_old_session_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let store = Arc::new(Slow::new(FileStore::open(&folder).unwrap()));
    let manager = crate::config().store(Arc::clone(&store)).build().unwrap();
    let port = app::start(&runtime, manager.clone(), 6_000);
    let run = Run::new(1);
    let promise = Promise { policy: FailurePolicy::Refuse, in_cookie: false, has_list: false, fails_over: false };
    let mut visitor = Visitor::new(0, &[port], promise, &run);
    visitor.log_in();
    let [mut done, mut undone, mut over] = [0; 3];
    for round in 0..ROUNDS {
        let path = ["add", "login/0", "add", "logout"][usize::try_from(round % 4).unwrap()];
        let counter = visitor.counter.unwrap();
        // Each step of the store takes 8 ms, so over the rounds the client goes away in every one of them.
        abandon(port, path, visitor.cookie(), Duration::from_millis(round * 13 % 45));
        store.rest();
        match (path, visitor.ask("read")) {
            ("add", Seen::Own(shown)) if shown == counter + 1 => {
                visitor.counter = Some(shown);
                done += 1;
            }
            (_, Seen::Own(shown)) => {
                assert_eq!(shown, counter, "{path}");
                undone += 1;
            }
            ("logout", Seen::Ended) => {
                over += 1;
                visitor.counter = None;
            }
            ("login/0", Seen::Ended) => {
                // The answer with the new cookie was lost. The old session may only have ended after the new one was
                // saved.
                over += 1;
                visitor.counter = None;
                let sessions = runtime.block_on(manager.all()).unwrap();
                assert!(
                    sessions.iter().any(|session| session.get("counter") == Ok(Some(0))),
                    "neither of two sessions"
                );
            }
            (_, seen) => panic!("{path}: {seen:?}"),
        }
        if visitor.counter.is_none() {
            runtime.block_on(manager.clear()).unwrap();
            visitor.log_in();
        }
        let counter = visitor.counter.unwrap();
        visitor.add(counter);
        assert_eq!(visitor.counter, Some(counter + 1));
    }
    let dropped = store.dropped.load(SeqCst);
    println!(
        "clients that went away in a commit: {ROUNDS}, of which {dropped} in a step of the store; {done} changes were done, \
         {undone} not, {over} sessions were over; 0 lost, 0 mixed"
    );
    assert!(dropped > ROUNDS / 4 && done > 0 && undone > 0 && over > 0);
}

/// A store that waits before and after each call, and counts the calls that were dropped before their end.
struct Slow {
    inner: FileStore,
    under_way: AtomicU64,
    begun: AtomicU64,
    dropped: AtomicU64,
}

impl Slow {
    fn new(inner: FileStore) -> Self {
        Self { inner, under_way: AtomicU64::new(0), begun: AtomicU64::new(0), dropped: AtomicU64::new(0) }
    }

    fn call<'a, T: Send + 'a>(&'a self, call: BoxFuture<'a, T>) -> BoxFuture<'a, T> {
        Box::pin(async move {
            let mut guard = Call::begin(self);
            tokio::time::sleep(DELAY).await;
            let answer = call.await;
            tokio::time::sleep(DELAY).await;
            guard.is_over = true;
            answer
        })
    }

    /// Waits until no call is under way, none has begun for a while, and no thread works on for a call that was
    /// dropped. A busy machine may hear late that a client went away.
    fn rest(&self) {
        let start = Instant::now();
        let mut begun = None;
        while self.under_way.load(SeqCst) > 0 || begun != Some(self.begun.load(SeqCst)) {
            assert!(start.elapsed() < PATIENCE);
            begun = Some(self.begun.load(SeqCst));
            thread::sleep(Duration::from_millis(80));
        }
    }
}

struct Call<'a> {
    store: &'a Slow,
    is_over: bool,
}

impl<'a> Call<'a> {
    fn begin(store: &'a Slow) -> Self {
        store.under_way.fetch_add(1, SeqCst);
        store.begun.fetch_add(1, SeqCst);
        Self { store, is_over: false }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.store.under_way.fetch_sub(1, SeqCst);
        self.store.dropped.fetch_add(u64::from(!self.is_over), SeqCst);
    }
}

impl SessionStore for Slow {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        self.call(self.inner.load(id))
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        self.call(self.inner.save(id, record, save))
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        self.call(self.inner.delete(id))
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        self.inner.cleanup_expired(now)
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        self.inner.is_healthy()
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        self.inner.all()
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        self.inner.clear()
    }
}

const DELAY: Duration = Duration::from_millis(4);
