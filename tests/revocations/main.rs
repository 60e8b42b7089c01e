//! Every list of revocations keeps to every rule of the trait, by the suite that a list of your own can pass too.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "../helpers/mod.rs"]
mod helpers;
mod memory;
