//! Measures XAES-256-GCM by each way that sealed-session could take, and random bytes by either source. All ways give
//! the same bytes. `cargo run --release` prints a table of nanoseconds; docs/performance.md says what follows from it.

#[path = "../../support/rounds.rs"]
mod rounds;
mod ways;

use std::hint::black_box;
use std::time::Duration;

use rand::TryRng;
use ways::Way;

/// The bytes of the plaintexts of benches/workloads, padded.
const SIZES: [usize; 4] = [64, 352, 2208, 2944];

fn main() {
    let ways = ways::all();
    let columns = SIZES.map(|size| format!(" {size} B |")).concat();
    println!("| ns to seal |{columns}\n|---|{}", "--:|".repeat(SIZES.len()));
    let mut cells = vec![String::new(); ways.len()];
    for size in SIZES {
        let expected = ways[0].1(&mut vec![5; size]);
        assert!(ways.iter().all(|(name, seal)| seal(&mut vec![5; size]) == expected || name.ends_with(ways::PART)));
        let calls = ways.iter().map(|(_, seal)| call(seal.clone(), size));
        for (cell, ns) in cells.iter_mut().zip(medians(calls.collect())) {
            cell.push_str(&format!(" {ns:.0} |"));
        }
    }
    for ((name, _), cells) in ways.iter().zip(cells) {
        println!("| {name} |{cells}");
    }
    let of_system = || {
        let mut bytes = [0; 24];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).unwrap();
        let _ = black_box(bytes);
    };
    let of_aws_lc = || {
        let mut bytes = [0; 24];
        aws_lc_rs::rand::fill(&mut bytes).unwrap();
        let _ = black_box(bytes);
    };
    let [system, aws_lc] = medians(vec![Box::new(of_system), Box::new(of_aws_lc)])[..] else { return };
    println!("\n24 random bytes: {system:.0} ns by the operating system, {aws_lc:.0} ns by AWS-LC");
}

fn call(seal: Way, size: usize) -> Box<dyn FnMut()> {
    let mut message = vec![5; size];
    Box::new(move || {
        let _ = black_box(seal(black_box(&mut message)));
    })
}

fn medians(mut calls: Vec<Box<dyn FnMut()>>) -> Vec<f64> {
    rounds::medians(&mut calls, 301, Duration::from_micros(50))
}
