//! Does the time that a refusal takes tell a forger how much of a tag was right?
//!
//! Two classes of one cookie, changed in the first byte of the tag or in the last. dudect compares the times of the two by
//! Welch's t-test: |t| over 5 with growing samples would be a leak, and a comparison that stops at the first wrong byte shows
//! |t| in the hundreds, as the control does, which is such a comparison.
//!
//! Run it as: cargo run --release --manifest-path benches/dudect/Cargo.toml

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

/// A sealed session, as bytes.
fn sealed(codec: &Codec) -> Vec<u8> {
    let mut data = codec.create().unwrap();
    data.set("user_id", "01JD3V6Z9QK2M8X4T7B5N0C1RF").unwrap();
    URL_SAFE_NO_PAD.decode(codec.encode(&data).unwrap()).unwrap()
}

/// The value with one byte of its tag changed, near or far from the start.
fn forged(envelope: &[u8], first: bool) -> String {
    let mut forged = envelope.to_vec();
    let position = forged.len() - if first { TAG } else { 1 };
    forged[position] ^= 0x55;
    URL_SAFE_NO_PAD.encode(forged)
}

/// For each sample its class, and whether that is the one with the wrong first byte.
fn classes(rng: &mut BenchRng) -> Vec<(Class, bool)> {
    (0..SAMPLES).map(|_| if rng.random::<bool>() { (Class::Left, true) } else { (Class::Right, false) }).collect()
}

fn wrong_first_or_last_byte_of_the_tag(runner: &mut CtRunner, rng: &mut BenchRng) {
    let codec = codec();
    let envelope = sealed(&codec);
    let (first, last) = (forged(&envelope, true), forged(&envelope, false));
    for (class, is_first) in classes(rng) {
        let value = if is_first { &first } else { &last };
        // A copy for each, so that both classes are read from the same place in the same state.
        let value = value.clone();
        runner.run_one(class, || codec.decode(&value).is_err());
    }
}

/// The control: a comparison that stops at the first difference, which must show.
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
