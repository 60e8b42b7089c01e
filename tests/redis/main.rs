//! The store and the list of revocations in a real Redis. The script `tests/faults/run_with_redis` starts one and runs
//! these tests. They run on Unix, where they start, halt and kill servers of their own.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]
#![expect(clippy::print_stderr, clippy::arithmetic_side_effects, reason = "a test says what it did, and counts it")]

#[cfg(feature = "redis-tls")]
mod certificates;
mod cluster;
mod cluster_answers;
mod connection;
mod crashes;
mod failover;
mod fleet;
mod health;
#[path = "../helpers/mod.rs"]
mod helpers;
mod ledger;
mod list;
mod pooling;
mod processes;
mod refusals;
mod replicas;
mod scripted;
mod sentinels;
mod server;
mod shared_reads;
mod store;
#[cfg(feature = "redis-tls")]
mod tls;
mod walks;

use sealed_session::RedisPool;

use crate::helpers::new_id;
use crate::server::{PATIENCE, address};

/// The Redis of `SEALED_SESSION_REDIS`, under a prefix that no other test has. `None`, with a line that says so, when
/// there is none.
fn pool(test: &str) -> Option<RedisPool> {
    Some(patient(&address()?).prefix(&format!("{test}:{}:", new_id())))
}

/// The pool of a test in which Redis answers: it waits for a machine under load.
fn patient(url: &str) -> RedisPool {
    RedisPool::open(url).unwrap().timeout(PATIENCE)
}

/// A connection for commands that no store would send.
async fn raw(address: &str) -> redis::aio::MultiplexedConnection {
    redis::Client::open(address).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// The options that make the user of the application in a fleet of servers. The user may send the commands that the
/// documentation of the pool names, the commands in `also`, which this kind of fleet needs as well, and no others.
fn application<const N: usize>(also: [&'static str; N]) -> Vec<&'static str> {
    let always =
        "--user app on >secret ~sealed_session:* -@all +del +eval +get +getrange +ping +scan +set +unlink +wait";
    always.split(' ').chain(also).collect()
}
