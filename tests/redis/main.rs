//! The store and the list in a real Redis: tests/faults/run_with_redis starts one and runs this.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]
#![expect(clippy::print_stderr, clippy::arithmetic_side_effects, reason = "a test says what it did, and counts it")]

mod connection;
mod crashes;
mod list;
mod processes;
mod server;
mod store;

use sealed_session::{RedisPool, SessionId, UnixTime};

/// The Redis of `SEALED_SESSION_REDIS`, under a prefix of the test's own. `None`, with a line that says so, when there is none.
fn pool(test: &str) -> Option<RedisPool> {
    Some(RedisPool::open(&address()?).unwrap().prefix(&format!("{test}:{}:", SessionId::generate().unwrap())))
}

/// The address of a Redis that tests may fill as they like.
fn address() -> Option<String> {
    match std::env::var("SEALED_SESSION_REDIS") {
        Ok(address) if address == "required" => {
            panic!("a Redis is required and none was started: use tests/faults/run_with_redis")
        }
        Ok(address) => Some(address),
        Err(_) => {
            eprintln!("skipped: SEALED_SESSION_REDIS names no Redis; tests/faults/run_with_redis starts one");
            None
        }
    }
}

/// A connection of the test's own, for what no store would do.
async fn raw(address: &str) -> redis::aio::MultiplexedConnection {
    redis::Client::open(address).unwrap().get_multiplexed_async_connection().await.unwrap()
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap()
}

fn new_id() -> SessionId {
    SessionId::generate().unwrap()
}
