//! Helpers that several test programs need. Cargo builds each program apart, so each of them compiles this module
//! again.

#![allow(dead_code, reason = "each test program uses some of these helpers, and none uses all of them")]

use sealed_session::{SessionId, UnixTime};

/// The time at which the clock of a test starts. Nothing depends on this particular second.
pub(crate) const START: u64 = 1_700_000_000;

/// The key under which most tests seal. docs/wire-format.md and tests/vectors/v1.json have the same one.
pub(crate) const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// A second key, for rotations and for cookies of another server.
pub(crate) const OTHER_KEY: &str = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

/// The time that is so many seconds after 1970.
pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds).unwrap()
}

/// The same id for the same number, in every process.
pub(crate) fn id(number: u64) -> SessionId {
    SessionId::from_bytes(u128::from(number).to_be_bytes())
}

pub(crate) fn new_id() -> SessionId {
    SessionId::generate().unwrap()
}
