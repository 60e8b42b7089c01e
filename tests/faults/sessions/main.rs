//! Whole sessions, through the axum adapter over TCP, while the store or the revocation list behind them fails:
//! visitors keep a ledger of what was acknowledged, and hold each answer against it. `tests/faults/run_on_small_disk`
//! and `tests/faults/run_with_redis` run these tests, on Unix.
#![cfg(unix)]
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
mod failover;
#[path = "../../redis/fleet.rs"]
mod fleet;
mod full;
#[path = "../../helpers/mod.rs"]
mod helpers;
mod ledger;
mod lock;
mod process;
mod redis;
#[path = "../../redis/server.rs"]
mod server;
#[path = "../small_disk.rs"]
mod small_disk;
mod two;
mod visitor;

use sealed_session::{Key, SessionConfig};

/// A configuration with the same key in each process.
fn config() -> SessionConfig {
    SessionConfig::new(Key::from_hex(&hex::encode((0..32).collect::<Vec<u8>>())).unwrap())
}
