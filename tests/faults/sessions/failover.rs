//! The primary of a cluster, or of a Redis behind Sentinel, is killed while an application over it is in use. It waits
//! for the replica with each write, so nothing that visitors were told is lost.

use std::thread;
use std::time::Duration;

use sealed_session::{FailurePolicy, RedisPool, RedisRevocations, RedisStore};
use tokio::runtime::Runtime;

use crate::app;
use crate::fleet::{Fleet, places};
use crate::ledger::{Counts, Promise, Run};
use crate::server::address;
use crate::visitor::Visitor;

const VISITORS: usize = 8;
/// This limit is shorter than a failover, so that requests meet the fault, and leaves a machine under load time beside
/// that.
const LIMIT: Duration = Duration::from_secs(2);

#[test]
fn when_the_primary_of_a_cluster_in_redis_is_killed_sessions_lose_nothing_and_come_back() {
    if address().is_some() {
        let fleet = Fleet::cluster(&places(6), true, &[], &[]);
        let url = fleet.cluster_url();
        check("a cluster", &url, fleet);
    }
}

#[test]
fn when_the_primary_behind_sentinel_in_redis_is_killed_sessions_lose_nothing_and_come_back() {
    if address().is_some() {
        let fleet = Fleet::with_sentinels(&places(5), "", &[]);
        fleet.wait_for_sentinels(&[]);
        let url = fleet.sentinel_url("");
        check("Sentinel", &url, fleet);
    }
}

fn check(what: &str, url: &str, mut fleet: Fleet) {
    let pool = RedisPool::open(url).unwrap().wait_for_replicas(1).timeout(LIMIT);
    let config =
        crate::config().store(RedisStore::new(&pool)).revocations(RedisRevocations::new(&pool)).subject("user");
    let runtime = Runtime::new().unwrap();
    let port = app::start(&runtime, config.build().unwrap(), 6_000);
    let promise = Promise { policy: FailurePolicy::Refuse, in_cookie: false, has_list: true, fails_over: true };
    let run = Run::new(VISITORS);
    let visitors = (0..VISITORS).map(|number| Visitor::new(number, &[port], promise, &run)).collect();
    let mut dead = fleet.servers.remove(0);
    assert!(fleet.is_primary(&dead));
    let before = fleet.primaries_beside(&dead);
    let mut recovery = 0;
    let visitors = run.work(visitors, || {
        thread::sleep(Duration::from_millis(900));
        run.begin_fault();
        dead.kill();
        fleet.wait_for_successor(&dead, before);
        dead.restart();
        fleet.wait_until_whole(&dead, before);
        recovery = run.end_fault();
        thread::sleep(Duration::from_millis(900));
    });
    let counts = Counts::of(visitors);
    println!(
        "{what}, primary killed: {counts}; 0 lost, 0 wrong, 0 back; all served {recovery} ms after the old primary was back"
    );
    assert!(counts.get("writes acknowledged") > 20 && counts.get("logouts") > 0, "{counts}");
    assert!(counts.get("500") + counts.get("empty") > 0, "no request met the fault: {counts}");
}
