//! The answers of Sentinels: how long a pool goes by one, and when it asks again. The answers are scripted, and the
//! clock stands still if it matters.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sealed_session::{BackendErrorKind, Record, RedisStore, Save, SessionStore, UnixTime};
use tokio::time::advance;

use crate::helpers::new_id;
use crate::patient;
use crate::scripted::{self, Scripted, StillClock, texts, until};
use crate::server::PATIENCE;

/// A Sentinel, and the server that it names.
struct Sentinel {
    server: Scripted,
    names: Arc<AtomicU16>,
    hangs: Arc<AtomicBool>,
    /// It lets one answer go on after `hangs` was set.
    go: Sender<()>,
}

impl Sentinel {
    fn naming(primary: &Scripted) -> Self {
        let names = Arc::new(AtomicU16::new(primary.port));
        let (hangs, (go, may_go)) = (Arc::new(AtomicBool::new(false)), channel());
        let (port, is_halted, may_go) = (Arc::clone(&names), Arc::clone(&hangs), Mutex::new(may_go));
        let server = Scripted::start(move |_| {
            if is_halted.load(Ordering::SeqCst) {
                // After this time a test has failed.
                let _ = may_go.lock().unwrap().recv_timeout(PATIENCE);
            }
            Some(scripted::primary(port.load(Ordering::SeqCst)))
        });
        Self { server, names, hangs, go }
    }

    fn name(&self, primary: &Scripted) {
        self.names.store(primary.port, Ordering::SeqCst);
    }

    /// The number of times that it was asked.
    fn asked(&self) -> usize {
        self.server.count("SENTINEL")
    }

    fn store(&self) -> RedisStore {
        RedisStore::new(&patient(&format!("redis-sentinel://127.0.0.1:{}/shop", self.server.port)))
    }
}

/// A primary without records, which answers a SET as the test says.
fn primary(set: impl Fn() -> Option<&'static str> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |command| match command[0].as_str() {
        "ROLE" => Some(texts(&["master"])),
        "SET" => set().map(str::to_owned),
        _ => Some("$-1\r\n".to_owned()),
    })
}

fn willing() -> Scripted {
    primary(|| Some("+OK\r\n"))
}

/// Loads a record that is not there, so many times.
async fn load(store: &RedisStore, times: usize) {
    for _ in 0..times {
        assert_eq!(store.load(new_id()).await, Ok(None));
    }
}

async fn save(store: &RedisStore) -> Result<bool, BackendErrorKind> {
    let saved = store.save(new_id(), &Record::new(vec![7], UnixTime::MAX), Save::Create).await;
    saved.map_err(|error| error.kind())
}

/// A store that has loaded from the server `before`, in whose place the Sentinel names `after` from now on.
async fn failed_over() -> (Scripted, Scripted, Sentinel, RedisStore) {
    let [before, after] = [(); 2].map(|()| willing());
    let sentinel = Sentinel::naming(&before);
    let store = sentinel.store();
    load(&store, 1).await;
    sentinel.name(&after);
    (before, after, sentinel, store)
}

const SECOND: Duration = Duration::from_secs(1);
const ALMOST_ONE: Duration = Duration::from_millis(999);
const ALMOST_THREE: Duration = Duration::from_millis(2999);

