//! Whole sessions, through the axum adapter over TCP, while the store or the revocation list behind them fails: visitors keep
//! a ledger of what was acknowledged, and hold each answer against it. `tests/faults/run_on_small_disk` and
//! `tests/faults/run_with_redis` run these tests.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails; counts are for the reader, and words between processes"
)]

mod app;
mod connection;
mod disconnect;
mod full;
mod ledger;
mod lock;
mod process;
mod redis;
#[path = "../../redis/server.rs"]
mod server;
mod two;
mod visitor;

use sealed_session::{Key, SessionConfig, SessionId};

/// The same key in each process.
fn config() -> SessionConfig {
    SessionConfig::new(Key::from_hex(&hex::encode((0..32).collect::<Vec<u8>>())).unwrap())
}

fn new_id() -> SessionId {
    SessionId::generate().unwrap()
}

/// Whether tests may start a Redis; tests/faults/run_with_redis says so.
fn has_redis() -> bool {
    match std::env::var("SEALED_SESSION_REDIS") {
        Ok(address) if address == "required" => {
            panic!("a Redis is required and none was started: use tests/faults/run_with_redis")
        }
        Ok(_) => true,
        Err(_) => {
            println!("skipped: SEALED_SESSION_REDIS is not set; tests/faults/run_with_redis sets it");
            false
        }
    }
}
