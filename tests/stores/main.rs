//! The stores of this crate pass the suite, and keep what they say of themselves beyond it.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod memory;

use std::future::Future;

use sealed_session::{Record, SessionId, UnixTime};

/// No runtime: the stores need none.
fn run<T>(future: impl Future<Output = T>) -> T {
    futures_lite::future::block_on(future)
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap()
}

fn id(number: u64) -> SessionId {
    SessionId::from_bytes((u128::from(number) << 64 | u128::from(number)).to_be_bytes())
}

fn record(bytes: impl Into<Vec<u8>>, expires_at: u64) -> Record {
    Record::new(bytes.into(), at(expires_at))
}
