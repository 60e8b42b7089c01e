//! The tag of a cookie.

use dudect_bencher::{BenchRng, CtRunner};
use sealed_session::{Codec, Key, SessionConfig};

use crate::control::leaky_equality;
use crate::forged::{Forged, classes};

const SAMPLES: usize = 1_000_000;

fn codec() -> Codec {
    SessionConfig::new(Key::generate().unwrap()).build_codec().unwrap()
}

fn forged(codec: &Codec) -> Forged {
    let mut data = codec.create().unwrap();
    data.set("user_id", "01JD3V6Z9QK2M8X4T7B5N0C1RF").unwrap();
    Forged::new(&codec.encode(&data).unwrap())
}

pub fn tag(runner: &mut CtRunner, rng: &mut BenchRng) {
    let codec = codec();
    let forged = forged(&codec);
    for class in classes(rng, SAMPLES) {
        let value = forged.of(class);
        runner.run_one(class, || assert!(codec.decode(&value).is_err()));
    }
}

pub fn control(runner: &mut CtRunner, rng: &mut BenchRng) {
    let codec = codec();
    let forged = forged(&codec);
    for class in classes(rng, SAMPLES) {
        let value = forged.of(class);
        runner.run_one(class, || {
            assert!(codec.decode(&value).is_err());
            assert!(!leaky_equality(&value, &forged.right));
        });
    }
}
