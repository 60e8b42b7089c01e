//! The command `sealed-session`, run as a shell runs it. The tests check what it prints, where, and its exit code. They
//! pass their own variables and never those of the process.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a test that fails")]

mod backends;
mod commands;
mod common;
mod doctor;
mod env_file;
#[path = "../spec/foreign.rs"]
mod foreign;
#[path = "../helpers/mod.rs"]
mod helpers;
mod inspect;
mod keygen;
mod mint;
mod page;
mod pasted;
mod rotate;
