//! A fleet in one process, by the choices of a fuzzer: who goes on at each wait, what is lost, dropped or restarted,
//! and what time passes. After each step, what was promised must hold: tests/simulation, whose modules these are, says
//! what that is.
//!
//! The input is one byte for each choice. When it ends, the first request goes on until all are answered.
#![no_main]
#![expect(dead_code, reason = "the tests use more of the modules")]

#[path = "../../tests/simulation/answers.rs"]
mod answers;
#[path = "../../tests/simulation/browser.rs"]
mod browser;
#[path = "../../tests/simulation/choices.rs"]
mod choices;
#[path = "../../tests/simulation/doubles.rs"]
mod doubles;
#[path = "../../tests/simulation/draw.rs"]
mod draw;
#[path = "../../tests/simulation/event.rs"]
mod event;
#[path = "../../tests/simulation/fleet.rs"]
mod fleet;
#[path = "../../tests/simulation/handed.rs"]
mod handed;
#[path = "../../tests/simulation/handler.rs"]
mod handler;
#[path = "../../tests/helpers/mod.rs"]
mod helpers;
#[path = "../../tests/simulation/invariants.rs"]
mod invariants;
#[path = "../../tests/simulation/kind.rs"]
mod kind;
#[path = "../../tests/simulation/ledger.rs"]
mod ledger;
#[path = "../../tests/simulation/logins.rs"]
mod logins;
#[path = "../../tests/simulation/network.rs"]
mod network;
#[path = "../../tests/simulation/outside.rs"]
mod outside;
#[path = "../../tests/simulation/reader.rs"]
mod reader;
#[path = "../../tests/simulation/request.rs"]
mod request;
#[path = "../../tests/simulation/scheduler.rs"]
mod scheduler;
#[path = "../../tests/simulation/search.rs"]
mod search;
#[path = "../../tests/simulation/setting.rs"]
mod setting;
#[path = "../../tests/simulation/shelves.rs"]
mod shelves;
#[path = "../../tests/simulation/start.rs"]
mod start;
#[path = "../../tests/simulation/story.rs"]
mod story;
#[path = "../../tests/simulation/tree.rs"]
mod tree;
#[path = "../../tests/simulation/watch.rs"]
mod watch;
#[path = "../../tests/simulation/witness.rs"]
mod witness;
#[path = "../../tests/simulation/world.rs"]
mod world;

use libfuzzer_sys::fuzz_target;

use search::Found;

fuzz_target!(|bytes: &[u8]| {
    let mut found = Found::default();
    found.run_bytes(bytes);
    found.report();
});
