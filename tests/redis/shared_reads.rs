//! Reads share a connection: each gets its own answer, whatever becomes of the others, and writes never wait behind
//! them.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sealed_session::{
    BackendErrorKind, Known, Record, RedisPool, RedisRevocations, RedisStore, Revocations, Save, SessionId,
    SessionStore, UnixTime,
};
use tokio::runtime::{Builder, Runtime};

use crate::helpers::new_id;
use crate::patient;
use crate::scripted::{Scripted, StillClock, until};
use crate::server::{PATIENCE, Server, address};

/// The record of an id is the id in hexadecimal digits.
fn record_of(id: SessionId) -> Record {
    Record::new(id.to_string().into_bytes(), UnixTime::from_secs(1).unwrap())
}

/// Answers each GET with the record of its key, and each other command with OK.
fn answer(command: &[String]) -> String {
    match (command[0].as_str(), command.get(1).and_then(|key| key.rsplit(':').next())) {
        ("GET", Some(id)) => format!("${}\r\n\0\0\0\0\x01{id}\r\n", 5 + id.len()),
        _ => "+OK\r\n".to_owned(),
    }
}

fn store(server: &Scripted) -> RedisStore {
    RedisStore::new(&server.pool())
}

/// A server whose connection stops at the first GET of all, until the test lets it go on.
fn halting() -> (Scripted, Receiver<()>, Sender<()>) {
    let ((halted, is_halted), (go, may_go)) = (channel(), channel());
    let (halted, may_go, is_first) = (Mutex::new(halted), Mutex::new(may_go), AtomicBool::new(true));
    let server = Scripted::start(move |command| {
        if command[0] == "GET" && is_first.swap(false, Ordering::SeqCst) {
            halted.lock().unwrap().send(()).unwrap();
            let _ = may_go.lock().unwrap().recv();
        }
        Some(answer(command))
    });
    (server, is_halted, go)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_at_once_go_over_one_connection_and_each_gets_its_own_answer() {
    let readers = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&readers);
    let server = Scripted::start_numbered(move |connection, command| {
        if command[0] == "GET" {
            seen.lock().unwrap().insert(connection);
        }
        Some(answer(command))
    });
    let store = store(&server);
    let reads = (0..500).map(|_| {
        let (store, id) = (store.clone(), new_id());
        tokio::spawn(async move { assert_eq!(store.load(id).await, Ok(Some(record_of(id)))) })
    });
    for read in reads.collect::<Vec<_>>() {
        read.await.unwrap();
    }
    assert_eq!(readers.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_does_not_wait_behind_a_read_that_hangs() {
    let (server, is_halted, go) = halting();
    let store = store(&server);
    let (reading, id) = (store.clone(), new_id());
    let read = tokio::spawn(async move { reading.load(id).await });
    tokio::task::block_in_place(|| is_halted.recv().unwrap());
    let record = Record::new(vec![7], UnixTime::MAX);
    assert_eq!(store.save(new_id(), &record, Save::Create).await, Ok(true));
    assert!(!read.is_finished());
    go.send(()).unwrap();
    assert_eq!(read.await.unwrap(), Ok(Some(record_of(id))));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_hangs_is_replaced_and_its_late_answer_goes_to_nobody() {
    let _clock = StillClock::hold();
    let (server, is_halted, go) = halting();
    let store = store(&server);
    let (reading, first) = (store.clone(), new_id());
    let read = tokio::spawn(async move { reading.load(first).await });
    until("the server has the read", || is_halted.try_recv().is_ok()).await;
    let moment = Duration::from_millis(1);
    tokio::time::advance(PATIENCE.checked_sub(moment).unwrap()).await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!read.is_finished(), "there is time left");
    tokio::time::advance(moment).await;
    assert_eq!(read.await.unwrap().unwrap_err().kind(), BackendErrorKind::Unavailable);
    for tries in 0..100 {
        if tries == 50 {
            go.send(()).unwrap();
        }
        let id = new_id();
        assert_eq!(store.load(id).await, Ok(Some(record_of(id))));
    }
    assert_eq!(server.connections("GET").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_is_dropped_leaves_its_answer_to_nobody() {
    let (server, is_halted, go) = halting();
    let store = store(&server);
    let (reading, first) = (store.clone(), new_id());
    let dropped = tokio::spawn(async move { reading.load(first).await });
    tokio::task::block_in_place(|| is_halted.recv().unwrap());
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    let (reading, second) = (store.clone(), new_id());
    let read = tokio::spawn(async move { reading.load(second).await });
    go.send(()).unwrap();
    assert_eq!(read.await.unwrap(), Ok(Some(record_of(second))));
}

#[tokio::test]
async fn a_read_whose_connection_breaks_is_sent_once_more_and_not_again() {
    let breaks = Arc::new(Mutex::new(1));
    let left = Arc::clone(&breaks);
    let server = Scripted::start(move |command| {
        let mut left = left.lock().unwrap();
        if command[0] == "GET" && *left > 0 {
            *left -= 1;
            return None;
        }
        Some(answer(command))
    });
    let (store, id) = (store(&server), new_id());
    assert_eq!(store.load(id).await, Ok(Some(record_of(id))));
    assert_eq!(server.count("GET"), 2);
    *breaks.lock().unwrap() = usize::MAX;
    assert_eq!(store.load(id).await.unwrap_err().kind(), BackendErrorKind::Unavailable);
    assert_eq!(server.count("GET"), 2 + 2);
}

/// An answer that is none of a GET means that answers and questions are out of step, so no later read may have what
/// follows.
#[tokio::test]
async fn a_connection_with_an_answer_that_cannot_be_is_not_used_again() {
    let server = Scripted::start_numbered(move |connection, command| match (connection, command[0].as_str()) {
        (0, "GET") => Some(":7\r\n".to_owned()),
        _ => Some(answer(command)),
    });
    let (store, id) = (store(&server), new_id());
    assert_eq!(store.load(id).await.unwrap_err().kind(), BackendErrorKind::Unavailable);
    assert_eq!(store.load(id).await, Ok(Some(record_of(id))));
}

#[test]
fn a_runtime_that_is_busy_keeps_no_other_one_from_reading() {
    let server = Scripted::start(|command| Some(answer(command)));
    let (store, id) = (store(&server), new_id());
    let [busy, other]: [Runtime; 2] = [(); 2].map(|()| Builder::new_current_thread().enable_all().build().unwrap());
    for _ in 0..2 {
        // Outside of `block_on` this runtime drives nothing.
        assert_eq!(busy.block_on(store.load(id)), Ok(Some(record_of(id))));
        assert_eq!(other.block_on(store.load(id)), Ok(Some(record_of(id))));
    }
    assert_eq!(server.connections("GET").len(), 2, "each runtime keeps its connection beside the other's");
}

#[test]
fn a_runtime_that_connects_keeps_its_place_when_another_one_begins_to_read() {
    let ((asks, is_asked), (go, may_go)) = (channel(), channel());
    let (asks, may_go) = (Mutex::new(asks), Mutex::new(may_go));
    let server = Scripted::start_numbered(move |connection, command| {
        if (connection, command[0].as_str()) == (0, "AUTH") {
            asks.lock().unwrap().send(()).unwrap();
            let _ = may_go.lock().unwrap().recv();
        }
        Some(answer(command))
    });
    let pool = patient(&format!("redis://:secret@127.0.0.1:{}", server.port));
    let (store, id) = (RedisStore::new(&pool), new_id());
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let read = |runtime: &Runtime| assert_eq!(runtime.block_on(store.load(id)), Ok(Some(record_of(id))));
    thread::scope(|scope| {
        let connects = scope.spawn(|| {
            let first = runtime();
            read(&first);
            read(&first);
        });
        is_asked.recv().unwrap();
        read(&runtime());
        go.send(()).unwrap();
        connects.join().unwrap();
    });
    assert_eq!(server.connections("GET"), BTreeSet::from([0, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_rested_for_a_second_is_used_again_if_it_answers_a_ping() {
    let _clock = StillClock::hold();
    let server = Scripted::start(|command| Some(answer(command)));
    let (store, id) = (store(&server), new_id());
    let almost_a_second = Duration::from_millis(999);
    for (rests, pings) in [(Duration::ZERO, 0), (almost_a_second, 0), (almost_a_second, 0), (Duration::from_secs(1), 1)]
    {
        tokio::time::advance(rests).await;
        assert_eq!(store.load(id).await, Ok(Some(record_of(id))));
        assert_eq!(server.count("PING"), pings, "{rests:?}");
    }
    assert_eq!(server.connections("GET").len(), 1);
}

#[tokio::test]
async fn a_real_server_that_hangs_refuses_reads_that_were_under_way_and_answers_those_after() {
    let Some(_) = address() else { return };
    let server = Server::start(&[]);
    let pool = patient(&server.address());
    let ids: Vec<_> = (0..50).map(|_| new_id()).collect();
    for id in &ids {
        assert_eq!(RedisStore::new(&pool).save(*id, &lasting(*id), Save::Create).await, Ok(true));
    }
    for round in 0..3 {
        // All pools of the three rounds share their connections.
        let mut pool = pool.clone();
        if round == 1 {
            server.halt();
            pool = pool.timeout(Duration::from_secs(1));
        }
        let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
        let reads: Vec<_> = ids
            .iter()
            .map(|id| {
                let (store, list, id) = (store.clone(), list.clone(), *id);
                tokio::spawn(async move { (store.load(id).await, list.look(Some(id), Some("7")).await) })
            })
            .collect();
        for (read, id) in reads.into_iter().zip(&ids) {
            let (found, known) = read.await.unwrap();
            if round == 1 {
                assert_eq!(found.unwrap_err().kind(), BackendErrorKind::Unavailable);
                assert_eq!(known.unwrap_err().kind(), BackendErrorKind::Unavailable);
            } else {
                assert_eq!(found, Ok(Some(lasting(*id))));
                assert_eq!(known, Ok(Known::default()));
            }
        }
        server.resume();
    }
}

/// A record that Redis keeps, which is the id.
fn lasting(id: SessionId) -> Record {
    Record::new(id.to_bytes().to_vec(), UnixTime::MAX)
}

/// A way to the server on which connections can go silent, as behind a firewall that forgot them: what is sent is
/// swallowed, and nothing is closed.
struct Network {
    address: String,
    /// The number of the first connection that is not silent.
    good: Arc<AtomicUsize>,
}

impl Network {
    fn before(server: &Server) -> Self {
        let (listener, to) = (TcpListener::bind("127.0.0.1:0").unwrap(), server.host_and_port());
        let (address, good) = (listener.local_addr().unwrap().to_string(), Arc::new(AtomicUsize::new(0)));
        let first_good = Arc::clone(&good);
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let (client, server) = (client.unwrap(), TcpStream::connect(&to).unwrap());
                for (from, to) in [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))] {
                    let (from, to, good) = (from.unwrap(), to.unwrap(), Arc::clone(&first_good));
                    thread::spawn(move || carry(from, to, || number < good.load(Ordering::SeqCst)));
                }
            }
        });
        Self { address, good }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, is_silent: impl Fn() -> bool) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !is_silent() && to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_connection_that_went_silent_while_it_rested_costs_no_read() {
    let Some(_) = address() else { return };
    let server = Server::start(&[]);
    let network = Network::before(&server);
    let url = format!("redis://{}", network.address);
    let store = RedisStore::new(&RedisPool::open(&url).unwrap().timeout(Duration::from_secs(9)));
    assert_eq!(store.load(new_id()).await, Ok(None));
    network.good.store(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(store.load(new_id()).await, Ok(None));
}

#[tokio::test]
async fn connections_that_went_silent_while_they_rested_cost_no_write() {
    const CONNECTIONS: usize = 4;
    let Some(_) = address() else { return };
    let server = Server::start(&[]);
    let network = Network::before(&server);
    let url = format!("redis://{}", network.address);
    let store = RedisStore::new(&RedisPool::open(&url).unwrap().timeout(Duration::from_secs(9)));
    // Each of them makes a connection, since none has come back yet.
    let deletions = [(); CONNECTIONS].map(|()| {
        let store = store.clone();
        tokio::spawn(async move { store.delete(new_id()).await })
    });
    for deletion in deletions {
        assert_eq!(deletion.await.unwrap(), Ok(()));
    }
    network.good.store(CONNECTIONS, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(store.delete(new_id()).await, Ok(()));
}
