//! Redis is killed again and again under load. Afterwards all that it acknowledged is there, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sealed_session::RedisPool;

use crate::ledger::{Run, Visitor};
use crate::server::{PATIENCE, Server};
use crate::{address, patient};

const LIMIT: Duration = Duration::from_secs(1);
const KILLS: u64 = 6;
const TASKS: u64 = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_redis_is_killed_under_load() {
    let Some(_) = address() else { return };
    let mut server = Server::start(&[]);
    let pool = RedisPool::open(&server.address()).unwrap().timeout(LIMIT);
    let run = Arc::new(Run::default());
    let tasks = (0..TASKS).map(|n| tokio::spawn(Visitor::new(n, &pool, &run).work())).collect::<Vec<_>>();

    let mut recoveries = Vec::new();
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(600)).await;
        tokio::task::block_in_place(|| server.kill());
        tokio::time::sleep(Duration::from_millis(100 * (kill % 3))).await;
        tokio::task::block_in_place(|| server.restart());
        let (start, before) = (Instant::now(), run.good.load(Ordering::SeqCst));
        while run.good.load(Ordering::SeqCst) < before + TASKS {
            assert!(start.elapsed() < PATIENCE, "no recovery");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        recoveries.push(start.elapsed().as_millis());
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    run.is_over.store(true, Ordering::SeqCst);

    // Redis is killed once more. Then the clients from before and new ones check everything.
    let mut visitors = Vec::new();
    for task in tasks {
        visitors.push(task.await.unwrap());
    }
    tokio::task::block_in_place(|| {
        server.kill();
        server.restart();
    });
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (mut records, mut revocations) = (0, 0);
    for pool in [pool.timeout(PATIENCE), patient(&server.address())] {
        (records, revocations) = (0, 0);
        for visitor in &mut visitors {
            let (visitor_records, visitor_revocations) = visitor.verify(&pool).await;
            records += visitor_records;
            revocations += visitor_revocations;
        }
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    eprintln!(
        "redis killed {} times: {} calls answered, {} unavailable, the slowest in {} ms; {} writes acknowledged; at the end \
         {records} records and {revocations} revocations were as acknowledged, 0 lost, 0 wrong; back in use {recoveries:?} ms \
         after each start",
        KILLS + 1,
        count(&run.good),
        count(&run.unavailable),
        count(&run.slowest),
        count(&run.acknowledged),
    );
    assert!(count(&run.unavailable) > 0, "no call met a killed Redis");
    assert!(records > 100 && revocations > 100, "{records} {revocations}");
    assert!(Duration::from_millis(count(&run.slowest)) < LIMIT + PATIENCE, "{} ms", count(&run.slowest));
}
