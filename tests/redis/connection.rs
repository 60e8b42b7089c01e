//! The connections to Redis. They are made when they are first needed, are made again when they break, and never keep a
//! caller for longer than the time limit.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use sealed_session::{
    BackendError, BackendErrorKind, Generation, Mark, Only, ProblemKind, Record, RedisPool, RedisRevocations,
    RedisStore, Revocations, Save, SessionStore, UnixTime,
};

use crate::helpers::new_id;
use crate::server::{PATIENCE, Server, address};
use crate::{patient, pool, raw};

const LIMIT: Duration = Duration::from_millis(600);

#[test]
fn an_address_is_checked_at_once_and_never_shown() {
    for url in [
        "",
        "redis",
        "redis://",
        "ftp://h",
        "redis://:hunter2@h:99999",
        "redis://:hunter2@h/x",
        "redis://:hunter2@h,i",
        "redis://:hunter2@h?protocol=4",
        "redis://:hunter2@h?ssl_cert_reqs=none",
        // A fragment is a switch of the client below, which turns verification off.
        "redis://:hunter2@h/#insecure",
        "rediss://:hunter2@h/#insecure",
        "rediss://:hunter2@h#insecure",
        "rediss://:hunter2@h/0#",
        // The parser below drops tabs and line ends, and so would read other schemes than stand here.
        "redi\tss://:hunter2@h",
        "rediss\n://:hunter2@h",
        " rediss://:hunter2@h",
    ] {
        let error = RedisStore::open(url).unwrap_err();
        assert!(matches!(error.problems()[0].kind(), ProblemKind::Invalid { .. }), "{url}");
        assert!(!error.to_string().contains("hunter2"));
        assert_eq!(RedisRevocations::open(url).unwrap_err(), error);
    }
    let store = RedisStore::open("redis://ada:hunter2@127.0.0.1:1/0").unwrap();
    assert!(!format!("{store:?}").contains("hunter2"));
}

#[tokio::test]
async fn without_a_redis_everything_is_unavailable_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for url in [format!("redis://127.0.0.1:{port}"), "unix:///nowhere/redis.sock".to_owned()] {
        all_unavailable(&RedisPool::open(&url).unwrap(), Duration::ZERO).await;
    }
}

#[tokio::test]
async fn what_accepts_and_never_answers_is_unavailable_after_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    all_unavailable(&RedisPool::open(&url).unwrap().timeout(LIMIT), LIMIT).await;
}

#[tokio::test]
async fn connecting_and_the_answer_share_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        thread::sleep(2 * LIMIT);
        // The client gets answers to the two commands with which it begins, and then no more.
        stream.write_all(b"+OK\r\n+OK\r\n").unwrap();
        stream.read_to_end(&mut Vec::new())
    });
    let limit = 2 * LIMIT + LIMIT / 3;
    let store = RedisStore::new(&RedisPool::open(&url).unwrap().timeout(limit));
    let error = timed(limit, store.load(new_id())).await.unwrap_err();
    assert_eq!(error.to_string(), "session backend is unavailable: no answer in time");
}

#[test]
fn outside_of_a_runtime_it_is_unavailable_and_does_not_panic() {
    let store = RedisStore::open("redis://127.0.0.1:1").unwrap();
    let mut load = store.load(new_id());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = load.as_mut().poll(&mut context) else { panic!("no error") };
    assert_eq!(error.to_string(), "session backend is unavailable: it was asked outside of a tokio runtime");
}

#[test]
fn a_pool_outlives_the_runtimes_that_it_connected_in() {
    let Some(pool) = pool("runtimes") else { return };
    let (store, id) = (RedisStore::new(&pool), new_id());
    for n in 0..20 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let record = |n| Record::new(vec![n], UnixTime::MAX);
            let save = if n == 0 { Save::Create } else { Save::Replace(record(n - 1).tag()) };
            assert!(store.save(id, &record(n), save).await.unwrap());
            assert_eq!(store.load(id).await, Ok(Some(record(n))));
        });
    }
}

#[tokio::test]
async fn a_connection_that_broke_while_it_rested_costs_no_request() {
    let Some(_) = address() else { return };
    let mut server = Server::start(&[]);
    let (store, id) = (RedisStore::new(&patient(&server.address())), new_id());
    assert!(store.save(id, &Record::new(vec![7], UnixTime::MAX), Save::Create).await.unwrap());
    server.kill();
    server.restart();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(store.load(id).await.unwrap().is_some());
}

#[tokio::test]
async fn connections_that_broke_in_use_cost_one_write() {
    let Some(_) = address() else { return };
    let mut server = Server::start(&[]);
    let store = RedisStore::new(&patient(&server.address()));
    // The writes at once use all the connections that the pool may have.
    at_once(16, &store, |store| async move { store.delete(new_id()).await }).await;
    server.kill();
    server.restart();
    assert_eq!(store.delete(new_id()).await.unwrap_err().kind(), BackendErrorKind::Unavailable);
    for _ in 0..16 {
        assert_eq!(store.delete(new_id()).await, Ok(()));
    }
}

#[tokio::test]
async fn a_connection_that_broke_in_use_costs_no_read() {
    let Some(_) = address() else { return };
    let mut server = Server::start(&[]);
    let store = RedisStore::new(&patient(&server.address()));
    assert_eq!(store.load(new_id()).await, Ok(None));
    server.kill();
    server.restart();
    assert_eq!(store.load(new_id()).await, Ok(None));
}

