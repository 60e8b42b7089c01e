//! A Redis Cluster: every rule holds in it, and a move of slots fails no call.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sealed_session::testing::{check_revocations, check_store};
use sealed_session::{
    BackendErrorKind, Clock, Record, RedisPool, RedisRevocations, RedisStore, Revocations, Save, SessionId,
    SessionStore, SystemClock, UnixTime,
};

use crate::fleet::{Fleet, places, wait};
use crate::helpers::new_id;
use crate::ledger::{Run, Visitor};
use crate::server::{PATIENCE, Server};
use crate::{address, application, patient};

/// Checks the store and the list. A pool of its own each time, since the store must be empty.
async fn check(pool: &RedisPool) {
    check_store(async || RedisStore::new(&pool.clone().prefix(&format!("sealed_session:{}:", new_id())))).await;
    check_revocations(&RedisRevocations::new(pool), SystemClock.now()).await;
}

#[tokio::test]
async fn stores_and_lists_in_a_cluster_keep_every_rule_and_see_every_server() {
    let Some(_) = address() else { return };
    let fleet = Fleet::cluster(&places(6), true, &application(["+asking", "+cluster|slots"]), &[]);
    let url = fleet.cluster_url().replace("://", "://app:secret@");
    let pool = patient(&url).wait_for_replicas(1);
    check(&pool).await;

    let store = RedisStore::new(&pool.clone().prefix("sealed_session:all:"));
    let mut expected = HashMap::new();
    for n in 0..300_u64 {
        let (id, record) = (new_id(), Record::new(n.to_be_bytes().to_vec(), UnixTime::MAX));
        assert!(store.save(id, &record, Save::Create).await.unwrap());
        expected.insert(id, record);
    }
    let primaries: Vec<&Server> = fleet.servers.iter().filter(|server| fleet.is_primary(server)).collect();
    assert_eq!(primaries.len(), 3);
    for primary in &primaries {
        assert!(
            fleet.ask(primary, &["--scan", "--pattern", "sealed_session:all:*"]).lines().count() > 30,
            "the keys are spread"
        );
    }
    let found: HashMap<SessionId, Record> = store.all().await.unwrap().into_iter().collect();
    assert_eq!(found, expected);
    store.clear().await.unwrap();
    assert_eq!(store.all().await.unwrap(), []);
    assert!(store.is_healthy().await && RedisRevocations::new(&pool).is_healthy().await);

    // One of its servers alone is no Redis for a store, and says so.
    let alone = RedisStore::new(&patient(&primaries[0].address()));
    let mut kinds = Vec::new();
    for _ in 0..50 {
        kinds.extend(alone.load(new_id()).await.err().map(|error| (error.kind(), error.to_string())));
    }
    assert!(
        kinds.iter().all(|(kind, text)| *kind == BackendErrorKind::Unsupported && text.contains("redis-cluster://"))
    );
    assert!(!kinds.is_empty());
}

#[tokio::test]
async fn one_server_with_all_slots_works_by_its_plain_url_and_a_slot_without_a_server_shows() {
    let Some(_) = address() else { return };
    let server = Server::start(&["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"]);
    let cluster = RedisPool::open(&server.address().replace("redis://", "redis-cluster://")).unwrap();
    let store = RedisStore::new(&cluster);
    assert!(!store.is_healthy().await, "no slot has a server yet");
    let error = store.load(new_id()).await.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{error}");

    let mut redis = crate::raw(&server.address()).await;
    let mut send = async |command: &str| {
        let mut words = command.split(' ');
        let mut sent = redis::cmd(words.next().unwrap());
        let () = sent.arg(words.collect::<Vec<_>>()).query_async(&mut redis).await.unwrap();
    };
    send("CLUSTER ADDSLOTSRANGE 0 16383").await;
    wait("the cluster is whole", || {
        std::process::Command::new("redis-cli")
            .args(["-u", &server.address(), "CLUSTER", "INFO"])
            .output()
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("cluster_state:ok"))
    });
    check(&patient(&server.address())).await;
    let cluster = cluster.timeout(PATIENCE);
    check(&cluster).await;
    assert!(RedisStore::new(&cluster).is_healthy().await);
    send("CLUSTER DELSLOTS 7").await;
    assert!(!store.is_healthy().await, "slot 7 has no server");
    assert_eq!(store.all().await.unwrap_err().kind(), BackendErrorKind::Unavailable);
    assert_eq!(store.clear().await.unwrap_err().kind(), BackendErrorKind::Unavailable);
}

#[cfg(feature = "redis-tls")]
#[tokio::test]
async fn a_cluster_over_tls_that_knows_its_servers_by_address_shows_the_certificate_of_its_name() {
    let Some(_) = address() else { return };
    let certificates = crate::certificates::Certificates::new("DNS:localhost");
    let mut options = certificates.options(false);
    options.extend(["--tls-cluster", "yes", "--tls-replication", "yes"].map(str::to_owned));
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let fleet = Fleet::cluster(&places(3), false, &options, &["--tls", "--insecure"]);
    let url = fleet.cluster_url().replace("redis-cluster", "rediss-cluster");
    let tls = sealed_session::RedisTls::new().ca_pem(certificates.pem("ca.crt"));
    check(&RedisPool::open_with_tls(&url.replace("127.0.0.1", "localhost"), &tls).unwrap().timeout(PATIENCE)).await;
    // By its addresses alone, no name is known.
    let store = RedisStore::new(&RedisPool::open_with_tls(&url, &tls).unwrap());
    assert_eq!(store.load(new_id()).await.unwrap_err().kind(), BackendErrorKind::Unavailable);
    let named = RedisPool::open_with_tls(&url, &tls.server_name("localhost")).unwrap().timeout(PATIENCE);
    assert_eq!(RedisStore::new(&named).load(new_id()).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_under_load_fail_no_call_and_lose_nothing() {
    let Some(_) = address() else { return };
    let fleet = Fleet::cluster(&places(3), false, &[], &[]);
    let pool = patient(&fleet.cluster_url());
    let run = Arc::new(Run::default());
    let tasks: Vec<_> = (0..8).map(|n| tokio::spawn(Visitor::new(n, &pool, &run).work())).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let id = |server: &Server| fleet.ask(server, &["CLUSTER", "MYID"]).trim().to_owned();
    let [first, second, _] = &fleet.servers[..] else { panic!("three servers") };
    tokio::task::block_in_place(|| {
        for (from, to) in [(first, second), (second, first)] {
            let (from_id, to_id) = (id(from), id(to));
            let mut reshard = fleet.redis_cli();
            reshard.args(["--cluster", "reshard", &first.host_and_port(), "--cluster-from", &from_id]);
            reshard.args(["--cluster-to", &to_id, "--cluster-slots", "400", "--cluster-yes"]);
            assert!(reshard.stdout(Stdio::null()).status().unwrap().success());
        }
    });
    run.is_over.store(true, Ordering::SeqCst);
    let fresh = patient(&fleet.cluster_url());
    let (mut records, mut revocations) = (0, 0);
    for task in tasks {
        let (more_records, more_revocations) = task.await.unwrap().verify(&fresh).await;
        records += more_records;
        revocations += more_revocations;
    }
    let good = run.good.load(Ordering::SeqCst);
    eprintln!(
        "800 slots of a cluster moved under load: {good} calls answered, {} unavailable; at the end {records} records and \
         {revocations} revocations were as acknowledged",
        run.unavailable.load(Ordering::SeqCst)
    );
    assert_eq!(run.unavailable.load(Ordering::SeqCst), 0);
    assert!(records > 50 && revocations > 20, "{records} {revocations}");
}
