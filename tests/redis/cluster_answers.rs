//! The answers of servers of a cluster: whom to ask instead, that they did nothing, and who has which slots.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{
    BackendErrorKind, Known, Record, RedisRevocations, RedisStore, Revocations, Save, SessionStore, UnixTime,
};

use crate::helpers::new_id;
use crate::scripted::{Scripted, StillClock, slots, until};
use crate::server::PATIENCE;

#[tokio::test]
async fn a_write_is_not_sent_again_after_its_answer_was_lost() {
    let server = Scripted::start(|_| None);
    let record = Record::new(vec![7], UnixTime::MAX);
    let error = server.store().save(new_id(), &record, Save::Create).await.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unavailable);
    assert_eq!(server.count("SET"), 1);
}

#[tokio::test]
async fn what_a_server_says_it_did_not_do_is_sent_again() {
    for refusal in ["TRYAGAIN", "CLUSTERDOWN", "READONLY", "MASTERDOWN", "LOADING", "NOREPLICAS"] {
        let tries = Mutex::new(0);
        let server = Scripted::start(move |_| {
            let mut tries = tries.lock().unwrap();
            *tries += 1;
            Some(if *tries < 3 { format!("-{refusal} not now\r\n") } else { "+OK\r\n".to_owned() })
        });
        let record = Record::new(vec![7], UnixTime::MAX);
        assert_eq!(server.store().save(new_id(), &record, Save::Create).await, Ok(true), "{refusal}");
        assert_eq!(server.count("SET"), 3, "{refusal}");
    }
}

#[tokio::test]
async fn a_server_that_does_nothing_is_asked_again_after_pauses_until_the_time_is_over() {
    let server = Scripted::start(|_| Some("-CLUSTERDOWN no\r\n".to_owned()));
    let mut limit = Duration::from_secs(1);
    loop {
        let before = server.count("GET");
        let error = RedisStore::new(&server.cluster().timeout(limit)).load(new_id()).await.unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::Unavailable);
        let tries = server.count("GET") - before;
        assert!(tries <= usize::try_from(limit.as_millis() / 20).unwrap(), "{tries} tries without pauses of 20 ms");
        if tries > 1 {
            let reasons = ["redis answered CLUSTERDOWN", "no connection in time", "no answer in time"];
            assert!(reasons.iter().any(|reason| error.to_string().ends_with(reason)), "not of the last try: {error}");
            return;
        }
        // A busy machine needs more time for a second try.
        limit *= 4;
        assert!(limit < PATIENCE, "it was not asked again");
    }
}

/// During a move, the new server of a slot answers only those who say that they were sent.
#[tokio::test]
async fn a_question_that_was_sent_on_by_ask_says_so_and_leaves_the_map_alone() {
    let is_asking = Mutex::new(false);
    let target = Scripted::start(move |command| {
        let mut is_asking = is_asking.lock().unwrap();
        if command[0] == "ASKING" {
            *is_asking = true;
            return Some("+OK\r\n".to_owned());
        }
        let was_asking = std::mem::replace(&mut *is_asking, false);
        Some(if was_asking { "$-1\r\n".to_owned() } else { "-CLUSTERDOWN it did not say ASKING\r\n".to_owned() })
    });
    let to = target.port;
    let source = Scripted::start(move |_| Some(format!("-ASK 7 127.0.0.1:{to}\r\n")));
    let store = source.store();
    for _ in 0..2 {
        assert_eq!(store.load(new_id()).await, Ok(None));
    }
    assert_eq!((source.count("GET"), target.count("GET"), target.count("ASKING")), (2, 2, 2));
    assert_eq!(source.count("CLUSTER"), 1, "the map is as it was");
}

#[tokio::test]
async fn a_question_that_was_sent_on_by_moved_goes_there_and_the_map_is_asked_for() {
    let target = Scripted::start(|_| Some("$-1\r\n".to_owned()));
    let to = target.port;
    let source = Scripted::start(move |_| Some(format!("-MOVED 7 127.0.0.1:{to}\r\n")));
    assert_eq!(source.store().load(new_id()).await, Ok(None));
    assert_eq!((source.count("GET"), target.count("GET"), target.count("ASKING")), (1, 1, 0));
    assert_eq!(source.count("CLUSTER"), 2);
}

