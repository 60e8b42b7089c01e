//! The tag of a cookie.

use dudect_bencher::{BenchRng, CtRunner};
use sealed_session::{Codec, Key, SessionConfig};

use crate::control::leaky_equality;
use crate::forged::{Pair, SAMPLES_OF_A_PAIR, draw};

const SAMPLES: usize = 1_000_000;

fn codec() -> Codec {
    SessionConfig::new(Key::generate().unwrap()).build_codec().unwrap()
}

fn forged(codec: &Codec) -> Pair {
    let mut data = codec.create().unwrap();
    data.set("user_id", "01JD3V6Z9QK2M8X4T7B5N0C1RF").unwrap();
    Pair::forged(codec.encode(&data).unwrap())
}

pub fn tag(runner: &mut CtRunner, rng: &mut BenchRng) {
    refuse(runner, rng, |pair| pair);
}

/// Measures what no difference looks like on this machine: both classes get the same text.
pub fn same_twice(runner: &mut CtRunner, rng: &mut BenchRng) {
    refuse(runner, rng, Pair::same);
}

fn refuse(runner: &mut CtRunner, rng: &mut BenchRng, pair_of: fn(Pair) -> Pair) {
    let codec = codec();
    for drawn in draw(rng, SAMPLES).chunks(SAMPLES_OF_A_PAIR) {
        let pair = pair_of(forged(&codec));
        for one in drawn {
            let value = pair.of(*one);
            runner.run_one(one.class(), || assert!(codec.decode(&value).is_err()));
        }
    }
}

pub fn control(runner: &mut CtRunner, rng: &mut BenchRng) {
    let codec = codec();
    for drawn in draw(rng, SAMPLES).chunks(SAMPLES_OF_A_PAIR) {
        let pair = forged(&codec);
        for one in drawn {
            let value = pair.of(*one);
            runner.run_one(one.class(), || {
                assert!(codec.decode(&value).is_err());
                assert!(!leaky_equality(&value, &pair.right));
            });
        }
    }
}
