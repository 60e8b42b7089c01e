//! The connections of a pool: how many there may be, which ones a failure closes, and that none is left behind.

use std::net::TcpListener;
use std::sync::{Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use sealed_session::{
    BackendErrorKind, Record, RedisPool, RedisRevocations, RedisStore, Revocations, Save, SessionStore, UnixTime,
};
use tokio::runtime::{Builder, Handle};

use crate::helpers::new_id;
use crate::patient;
use crate::scripted::{Scripted, primary, texts, until};

/// A server that has no record, and takes everything.
fn willing() -> Scripted {
    Scripted::start(|command| Some(plain(command)))
}

fn plain(command: &[String]) -> String {
    match command[0].as_str() {
        "ROLE" => texts(&["master"]),
        "GET" => "$-1\r\n".to_owned(),
        "DEL" | "EVAL" => ":0\r\n".to_owned(),
        _ => "+OK\r\n".to_owned(),
    }
}

/// A pool whose URL is of this kind, and in which this server has all keys.
fn pool(kind: &str, server: &Scripted) -> RedisPool {
    match kind {
        "one" => server.pool(),
        "cluster" => server.cluster(),
        _ => {
            let port = server.port;
            let sentinel = Scripted::start(move |_| Some(primary(port)));
            patient(&format!("redis-sentinel://127.0.0.1:{}/shop", sentinel.port))
        }
    }
}

const KINDS: [&str; 3] = ["one", "cluster", "sentinel"];

fn record() -> Record {
    Record::new(vec![7], UnixTime::MAX)
}

#[tokio::test]
async fn the_keys_of_a_pool_begin_with_its_prefix() {
    for (prefix, expected) in [(None, "sealed_session:session:"), (Some("shop:"), "shop:session:")] {
        let server = Scripted::start(move |command| {
            Some(if command[1].starts_with(expected) { "$-1\r\n" } else { "-ERR another key\r\n" }.to_owned())
        });
        let pool = prefix.map_or_else(|| server.pool(), |prefix| server.pool().prefix(prefix));
        assert_eq!(RedisStore::new(&pool).load(new_id()).await, Ok(None));
    }
}

#[tokio::test]
async fn a_pool_may_get_more_connections_to_every_server_it_knows_or_meets_later() {
    const MAX: usize = 20;
    for is_known in [true, false] {
        for kind in KINDS {
            // No deletion is answered before all of them are there, each over a connection of its own.
            let all = Barrier::new(MAX);
            let server = Scripted::start(move |command| {
                if command[0] == "DEL" {
                    all.wait();
                }
                Some(plain(command))
            });
            let pool = pool(kind, &server);
            if is_known {
                assert_eq!(RedisStore::new(&pool).load(new_id()).await, Ok(None));
            }
            let store = RedisStore::new(&pool.max_connections(MAX));
            let deletions = (0..MAX).map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.delete(new_id()).await })
            });
            for deletion in deletions.collect::<Vec<_>>() {
                assert_eq!(deletion.await.unwrap(), Ok(()), "{kind}, known: {is_known}");
            }
            assert_eq!(server.connections("DEL").len(), MAX);
        }
    }
}

#[tokio::test]
async fn any_number_of_connections_may_be_named() {
    for max in [0, usize::MAX] {
        for kind in KINDS {
            let server = willing();
            let pool = pool(kind, &server);
            assert_eq!(RedisStore::new(&pool).delete(new_id()).await, Ok(()));
            let pool = pool.max_connections(max);
            assert_eq!(RedisStore::new(&pool).delete(new_id()).await, Ok(()), "{kind}, {max}");
        }
    }
}

#[tokio::test]
async fn questions_one_after_another_go_over_the_same_connections() {
    for kind in KINDS {
        let server = willing();
        let store = RedisStore::new(&pool(kind, &server));
        for _ in 0..3 {
            assert_eq!(store.delete(new_id()).await, Ok(()));
            assert_eq!(store.load(new_id()).await, Ok(None));
        }
        let own_and_shared = (server.connections("DEL").len(), server.connections("GET").len());
        assert_eq!(own_and_shared, (1, 1), "{kind}");
    }
}

#[tokio::test]
async fn a_connection_that_was_used_within_a_second_gets_no_ping() {
    let server = willing();
    let store = RedisStore::new(&server.pool());
    loop {
        let (start, before) = (Instant::now(), server.count("PING"));
        for _ in 0..3 {
            assert_eq!(store.delete(new_id()).await, Ok(()));
        }
        let pings = server.count("PING") - before;
        // On a busy machine a second may pass between two of them.
        if start.elapsed() < Duration::from_secs(1) {
            assert!(pings <= 1, "only the first of them may come after a second");
            return;
        }
    }
}

