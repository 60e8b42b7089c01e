//! Every list of revocations keeps to every rule of the trait, and each check of the suite can fail.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod broken;
mod memory;

use sealed_session::UnixTime;

const START: u64 = 1_700_000_000;

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap()
}
