//! The stores on disk meet a full disk, killed writers and other processes. `tests/faults/run_on_small_disk` runs these
//! tests and brings the small disk.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails; counts are for the reader, and words between processes"
)]

mod full;
mod kill;
mod lock;
mod share;
mod small_disk;
mod stores;
mod worker;

// The stores on disk need no async runtime.
use futures_lite::future::block_on as run;
use sealed_session::{Record, SessionId, UnixTime};

fn id(group: u64, number: u64) -> SessionId {
    SessionId::from_bytes((u128::from(group) << 64 | u128::from(number)).to_be_bytes())
}

/// A record of 1 to 60,000 bytes. Each of the bytes depends on the version, so that a mix of two versions is found.
fn record(version: u64) -> Record {
    let len = usize::try_from(version.wrapping_mul(7_919) % 60_000).unwrap() + 1;
    let bytes: Vec<u8> = (0..len).map(|at| version.to_be_bytes()[at % 8] ^ u8::try_from(at % 251).unwrap()).collect();
    Record::new(bytes, UnixTime::from_secs(4_000_000_000 + version).unwrap())
}

/// A random number below this limit.
fn random_below(limit: u64) -> u64 {
    let [bytes @ .., _, _, _, _, _, _, _, _] = SessionId::generate().unwrap().to_bytes();
    u64::from_be_bytes(bytes) % limit
}
