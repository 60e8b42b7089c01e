//! Does the time that a refusal takes tell a forger how much of a tag was right?
//!
//! One cookie is forged in two ways: the first byte of its tag is wrong, or the last one. dudect compares the times of
//! the two refusals by Welch's t-test. A |t| over 5 that grows with the samples would be a leak. The control is a
//! comparison that stops at the first wrong byte, and shows a |t| in the hundreds.
//!
//! Run `cargo run --release --manifest-path benches/dudect/Cargo.toml`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dudect_bencher::rand::RngExt;
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};
use sealed_session::{Codec, Key, SessionConfig};

const SAMPLES: usize = 200_000;
const TAG: usize = 16;

fn codec() -> Codec {
    SessionConfig::new(Key::generate().unwrap()).build_codec().unwrap()
}

/// Seals a session and returns the bytes of its envelope.
fn sealed(codec: &Codec) -> Vec<u8> {
    let mut data = codec.create().unwrap();
    data.set("user_id", "01JD3V6Z9QK2M8X4T7B5N0C1RF").unwrap();
    URL_SAFE_NO_PAD.decode(codec.encode(&data).unwrap()).unwrap()
}

/// Returns the value with one byte of its tag changed: the first byte or the last.
fn forged(envelope: &[u8], first: bool) -> String {
    let mut forged = envelope.to_vec();
    let position = forged.len() - if first { TAG } else { 1 };
    forged[position] ^= 0x55;
    URL_SAFE_NO_PAD.encode(forged)
}

/// Draws a class for each sample. The bool is true for the class whose first byte is wrong.
fn classes(rng: &mut BenchRng) -> Vec<(Class, bool)> {
    (0..SAMPLES).map(|_| if rng.random::<bool>() { (Class::Left, true) } else { (Class::Right, false) }).collect()
}

fn wrong_first_or_last_byte_of_the_tag(runner: &mut CtRunner, rng: &mut BenchRng) {
    let codec = codec();
    let envelope = sealed(&codec);
    let (first, last) = (forged(&envelope, true), forged(&envelope, false));
    for (class, is_first) in classes(rng) {
        let value = if is_first { &first } else { &last };
        // Each sample gets a copy, so that both classes are read from the same place in the same state.
        let value = value.clone();
        runner.run_one(class, || codec.decode(&value).is_err());
    }
}

/// Measures the control: a comparison that stops at the first difference, whose times must differ.
fn control(runner: &mut CtRunner, rng: &mut BenchRng) {
    let envelope = sealed(&codec());
    let (first, last) = (forged(&envelope, true), forged(&envelope, false));
    let right = URL_SAFE_NO_PAD.encode(&envelope);
    for (class, is_first) in classes(rng) {
        let value = if is_first { &first } else { &last };
        let value = value.clone();
        runner.run_one(class, || {
            value.bytes().rev().zip(right.bytes().rev()).take(22).position(|(one, other)| one != other)
        });
    }
}

ctbench_main!(wrong_first_or_last_byte_of_the_tag, control);
