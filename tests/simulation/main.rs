//! A fleet in one process: real sessions and real managers on doubles of the clock, the network, the store and the
//! list. A scheduler decides at each wait who goes on and what is lost; after each step, what was promised must hold.
//!
//! A failure tells the shortest of the runs that broke something, and its seed:
//! `SEALED_SESSION_SIMULATION_SEED=17 cargo test --test simulation` is that run alone.
//! `SEALED_SESSION_SIMULATION_SECONDS=60` makes as many runs as there is time for, and
//! `SEALED_SESSION_SIMULATION_ONLY=I4` looks for that invariant alone.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a helper that fails is a test that fails; counts are for the reader"
)]

mod answers;
mod browser;
mod choices;
mod doubles;
mod draw;
mod event;
mod fleet;
mod handed;
mod handler;
#[path = "../helpers/mod.rs"]
mod helpers;
mod invariants;
mod kind;
mod ledger;
mod logins;
mod network;
mod outside;
mod reader;
mod request;
mod scheduler;
mod search;
mod setting;
mod shelves;
mod start;
mod story;
mod tree;
mod watch;
mod witness;
mod world;

use std::env;
use std::time::{Duration, Instant};

use search::Found;
use setting::Setting;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Returns the instant at which no time is left; `None` if so many runs are made as are quick.
fn end() -> Option<Instant> {
    number("SEALED_SESSION_SIMULATION_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds))
}

#[test]
fn fleets_keep_their_promises_on_a_thousand_seeds() {
    let mut found = Found::default();
    match (number("SEALED_SESSION_SIMULATION_SEED"), end()) {
        (Some(seed), _) => found.run_seed(seed),
        (None, Some(end)) => (0..u64::MAX).take_while(|_| Instant::now() < end).for_each(|seed| found.run_seed(seed)),
        (None, None) => (0..1000).for_each(|seed| found.run_seed(seed)),
    }
    eprintln!("{} runs of {} steps", found.runs, found.steps);
    found.report();
}

#[test]
fn small_fleets_keep_their_promises_in_every_order() {
    if number("SEALED_SESSION_SIMULATION_SEED").is_some() {
        return;
    }
    let (mut found, end) = (Found::default(), end());
    let is_time_left = |found: &Found| end.map_or(found.runs < 1000, |end| Instant::now() < end);
    let count = Setting::small().take_while(|(setting, most)| found.run_all(setting, *most, &is_time_left)).count();
    eprintln!("{count} small fleets ({} cut short), {} runs of {} steps", found.cut, found.runs, found.steps);
    found.report();
}

/// The fuzz target `fuzz/fuzz_targets/simulation.rs` relies on this: an input that ends early is a whole run.
#[test]
fn every_input_of_the_fuzzer_is_a_run() {
    let mut found = Found::default();
    for length in 0..40 {
        found.run_bytes(&(0..length).map(|at: u8| at.wrapping_mul(151)).collect::<Vec<_>>());
    }
    assert_eq!(found.runs, 40);
    found.report();
}
