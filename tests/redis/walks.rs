//! Walks over all records, page by page: in a cluster whose slots move meanwhile, and with a wait for replicas.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use sealed_session::{BackendErrorKind, Record, RedisStore, SessionId, SessionStore, UnixTime};

use crate::helpers::id;
use crate::scripted::{Scripted, slots, texts};

/// The answer to SCAN: the cursor of the next page, and the keys of these sessions.
fn page(cursor: u64, ids: &[SessionId]) -> String {
    let keys: Vec<_> = ids.iter().map(|id| format!("sealed_session:session:{id}")).collect();
    let keys = texts(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    format!("*2\r\n+{cursor}\r\n{keys}")
}

/// The answer to GET: a record with the byte 7, which is kept until the first second.
const RECORD: &str = "$6\r\n\0\0\0\0\x01\x07\r\n";

fn kept() -> Record {
    Record::new(vec![7], UnixTime::from_secs(1).unwrap())
}

async fn all(store: &RedisStore) -> Vec<SessionId> {
    let mut ids = Vec::new();
    for (id, record) in store.all().await.unwrap() {
        assert_eq!(record, kept());
        ids.push(id);
    }
    ids.sort_by_key(|id| id.to_bytes());
    ids
}

#[tokio::test]
async fn a_walk_goes_over_every_page_of_every_server() {
    let ports = [(); 2].map(|()| Arc::new(AtomicU16::new(0)));
    let [first, second] = ports.clone();
    let map = move || slots(&[(0, 8191, first.load(Ordering::SeqCst)), (8192, 16383, second.load(Ordering::SeqCst))]);
    let servers = [1, 4].map(|number| {
        let map = map.clone();
        Scripted::start_in_a_cluster(move |command| match (command[0].as_str(), command.get(1).map(String::as_str)) {
            ("CLUSTER", _) => Some(map()),
            ("SCAN", Some("0")) => Some(page(17, &[id(number), id(number + 1)])),
            ("SCAN", Some("17")) => Some(page(23, &[])),
            ("SCAN", Some("23")) => Some(page(0, &[id(number + 2)])),
            _ => Some(RECORD.to_owned()),
        })
    });
    for (port, server) in ports.iter().zip(&servers) {
        port.store(server.port, Ordering::SeqCst);
    }
    let store = RedisStore::new(&servers[0].cluster());
    assert_eq!(all(&store).await, [1, 2, 3, 4, 5, 6].map(id));
    assert_eq!(servers.each_ref().map(|server| server.count("SCAN")), [3, 3]);
}

#[tokio::test]
async fn records_whose_slots_moved_during_a_walk_are_found_and_removed_where_they_are_now() {
    let target = Scripted::start(|command| Some(if command[0] == "GET" { RECORD } else { ":1\r\n" }.to_owned()));
    let to = target.port;
    let source = Scripted::start(move |command| {
        Some(if command[0] == "SCAN" { page(0, &[id(1), id(2)]) } else { format!("-MOVED 7 127.0.0.1:{to}\r\n") })
    });
    let store = RedisStore::new(&source.cluster());
    assert_eq!(all(&store).await, [1, 2].map(id));
    store.clear().await.unwrap();
    assert_eq!((target.count("GET"), target.count("UNLINK")), (2, 2));
}

#[tokio::test]
async fn one_server_of_a_cluster_by_its_plain_url_refuses_a_walk_as_it_refuses_a_load() {
    let server = Scripted::start(|command| {
        Some(if command[0] == "SCAN" { page(0, &[id(1)]) } else { "-MOVED 7 127.0.0.1:1\r\n".to_owned() })
    });
    let store = RedisStore::new(&server.pool());
    for error in
        [store.load(id(1)).await.unwrap_err(), store.all().await.unwrap_err(), store.clear().await.unwrap_err()]
    {
        assert_eq!(error.kind(), BackendErrorKind::Unsupported);
        assert!(error.to_string().contains("redis-cluster://"), "{error}");
    }
}

#[tokio::test]
async fn a_page_is_removed_with_one_wait_for_the_replicas_and_is_not_acknowledged_without_them() {
    for (replicas, kind) in [(1, None), (0, Some(BackendErrorKind::Unavailable))] {
        let server = Scripted::start(move |command| match command[0].as_str() {
            "SCAN" => Some(page(0, &[id(1), id(2), id(3)])),
            "WAIT" => Some(format!(":{replicas}\r\n")),
            _ => Some(":1\r\n".to_owned()),
        });
        let store = RedisStore::new(&server.pool().wait_for_replicas(1));
        assert_eq!(store.clear().await.err().map(|error| error.kind()), kind);
        assert_eq!((server.count("UNLINK"), server.count("WAIT")), (3, 1));
    }
}
