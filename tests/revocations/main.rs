//! Every list of revocations keeps to every rule of the trait, by the suite that a list of your own can pass too.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod memory;

use sealed_session::UnixTime;

const START: u64 = 1_700_000_000;

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap()
}