#[test]
fn connections_of_a_runtime_that_ended_are_not_used() {
    let server = willing();
    let store = RedisStore::new(&server.pool());
    for number in 1..=3 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            assert_eq!(store.delete(new_id()).await, Ok(()));
            assert_eq!(store.load(new_id()).await, Ok(None));
        });
        assert_eq!((server.connections("DEL").len(), server.connections("GET").len()), (number, number));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_takes_along_those_that_rest() {
    let store = |server: &Scripted| RedisStore::new(&server.pool());
    // A write breaks, beside a connection for reads.
    let server = Scripted::start(|command| (command[0] != "SET").then(|| plain(command)));
    let writes = store(&server);
    assert_eq!(writes.load(new_id()).await, Ok(None));
    let error = writes.save(new_id(), &record(), Save::Create).await.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unavailable);
    assert_eq!(writes.delete(new_id()).await, Ok(()));
    assert_eq!(writes.load(new_id()).await, Ok(None));
    assert_eq!(server.connections("GET").len(), 2);
    // A read breaks, beside a connection for writes.
    let server = Scripted::start_numbered(|number, command| (number != 1).then(|| plain(command)));
    let reads = store(&server);
    assert_eq!(reads.delete(new_id()).await, Ok(()));
    assert_eq!(reads.load(new_id()).await, Ok(None));
    assert_eq!(server.connections("GET").len(), 2, "it was sent once more");
    assert_eq!(reads.delete(new_id()).await, Ok(()));
    assert_eq!(server.connections("DEL").len(), 2);
}

#[tokio::test]
async fn reads_whose_connection_breaks_share_the_next_one() {
    const READS: usize = 10;
    let met = Mutex::new(0);
    let server = Scripted::start_numbered(move |number, command| {
        if number > 0 {
            return Some(plain(command));
        }
        // The first connection gets all reads, and then breaks.
        let mut met = met.lock().unwrap();
        *met += 1;
        (*met < READS).then(String::new)
    });
    let store = RedisStore::new(&server.pool());
    let reads = (0..READS).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.load(new_id()).await })
    });
    for read in reads.collect::<Vec<_>>() {
        assert_eq!(read.await.unwrap(), Ok(None));
    }
    assert_eq!(server.connections("GET").len(), 2);
}

#[tokio::test]
async fn a_pool_leaves_no_task_and_no_connection_behind() {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let (server, before) = (willing(), tasks());
    let store = RedisStore::new(&server.pool());
    assert_eq!(store.delete(new_id()).await, Ok(()));
    assert_eq!(store.load(new_id()).await, Ok(None));
    assert!(tasks() > before && server.open() == 2);
    drop(store);
    until("all is as it was", || tasks() == before && server.open() == 0).await;
}

#[tokio::test]
async fn a_write_that_can_not_connect_says_why_as_a_read_does() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let store = RedisStore::new(&patient(&format!("redis://127.0.0.1:{port}")));
    let error = store.load(new_id()).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    assert_eq!(store.delete(new_id()).await.unwrap_err().to_string(), error.to_string());
}

#[test]
fn outside_of_a_runtime_every_question_is_unavailable_and_none_panics() {
    let mut context = Context::from_waker(Waker::noop());
    for url in ["redis://127.0.0.1:1", "redis-cluster://127.0.0.1:1", "redis-sentinel://127.0.0.1:1/shop"] {
        let pool = RedisPool::open(url).unwrap();
        let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
        let id = new_id();
        let Poll::Ready(Err(load)) = store.load(id).as_mut().poll(&mut context) else { panic!("{url}") };
        let Poll::Ready(Err(delete)) = store.delete(id).as_mut().poll(&mut context) else { panic!("{url}") };
        let Poll::Ready(Err(all)) = store.all().as_mut().poll(&mut context) else { panic!("{url}") };
        let Poll::Ready(Err(clear)) = store.clear().as_mut().poll(&mut context) else { panic!("{url}") };
        let Poll::Ready(Err(look)) = list.look(Some(id), None).as_mut().poll(&mut context) else { panic!("{url}") };
        for error in [load, delete, all, clear, look] {
            assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{url}");
            assert!(error.to_string().ends_with("it was asked outside of a tokio runtime"), "{url}: {error}");
        }
        for mut health in [store.is_healthy(), list.is_healthy()] {
            assert_eq!(health.as_mut().poll(&mut context), Poll::Ready(false), "{url}");
        }
    }
}
