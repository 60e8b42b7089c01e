//! The server crashes and comes back while requests are at work.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sealed_session::{BackendErrorKind, Save, SessionId, SessionStore};
use sealed_session_postgres::PgStore;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::server::PATIENCE;
use crate::{FAR, id, record, server};

const TASKS: u64 = 16;
/// The time limit of an answer, which a machine under load may miss: an error is allowed at any time.
const LIMIT: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Progress {
    acknowledged: [AtomicU64; TASKS as usize],
    errors: AtomicU64,
    is_over: AtomicBool,
}

/// The record that must be found under an id.
#[derive(Debug, PartialEq)]
enum Expected {
    /// A record no older than the one that was acknowledged, no newer than the one that was tried.
    From(u64, u64),
    Nothing,
    /// An error left open whether the write was done.
    Either,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_crash_is_there_after_it() {
    let Some((server, control)) = server::alone().await else { return };
    let patient = server.store("outage").await;
    let store = patient.clone().timeout(LIMIT);
    let progress = Arc::new(Progress::default());
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        assert!(patient.save(id(task), &numbered(0), Save::Create).await.unwrap());
        tasks.spawn(work(store.clone(), task, Arc::clone(&progress)));
    }
    let all_go_on = async || {
        let begin: Vec<u64> = progress.acknowledged.iter().map(|count| count.load(Ordering::SeqCst)).collect();
        let has_gone_on =
            || progress.acknowledged.iter().zip(&begin).all(|(now, begin)| now.load(Ordering::SeqCst) > begin + 3);
        until(has_gone_on).await;
    };
    all_go_on().await;
    for _ in 0..2 {
        let errors = progress.errors.load(Ordering::SeqCst);
        run(&control, "stop -m immediate").await;
        until(|| progress.errors.load(Ordering::SeqCst) >= errors + 2 * TASKS).await;
        assert!(!store.is_healthy().await);
        run(&control, "start").await;
        all_go_on().await;
    }
    progress.is_over.store(true, Ordering::SeqCst);
    let expected: HashMap<SessionId, Expected> = tasks.join_all().await.into_iter().flatten().collect();
    assert!(expected.values().filter(|it| **it == Expected::Nothing).count() > 20);
    for (id, expected) in expected {
        let found =
            patient.load(id).await.unwrap().map(|record| u64::from_be_bytes(*record.bytes().first_chunk().unwrap()));
        let is_as_expected = match (&expected, found) {
            (Expected::From(acknowledged, tried), Some(found)) => (acknowledged..=tried).contains(&&found),
            (Expected::Nothing, found) => found.is_none(),
            (Expected::Either, _) => true,
            (_, None) => false,
        };
        assert!(is_as_expected, "{expected:?}, found {found:?}");
    }
}

/// Asks for one session that changes with every request, and for each request another one that begins. Every second one
/// of these is deleted again.
async fn work(store: PgStore, task: u64, progress: Arc<Progress>) -> HashMap<SessionId, Expected> {
    let (kept, mut others) = (id(task), HashMap::new());
    let (mut acknowledged, mut tried) = (0, 0);
    while !progress.is_over.load(Ordering::SeqCst) {
        tried += 1;
        // A write that was not answered may have been done, even after this load.
        let found = answered(&progress, store.load(kept)).await.map(|found| found.unwrap().tag());
        if let Some(tag) = found
            && answered(&progress, store.save(kept, &numbered(tried), Save::Replace(tag))).await == Some(true)
        {
            acknowledged = tried;
            progress.acknowledged[task as usize].fetch_add(1, Ordering::SeqCst);
        }
        let other = id(tried * TASKS + task);
        let created = answered(&progress, store.save(other, &numbered(tried), Save::Create)).await;
        let is_deleted = tried % 2 == 0 && answered(&progress, store.delete(other)).await.is_some();
        let expected = match (created, tried % 2 == 0) {
            (_, true) if is_deleted => Expected::Nothing,
            (Some(is_created), false) => {
                assert!(is_created);
                Expected::From(tried, tried)
            }
            _ => Expected::Either,
        };
        others.insert(other, expected);
    }
    others.insert(kept, Expected::From(acknowledged, tried));
    others
}

/// Returns the answer; `None` for an error, which must be of the right kind.
async fn answered<T>(
    progress: &Progress,
    call: impl Future<Output = Result<T, sealed_session::BackendError>>,
) -> Option<T> {
    call.await
        .inspect_err(|error| {
            assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{error}");
            progress.errors.fetch_add(1, Ordering::SeqCst);
        })
        .ok()
}

/// 10 KB that begin with a number.
fn numbered(number: u64) -> sealed_session::Record {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.resize(10_000, 0xa5);
    record(bytes, FAR)
}

async fn run(control: &str, what: &str) {
    let mut words = control.split(' ').chain(what.split(' '));
    let mut command = Command::new(words.next().unwrap());
    // The server keeps what its starter had open.
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().await.unwrap().success(), "{control} {what}");
}

async fn until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("the tasks go on");
}
