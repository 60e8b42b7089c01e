//! Does the time that a refusal takes tell how much of a secret was guessed?
//!
//! Each refused input is made in two ways: the first byte of the secret part is wrong, or the last one. dudect compares
//! the times of the two refusals by Welch's t-test. A |t| over 5 that grows with the samples would be a leak. Each
//! measurement has a control, which compares once more, with a comparison that stops at the first difference, and which
//! must show a leak. `tag, same twice` refuses the same text in both classes: it shows how large a |t| comes from the
//! machine alone.
//!
//! - `tag`: a cookie whose tag is wrong.
//! - `csrf`: a CSRF token.
//! - `identifier`: the identifier of a device-bound session, which no check of a signature precedes.
//! - `challenge`: the challenge in a device's proof. The proof is signed by the right key, so the challenge is what is
//!   refused.
//!
//! Run `cargo run --release --manifest-path benches/dudect/Cargo.toml`, and once more with `--features aws-lc`.
//! Arguments are the names of those to run. `--continuous NAME` repeats one with more and more samples.

mod control;
mod csrf;
mod forged;
mod proof;
mod tag;

use std::io;

use dudect_bencher::ctbench::{BenchFn, BenchMetadata, BenchName, BenchOpts, run_benches_console};

const BENCHES: [(&str, BenchFn); 9] = [
    ("challenge", proof::challenge),
    ("challenge, control", proof::challenge_control),
    ("csrf", csrf::token),
    ("csrf, control", csrf::control),
    ("identifier", proof::identifier),
    ("identifier, control", proof::identifier_control),
    ("tag", tag::tag),
    ("tag, control", tag::control),
    ("tag, same twice", tag::same_twice),
];

fn main() -> io::Result<()> {
    let cipher = if cfg!(feature = "aws-lc") { "AWS-LC (feature aws-lc)" } else { "RustCrypto (default)" };
    println!("ciphers and signatures: {cipher}");
    let mut names = std::env::args().skip(1).peekable();
    let continuous = names.next_if_eq("--continuous").is_some();
    let names: Vec<_> = names.collect();
    let chosen = BENCHES.into_iter().filter(|(name, _)| names.is_empty() || names.iter().any(|other| other == name));
    let benches = chosen.map(|(name, benchfn)| BenchMetadata { name: BenchName(name), seed: None, benchfn });
    run_benches_console(BenchOpts { continuous, ..BenchOpts::default() }, benches.collect())
}