#[tokio::test]
async fn a_redis_that_hangs_is_unavailable_after_the_time_limit_and_is_back_by_itself() {
    let Some(_) = address() else { return };
    let server = Server::start(&[]);
    let pool = patient(&server.address());
    let (patient_store, list, id) = (RedisStore::new(&pool), RedisRevocations::new(&pool), new_id());
    assert!(patient_store.save(id, &Record::new(vec![7], UnixTime::MAX), Save::Create).await.unwrap());
    list.revoke(id, Mark::Ended, UnixTime::MAX).await.unwrap();
    server.halt();
    let pool = pool.timeout(LIMIT);
    let store = RedisStore::new(&pool);
    all_unavailable(&pool, LIMIT).await;
    // There are more loads at once than the pool may have connections.
    let start = Instant::now();
    let loads = (0..100).map(|_| {
        tokio::spawn({
            let store = store.clone();
            async move { store.load(id).await }
        })
    });
    for load in loads.collect::<Vec<_>>() {
        assert_eq!(load.await.unwrap().unwrap_err().kind(), BackendErrorKind::Unavailable);
    }
    let took = start.elapsed();
    assert!(took < LIMIT + PATIENCE, "{took:?}");
    server.resume();
    assert!(patient_store.load(id).await.unwrap().is_some());
    assert_eq!(list.look(Some(id), None).await.unwrap().mark, Some(Mark::Ended));
    assert!(patient_store.is_healthy().await && list.is_healthy().await);
    eprintln!("redis hangs: 100 loads at once were refused in {took:?}, the limit being {LIMIT:?}");
}

#[tokio::test]
async fn a_redis_that_only_reads_is_unavailable_until_it_writes_again() {
    let Some(_) = address() else { return };
    let server = Server::start(&[]);
    let pool = patient(&server.address());
    let (store, list, id) = (RedisStore::new(&pool), RedisRevocations::new(&pool), new_id());
    let record = Record::new(vec![7], UnixTime::MAX);
    assert!(store.save(id, &record, Save::Create).await.unwrap());
    let mut redis = raw(&server.address()).await;
    // After a failover the connections stay as well, and the server behind them has become a replica, which only reads.
    let () = redis::cmd("REPLICAOF").arg("127.0.0.1").arg(1).query_async(&mut redis).await.unwrap();
    let error = store.save(id, &record, Save::Replace(record.tag())).await.unwrap_err();
    assert_eq!(error.to_string(), "session backend is unavailable: redis answered READONLY");
    assert_eq!(list.revoke(id, Mark::Ended, UnixTime::MAX).await.unwrap_err().kind(), BackendErrorKind::Unavailable);
    let () = redis::cmd("REPLICAOF").arg("NO").arg("ONE").query_async(&mut redis).await.unwrap();
    assert!(store.save(id, &record, Save::Replace(record.tag())).await.unwrap());
}

#[tokio::test]
async fn no_more_connections_are_made_than_there_may_be() {
    let Some(_) = address() else { return };
    let server = Server::start(&[]);
    for (max, expected) in [(0, 1), (1, 1), (5, 5)] {
        let store = RedisStore::new(&patient(&server.address()).max_connections(max));
        at_once(50, &store, |store| async move { store.delete(new_id()).await }).await;
        at_once(50, &store, |store| async move { store.load(new_id()).await.map(|found| assert_eq!(found, None)) })
            .await;
        let mut redis = raw(&server.address()).await;
        assert_eq!(clients(&mut redis, "del").await, expected);
        assert_eq!(clients(&mut redis, "get").await, 1, "all reads share one");
        drop(store);
        while clients(&mut redis, "del").await + clients(&mut redis, "get").await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Asks a store so many times at once.
async fn at_once<F>(times: usize, store: &RedisStore, ask: impl Fn(RedisStore) -> F)
where
    F: Future<Output = Result<(), BackendError>> + Send + 'static,
{
    let tasks: Vec<_> = (0..times).map(|_| tokio::spawn(ask(store.clone()))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(()));
    }
}

/// Returns the number of connections whose last command was this one.
async fn clients(redis: &mut redis::aio::MultiplexedConnection, command: &str) -> usize {
    let clients: String = redis::cmd("CLIENT").arg("LIST").query_async(redis).await.unwrap();
    clients.lines().filter(|line| line.contains(&format!("cmd={command} "))).count()
}

async fn all_unavailable(pool: &RedisPool, at_least: Duration) {
    let (store, list) = (RedisStore::new(pool), RedisRevocations::new(pool));
    let (id, record) = (new_id(), Record::new(vec![7], UnixTime::MAX));
    let generation = Generation::from_bytes([7; 8]);
    let errors = [
        timed(at_least, store.load(id)).await.unwrap_err(),
        timed(at_least, store.save(id, &record, Save::Create)).await.unwrap_err(),
        timed(at_least, store.delete(id)).await.unwrap_err(),
        timed(at_least, store.all()).await.unwrap_err(),
        timed(at_least, store.clear()).await.unwrap_err(),
        timed(at_least, list.revoke(id, Mark::Ended, UnixTime::MAX)).await.unwrap_err(),
        timed(at_least, store.save(id, &record, Save::Replace(record.tag()))).await.unwrap_err(),
        timed(at_least, list.revoke_subject("7", Only::Any, generation, UnixTime::MAX)).await.unwrap_err(),
        timed(at_least, list.look(Some(id), Some("7"))).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{error}");
    }
    assert!(!timed(at_least, store.is_healthy()).await);
    assert!(!timed(at_least, list.is_healthy()).await);
    assert_eq!(store.cleanup_expired(UnixTime::MAX).await, Ok(0));
}

async fn timed<T>(at_least: Duration, answer: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let answer = answer.await;
    let took = start.elapsed();
    assert!(at_least <= took && took < at_least + PATIENCE, "{took:?}");
    answer
}