/// The mark and the generation of a session may be on two servers, so each is asked for by itself.
#[tokio::test]
async fn a_look_at_a_list_in_a_cluster_goes_to_the_server_of_each_entry() {
    let target = Scripted::start(|command| Some(if command[0] == "GET" { "$-1\r\n" } else { "+OK\r\n" }.to_owned()));
    let to = target.port;
    let source = Scripted::start(move |command| {
        Some(if command[1].contains(":subject:") { format!("-ASK 7 127.0.0.1:{to}\r\n") } else { "$-1\r\n".to_owned() })
    });
    let list = RedisRevocations::new(&source.cluster());
    assert_eq!(list.look(Some(new_id()), Some("7")).await, Ok(Known::default()));
    assert_eq!((source.count("GET"), target.count("GET")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn of_many_questions_that_need_the_map_of_a_cluster_one_asks_for_it() {
    let _clock = StillClock::hold();
    let (go, may_go) = channel::<()>();
    let may_go = Mutex::new(may_go);
    let port = Arc::new(AtomicU16::new(0));
    let own = Arc::clone(&port);
    let server = Scripted::start_in_a_cluster(move |command| {
        if command[0] == "CLUSTER" {
            let _ = may_go.lock().unwrap().recv();
            return Some(slots(&[(0, 16383, own.load(Ordering::SeqCst))]));
        }
        Some("$-1\r\n".to_owned())
    });
    port.store(server.port, Ordering::SeqCst);
    let store = RedisStore::new(&server.cluster());
    let mut loads: Vec<_> = (0..20).map(|_| store.load(new_id())).collect();
    for load in &mut loads {
        assert!(futures_lite::future::poll_once(load).await.is_none(), "the map is not known");
    }
    drop(go);
    for load in loads {
        assert_eq!(load.await, Ok(None));
    }
    assert_eq!(server.count("CLUSTER"), 1);
}

/// Two servers, each of which has half of the slots. The second one answers writes as the test says.
fn halves(answer: impl Fn() -> &'static str + Send + Sync + 'static) -> [Scripted; 2] {
    let ports = [(); 2].map(|()| Arc::new(AtomicU16::new(0)));
    let [first, second] = ports.clone();
    let map = move || slots(&[(0, 8191, first.load(Ordering::SeqCst)), (8192, 16383, second.load(Ordering::SeqCst))]);
    let answers: [Box<dyn Fn() -> &'static str + Send + Sync>; 2] = [Box::new(|| "+OK\r\n"), Box::new(answer)];
    let servers = answers.map(|answer| {
        let map = map.clone();
        Scripted::start_in_a_cluster(move |command| match command[0].as_str() {
            "CLUSTER" => Some(map()),
            "SET" => Some(answer().to_owned()),
            _ => Some("$-1\r\n".to_owned()),
        })
    });
    for (port, server) in ports.iter().zip(&servers) {
        port.store(server.port, Ordering::SeqCst);
    }
    servers
}

#[tokio::test]
async fn a_cluster_is_healthy_if_each_of_its_servers_takes_writes() {
    let is_full = Arc::new(AtomicBool::new(false));
    let fills = Arc::clone(&is_full);
    let servers = halves(move || if fills.load(Ordering::SeqCst) { "-OOM no\r\n" } else { "+OK\r\n" });
    let store = RedisStore::new(&servers[0].cluster());
    assert!(store.is_healthy().await);
    assert_eq!(servers.each_ref().map(|server| server.count("SET")), [1, 1]);
    is_full.store(true, Ordering::SeqCst);
    assert!(!store.is_healthy().await);
}

#[tokio::test]
async fn connections_to_a_server_that_left_the_cluster_are_closed() {
    let port = Arc::new(AtomicU16::new(0));
    let [seed, left, stays] = [(); 3].map(|()| {
        let has_all_slots = Arc::clone(&port);
        Scripted::start_in_a_cluster(move |command| {
            let map = || slots(&[(0, 16383, has_all_slots.load(Ordering::SeqCst))]);
            Some(if command[0] == "CLUSTER" { map() } else { "$-1\r\n".to_owned() })
        })
    });
    port.store(left.port, Ordering::SeqCst);
    let store = RedisStore::new(&seed.cluster());
    assert_eq!(store.load(new_id()).await, Ok(None));
    assert_eq!(left.count("GET"), 1);
    port.store(stays.port, Ordering::SeqCst);
    // A health check begins with the map.
    assert!(store.is_healthy().await);
    until("the connections are closed", || left.open() == 0).await;
    assert!(seed.open() > 0 && stays.open() > 0);
}
