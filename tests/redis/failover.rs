//! The primary of a cluster, or of a Redis behind Sentinel, dies or is cut off under load, with and without a wait for
//! the replica. What was acknowledged is there afterwards, if the pool waits for the replica.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sealed_session::testing::{check_revocations, check_store};
use sealed_session::{
    BackendErrorKind, Clock, Mark, Record, RedisPool, RedisRevocations, RedisStore, Revocations, Save, SessionId,
    SessionStore, SystemClock, UnixTime,
};

use crate::fleet::{Fleet, places, wait};
use crate::helpers::new_id;
use crate::server::{PATIENCE, Place, Server};
use crate::{address, application, patient};

const TASKS: usize = 16;

/// The answers that one client got: the records and the marks that were acknowledged, and when it was refused last.
#[derive(Default)]
struct Ledger {
    records: Vec<SessionId>,
    marks: Vec<SessionId>,
    unavailable: u64,
    refused: Option<Instant>,
    slowest: Duration,
}

impl Ledger {
    async fn work(pool: RedisPool, is_over: Arc<AtomicBool>) -> Self {
        let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
        let mut ledger = Self::default();
        while !is_over.load(Ordering::SeqCst) {
            let (id, start) = (new_id(), Instant::now());
            let result = if ledger.records.len() % 4 == 3 && ledger.marks.len() < ledger.records.len() / 3 {
                list.revoke(id, Mark::Ended, UnixTime::MAX).await.map(|_| ledger.marks.push(id))
            } else {
                store.save(id, &record(id), Save::Create).await.map(|is_new| {
                    assert!(is_new, "a new id was there: a write was sent again after it had been done");
                    ledger.records.push(id);
                })
            };
            ledger.slowest = ledger.slowest.max(start.elapsed());
            if let Err(error) = result {
                assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{error}");
                ledger.unavailable += 1;
                ledger.refused = Some(Instant::now());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        ledger
    }

    /// Returns how many of the writes that were acknowledged are gone.
    async fn lost(&self, pool: &RedisPool) -> usize {
        let pool = pool.clone().timeout(PATIENCE);
        let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
        let mut missing = 0;
        for id in &self.records {
            match store.load(*id).await.unwrap() {
                Some(found) => assert_eq!(found, record(*id), "a record is another's"),
                None => missing += 1,
            }
        }
        for id in &self.marks {
            match list.look(Some(*id), None).await.unwrap().mark {
                Some(mark) => assert_eq!(mark, Mark::Ended),
                None => missing += 1,
            }
        }
        missing
    }
}

fn record(id: SessionId) -> Record {
    Record::new(id.to_bytes().repeat(10), UnixTime::MAX)
}

/// The cost of a fault.
struct Cost {
    lost: usize,
}

/// Lets clients write while the fault happens and is mended, and counts afterwards what was acknowledged and is gone.
async fn run(what: &str, pool: &RedisPool, fault: impl FnOnce(), mend: impl FnOnce()) -> Cost {
    let is_over = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(Ledger::work(pool.clone(), is_over.clone()))).collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let start = Instant::now();
    tokio::task::block_in_place(fault);
    tokio::task::block_in_place(mend);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    is_over.store(true, Ordering::SeqCst);
    let (mut written, mut lost, mut unavailable, mut refused, mut slowest) = (0, 0, 0, None, Duration::ZERO);
    for task in tasks {
        let ledger = task.await.unwrap();
        written += ledger.records.len() + ledger.marks.len();
        lost += ledger.lost(pool).await;
        unavailable += ledger.unavailable;
        refused = refused.max(ledger.refused);
        slowest = slowest.max(ledger.slowest);
    }
    let away = refused.map_or(Duration::ZERO, |refused| refused.saturating_duration_since(start));
    eprintln!(
        "{what}: {lost} lost of {written} writes acknowledged; {unavailable} unavailable, the last {} ms after the fault began; \
         the slowest call took {} ms",
        away.as_millis(),
        slowest.as_millis()
    );
    assert!(written > 100, "{written}");
    Cost { lost }
}

/// Kills the primary of the first half of the servers that has one, waits for its replica to take over, and starts it
/// again.
async fn kill(what: &str, pool: &RedisPool, mut fleet: Fleet) -> Cost {
    let mut dead = fleet.servers.remove(0);
    assert!(fleet.is_primary(&dead));
    let before = fleet.primaries_beside(&dead);
    let (dead, fleet) = (&mut dead, &fleet);
    let fault = || {
        dead.kill();
        fleet.wait_for_successor(dead, before);
        dead.restart();
        fleet.wait_until_whole(dead, before);
    };
    run(what, pool, fault, || {}).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_primary_of_a_cluster_is_killed_nothing_acknowledged_is_lost() {
    let Some(_) = address() else { return };
    let fleet = Fleet::cluster(&places(6), true, &[], &[]);
    let pool = RedisPool::open(&fleet.cluster_url()).unwrap().wait_for_replicas(1);
    assert_eq!(kill("cluster, WAIT 1, primary killed", &pool, fleet).await.lost, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_primary_behind_sentinel_is_killed_nothing_acknowledged_is_lost() {
    let Some(_) = address() else { return };
    let fleet = Fleet::with_sentinels(&places(5), "", &[]);
    fleet.wait_for_sentinels(&[]);
    let pool = RedisPool::open(&fleet.sentinel_url("")).unwrap().wait_for_replicas(1);
    assert_eq!(kill("Sentinel, WAIT 1, primary killed", &pool, fleet).await.lost, 0);
}

/// Sentinels that ask for a password, also of one another, and a user who may ask for the primary only.
const LINES: &str =
    "requirepass s3cret\nsentinel sentinel-pass s3cret\nuser watcher on >w4tch -@all +ping +sentinel|master";

#[tokio::test]
async fn stores_and_lists_behind_sentinels_with_a_password_keep_every_rule() {
    let Some(_) = address() else { return };
    let fleet = Fleet::with_sentinels(&places(5), LINES, &application(["+role"]));
    fleet.wait_for_sentinels(&["-a", "s3cret", "--no-auth-warning"]);
    let login = |query| fleet.sentinel_url(query).replace("://", "://app:secret@");
    let good = "?sentinel_username=watcher&sentinel_password=w4tch";
    let pool = RedisPool::open(&login(good)).unwrap().wait_for_replicas(1).timeout(PATIENCE);
    check_store(async || RedisStore::new(&pool.clone().prefix(&format!("sealed_session:{}:", new_id())))).await;
    check_revocations(&RedisRevocations::new(&pool), SystemClock.now()).await;
    assert!(RedisStore::new(&pool).is_healthy().await);
    for query in ["", "?sentinel_username=watcher&sentinel_password=hunter2"] {
        let store = RedisStore::open(&login(query)).unwrap();
        let error = store.load(new_id()).await.unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{error}");
        assert!(!store.is_healthy().await);
    }
    // Nobody notices that two of the Sentinels are gone.
    let [_, _, last] = &fleet.sentinels[..] else { panic!("three Sentinels") };
    for sentinel in &fleet.sentinels {
        if sentinel.host_and_port() != last.host_and_port() {
            sentinel.halt();
        }
    }
    let store = RedisStore::new(&patient(&login(good)));
    assert_eq!(store.load(new_id()).await, Ok(None));
    fleet.sentinels.iter().for_each(Server::resume);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_too_few_replicas_have_is_unavailable_and_a_read_is_not() {
    let Some(_) = address() else { return };
    let primary = Server::start(&[]);
    let place = primary.host_and_port().replace(':', " ");
    let replica = Server::start(&["--replicaof", &place]);
    let follows = || has_a_replica(&primary);
    tokio::task::block_in_place(|| wait("the replica follows", follows));
    let pool = patient(&primary.address());
    let waits = pool.clone().wait_for_replicas(1);
    let (store, list, id) = (RedisStore::new(&waits), RedisRevocations::new(&waits), new_id());
    assert!(store.save(id, &record(id), Save::Create).await.unwrap());
    list.revoke(id, Mark::Ended, UnixTime::MAX).await.unwrap();
    let copy = RedisStore::new(&patient(&replica.address()));
    assert_eq!(copy.load(id).await.unwrap(), Some(record(id)), "the replica has what was acknowledged");

    replica.halt();
    {
        let waits = waits.timeout(Duration::from_secs(1));
        let (store, list, other) = (RedisStore::new(&waits), RedisRevocations::new(&waits), new_id());
        let unavailable =
            |error: sealed_session::BackendError| assert_eq!(error.kind(), BackendErrorKind::Unavailable, "{error}");
        unavailable(store.save(other, &record(other), Save::Create).await.unwrap_err());
        unavailable(store.save(id, &record(id), Save::Replace(record(id).tag())).await.unwrap_err());
        unavailable(list.revoke(other, Mark::Ended, UnixTime::MAX).await.unwrap_err());
        // A mark that is there already, and a record that is gone already, are not acknowledged either: perhaps the
        // replica never heard of them.
        unavailable(list.revoke(other, Mark::Ended, UnixTime::MAX).await.unwrap_err());
        unavailable(store.delete(other).await.unwrap_err());
        unavailable(store.delete(other).await.unwrap_err());
        let generation = sealed_session::Generation::from_bytes([7; 8]);
        for _ in 0..2 {
            unavailable(
                list.revoke_subject("7", sealed_session::Only::Any, generation, UnixTime::MAX).await.unwrap_err(),
            );
        }
        unavailable(store.clear().await.unwrap_err());
        assert!(!store.is_healthy().await && !list.is_healthy().await);
    }

    // Reads go on, and so do writes of a pool that does not wait.
    assert_eq!(list.look(Some(id), None).await.unwrap().mark, Some(Mark::Ended));
    assert!(RedisStore::new(&pool).save(new_id(), &record(id), Save::Create).await.unwrap());
    replica.resume();
    tokio::task::block_in_place(|| wait("the replica is back", follows));
    assert!(store.save(new_id(), &record(id), Save::Create).await.unwrap());
    assert!(store.is_healthy().await && list.is_healthy().await);
}

fn has_a_replica(primary: &Server) -> bool {
    let output =
        std::process::Command::new("redis-cli").args(["-u", &primary.address(), "INFO", "replication"]).output();
    String::from_utf8(output.unwrap().stdout).unwrap().contains("state=online")
}

/// The place of each server of a network namespace: an address and a user of its own, so that rules of routing can cut
/// it off.
fn places_of_a_network() -> Option<Vec<Place>> {
    if std::env::var("SEALED_SESSION_REDIS_NETWORK").is_err() {
        eprintln!("skipped: no network namespace to cut servers off in; tests/faults/run_with_redis makes one");
        return None;
    }
    Some((1..=6_u8).map(|n| Place { host: format!("127.0.1.{n}"), user: Some(USERS + u32::from(n)) }).collect())
}

/// The servers run as users whose numbers follow this one.
const USERS: u32 = 20_000;

/// Cuts the servers at these places off from all others. Clients, who have an address of their own, still reach them.
fn cut(places: &[Place], is_cut: bool) {
    let change = if is_cut { "add" } else { "del" };
    let ip = |args: String| {
        let status = std::process::Command::new("ip").args(args.split(' ')).status().unwrap();
        assert!(status.success(), "ip {args}");
    };
    let (all, clients) = (format!("{}-{}", USERS + 1, USERS + 99), "127.0.9.9");
    for place in places {
        let user = place.user.unwrap();
        ip(format!("rule {change} pref 40 uidrange {user}-{user} to {clients} lookup local"));
        ip(format!("rule {change} pref 50 uidrange {user}-{user} blackhole"));
        ip(format!("rule {change} pref 50 uidrange {all} to {} blackhole", place.host));
    }
    ip("route flush cache".to_owned());
}

/// Cuts off the first server, and heals the network when another one has taken over and clients had time to hear of it.
async fn cut_off(what: &str, pool: &RedisPool, fleet: &Fleet, places: &[Place]) -> Cost {
    let [first, ..] = &fleet.servers[..] else { panic!("no server") };
    assert!(fleet.is_primary(first));
    let before = fleet.primaries_beside(first);
    let fault = || {
        cut(&places[..1], true);
        fleet.wait_for_successor(first, before);
        std::thread::sleep(Duration::from_millis(1500));
    };
    let mend = || {
        cut(&places[..1], false);
        fleet.wait_until_whole(first, before);
    };
    run(what, pool, fault, mend).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_primary_of_a_cluster_is_cut_off_nothing_acknowledged_is_lost_if_it_waits_for_its_replica() {
    let Some(places) = places_of_a_network() else { return };
    for (wait, may_lose) in [(0, true), (1, false)] {
        let fleet = Fleet::cluster(&places, true, &[], &[]);
        let pool = RedisPool::open(&fleet.cluster_url()).unwrap().wait_for_replicas(wait);
        let cost = cut_off(&format!("cluster, WAIT {wait}, primary cut off"), &pool, &fleet, &places).await;
        // Without the wait writes are lost, which proves that the server was cut off.
        assert_eq!(cost.lost > 0, may_lose, "WAIT {wait}: {} lost", cost.lost);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_primary_behind_sentinel_is_cut_off_nothing_acknowledged_is_lost_if_it_waits_for_its_replica() {
    let Some(places) = places_of_a_network() else { return };
    for (wait, may_lose) in [(0, true), (1, false)] {
        let fleet = Fleet::with_sentinels(&places[..5], "", &[]);
        fleet.wait_for_sentinels(&[]);
        let pool = RedisPool::open(&fleet.sentinel_url("")).unwrap().wait_for_replicas(wait);
        let cost = cut_off(&format!("Sentinel, WAIT {wait}, primary cut off"), &pool, &fleet, &places).await;
        assert_eq!(cost.lost > 0, may_lose, "WAIT {wait}: {} lost", cost.lost);
    }
}