#[tokio::test(start_paused = true)]
async fn what_the_sentinels_said_is_not_asked_again_within_a_second() {
    let _clock = StillClock::hold();
    let (before, after, sentinel, store) = failed_over().await;
    advance(ALMOST_ONE).await;
    load(&store, 20).await;
    assert_eq!((before.count("GET"), after.count("GET"), sentinel.asked()), (21, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn after_a_second_the_sentinels_are_asked_once_beside_the_questions_that_go_on() {
    for age in [SECOND, ALMOST_THREE] {
        let _clock = StillClock::hold();
        let (before, after, sentinel, store) = failed_over().await;
        sentinel.hangs.store(true, Ordering::SeqCst);
        advance(age).await;
        load(&store, 1).await;
        until("the Sentinel is asked", || sentinel.asked() == 2).await;
        load(&store, 20).await;
        assert_eq!((before.count("GET"), after.count("GET"), sentinel.asked()), (22, 0, 2), "{age:?}");
        sentinel.go.send(()).unwrap();
        let start = Instant::now();
        while after.count("GET") == 0 {
            assert!(start.elapsed() < PATIENCE, "the answer of the Sentinel is not heard");
            load(&store, 1).await;
        }
        assert_eq!(sentinel.asked(), 2);
        until("the old primary is left", || before.open() == 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_three_seconds_a_question_waits_for_the_sentinels() {
    let _clock = StillClock::hold();
    let (before, after, sentinel, store) = failed_over().await;
    advance(3 * SECOND).await;
    load(&store, 1).await;
    assert_eq!((before.count("GET"), after.count("GET"), sentinel.asked()), (1, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn of_many_questions_that_wait_for_the_sentinels_one_asks() {
    let _clock = StillClock::hold();
    let primary = willing();
    let sentinel = Sentinel::naming(&primary);
    sentinel.hangs.store(true, Ordering::SeqCst);
    let store = sentinel.store();
    let mut loads: Vec<_> = (0..20).map(|_| store.load(new_id())).collect();
    for load in &mut loads {
        assert!(futures_lite::future::poll_once(load).await.is_none(), "no primary is known");
    }
    sentinel.hangs.store(false, Ordering::SeqCst);
    sentinel.go.send(()).unwrap();
    for load in loads {
        assert_eq!(load.await, Ok(None));
    }
    assert_eq!(sentinel.asked(), 1);
}

/// A Sentinel names a replica as soon as it has chosen it, and the replica may take a while until it is the primary.
#[tokio::test]
async fn a_server_that_is_no_primary_yet_is_asked_nothing() {
    let server = Scripted::start_numbered(|number, command| match command[0].as_str() {
        "ROLE" => Some(texts(&[if number < 2 { "slave" } else { "master" }])),
        _ => Some("+OK\r\n".to_owned()),
    });
    let store = Sentinel::naming(&server).store();
    assert_eq!(save(&store).await, Ok(true));
    assert_eq!((server.count("ROLE"), server.count("SET")), (3, 1));
}

#[tokio::test]
async fn a_write_that_the_old_primary_refuses_goes_to_the_one_that_the_sentinels_name_then() {
    let is_over = Arc::new(AtomicBool::new(false));
    let tells = Arc::clone(&is_over);
    let before = primary(move || {
        tells.store(true, Ordering::SeqCst);
        Some("-READONLY no\r\n")
    });
    let after = willing();
    let ports = [before.port, after.port];
    let sentinel =
        Scripted::start(move |_| Some(scripted::primary(ports[usize::from(is_over.load(Ordering::SeqCst))])));
    let store = RedisStore::new(&patient(&format!("redis-sentinel://127.0.0.1:{}/shop", sentinel.port)));
    assert_eq!(save(&store).await, Ok(true));
    assert_eq!((before.count("SET"), after.count("SET")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn after_an_answer_that_was_lost_the_sentinels_are_asked_before_the_next_question() {
    let _clock = StillClock::hold();
    let (before, after) = (primary(|| None), willing());
    let sentinel = Sentinel::naming(&before);
    let store = sentinel.store();
    load(&store, 1).await;
    sentinel.name(&after);
    assert_eq!(save(&store).await, Err(BackendErrorKind::Unavailable));
    assert_eq!(save(&store).await, Ok(true));
    assert_eq!((before.count("SET"), after.count("SET"), sentinel.asked()), (1, 1, 2));
}

/// The Sentinel that leads a failover counts it as soon as the replica is the primary, and goes on to name the old one
/// until the other replicas follow: for a second or more, in Redis 7.0.15.
#[tokio::test]
async fn the_sentinel_that_leads_a_failover_is_believed_less_than_the_others() {
    let [one, other] = [(); 2].map(|()| willing());
    for (before, after) in [(&one, &other), (&other, &one)] {
        let (old, new) = (before.port.to_string(), after.port.to_string());
        let facts =
            |port: &str, flags: &str| texts(&["ip", "127.0.0.1", "port", port, "flags", flags, "config-epoch", "1"]);
        let [leads, follows] = [facts(&old, "o_down,master,failover_in_progress"), facts(&new, "master,disconnected")]
            .map(|answer| Scripted::start(move |_| Some(answer.clone())));
        let url = format!("redis-sentinel://127.0.0.1:{},127.0.0.1:{}/shop", leads.port, follows.port);
        let asked = (before.count("GET"), after.count("GET"));
        load(&RedisStore::new(&patient(&url)), 1).await;
        assert_eq!((before.count("GET"), after.count("GET")), (asked.0, asked.1 + 1));
    }
}
