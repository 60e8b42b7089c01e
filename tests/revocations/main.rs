//! The lists of revocations of this crate pass `testing::check_revocations`, the suite that lists of applications can
//! pass too.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "../helpers/mod.rs"]
mod helpers;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
