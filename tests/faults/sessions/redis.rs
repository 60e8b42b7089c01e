//! Redis is killed, started again and halted while nine applications use it. There is one for each place of the values
//! and each policy for failures.

use std::thread;
use std::time::Duration;

use sealed_session::{FailurePolicy, RedisPool, RedisRevocations, RedisStore, SessionConfig};
use tokio::runtime::Runtime;

use crate::app;
use crate::ledger::{Counts, Promise, Run};
use crate::server::{Server, address};
use crate::visitor::Visitor;

const POLICIES: [FailurePolicy; 3] = [FailurePolicy::Refuse, FailurePolicy::Fail, FailurePolicy::Admit];
const PLACEMENTS: [Placement; 3] = [Placement::Store, Placement::Spill, Placement::Cookie];
/// The number of visitors of each of the nine applications.
const VISITORS: usize = 3;
const KILLS: u64 = 5;
/// A machine under load answers within this time while there is no fault.
const LIMIT: Duration = Duration::from_secs(4);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placement {
    Store,
    /// The store takes only sessions that are larger than a cookie, and these are. There is a list of revocations too.
    Spill,
    /// All values are in the cookie. Only a list of revocations is in Redis.
    Cookie,
}

#[test]
fn when_redis_is_killed_sessions_fail_as_configured_and_come_back_with_it_by_themselves() {
    if address().is_none() {
        return;
    }
    let mut server = Server::start(&[]);
    let runtime = Runtime::new().unwrap();
    let setups: Vec<_> = PLACEMENTS.into_iter().flat_map(|at| POLICIES.map(|policy| (at, policy))).collect();
    let run = Run::new(setups.len() * VISITORS);
    let mut visitors = Vec::new();
    for (number, (placement, policy)) in setups.iter().enumerate() {
        let size = if *placement == Placement::Cookie { 100 } else { 10_000 };
        let config = config(&server, *placement, number).on_backend_failure(*policy);
        let port = app::start(&runtime, config.build().unwrap(), size);
        let promise = Promise {
            policy: *policy,
            in_cookie: *placement == Placement::Cookie,
            has_list: *placement != Placement::Store,
            fails_over: false,
        };
        visitors.extend((0..VISITORS).map(|n| Visitor::new(number * VISITORS + n, &[port], promise, &run)));
    }
    let mut recoveries = Vec::new();
    let visitors = run.work(visitors, || {
        for kill in 0..KILLS {
            thread::sleep(Duration::from_millis(900));
            run.begin_fault();
            server.kill();
            thread::sleep(Duration::from_millis(200 * (kill % 3)));
            server.restart();
            recoveries.push(run.end_fault());
        }
        thread::sleep(Duration::from_millis(500));
        run.begin_fault();
        server.halt();
        thread::sleep(LIMIT + LIMIT / 2);
        server.resume();
        recoveries.push(run.end_fault());
        thread::sleep(Duration::from_millis(500));
    });
    let mut visitors = visitors.into_iter();
    for (placement, policy) in setups {
        let counts = Counts::of(visitors.by_ref().take(VISITORS));
        println!("redis killed, {placement:?}, {policy:?}: {counts}; 0 lost, 0 wrong, 0 back");
        assert!(counts.get("writes acknowledged") > 20 && counts.get("copies refused") > 5, "{counts}");
        let may_fail = !(placement == Placement::Cookie && policy == FailurePolicy::Admit);
        assert!(counts.get("500") > 0 || !may_fail, "{counts}");
        let may_be_empty = may_fail && policy != FailurePolicy::Fail;
        assert_eq!(counts.get("empty") > 0, may_be_empty, "{counts}");
    }
    println!("redis killed {KILLS} times and halted once: all served {recoveries:?} ms after each");
}

fn config(server: &Server, placement: Placement, number: usize) -> SessionConfig {
    let pool = RedisPool::open(&server.address()).unwrap().timeout(LIMIT).prefix(&format!("{number}:"));
    let store = RedisStore::new(&pool);
    let list = RedisRevocations::new(&pool);
    match placement {
        Placement::Store => crate::config().store(store),
        Placement::Spill => crate::config().spill(store).revocations(list).subject("user"),
        Placement::Cookie => crate::config().revocations(list).subject("user"),
    }
}
