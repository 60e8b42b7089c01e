//! Compares decode and encode with their floor: the sum of the parts that no implementation can do without.
//!
//! Run `cargo bench`, or `cargo bench --bench floor -- 500` for 500 rounds instead of 101. On a noisy machine the
//! ratios can be trusted, and the nanoseconds can't. `benches/peers` measures everything else.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a bench: it stops at what goes wrong, and prints what it finds"
)]

#[path = "support/floor.rs"]
mod parts;
#[path = "support/rounds.rs"]
mod rounds;
#[path = "support/workloads.rs"]
#[expect(dead_code, reason = "the peers read values too")]
mod workloads;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use parts::Floor;
use sealed_session::{Codec, Key, SessionConfig, SessionData};
use workloads::{WORKLOADS, Workload};

const KEY: [u8; 32] = *b"thirty-two bytes that are no key";
const NAME: &str = "session";

fn main() {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(101);
    println!("| | ours, ns | floor, ns | ours / floor |\n|---|---|---|---|");
    for workload in &WORKLOADS {
        let times = rounds::medians(&mut cases(workload), rounds, Duration::from_micros(100));
        for (operation, pair) in ["decode", "encode"].iter().zip(times.chunks(2)) {
            let (ours, floor) = (pair[0], pair[1]);
            println!("| {operation} {} | {ours:.0} | {floor:.0} | {:.2} |", workload.name, ours / floor);
        }
    }
}

/// Returns four cases: decode and its floor, then encode and its floor.
fn cases(workload: &Workload) -> [Box<dyn FnMut()>; 4] {
    let key = Key::from_hex(&hex::encode(KEY)).unwrap();
    let codec = SessionConfig::new(key).cookie_name(NAME).max_cookie_bytes(4096).build_codec().unwrap();
    let data = session(&codec, workload);
    let value: Arc<str> = codec.encode(&data).unwrap().into();
    let floor = Arc::new(Floor::new(&KEY, NAME, &value));
    let plaintext = floor.decode(&value);
    let (other_codec, other_floor, other_value) = (codec.clone(), Arc::clone(&floor), Arc::clone(&value));
    let mut scratch = Vec::new();
    [
        Box::new(move || drop(black_box(codec.decode(black_box(&value)).unwrap()))),
        Box::new(move || drop(black_box(floor.decode(black_box(&other_value))))),
        Box::new(move || drop(black_box(other_codec.encode(black_box(&data)).unwrap()))),
        Box::new(move || drop(black_box(other_floor.encode(black_box(&plaintext), &mut scratch)))),
    ]
}

fn session(codec: &Codec, workload: &Workload) -> SessionData {
    let mut data = codec.create().unwrap();
    for (key, value) in workload.map() {
        data.set(&key, value).unwrap();
    }
    data
}
