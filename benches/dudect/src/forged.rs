//! [`Pair`]: two wrong texts of one length, and how a sample gets one of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dudect_bencher::rand::RngExt;
use dudect_bencher::{BenchRng, Class};

const TAG: usize = 16;

/// The number of samples that one pair is used for. Then another takes its place, so that nothing is measured that is
/// true of one text or of its place in memory alone.
pub const SAMPLES_OF_A_PAIR: usize = 500;

pub struct Pair {
    pub right: String,
    first: String,
    /// The first text XOR the other one.
    difference: Vec<u8>,
}

impl Pair {
    /// Makes a pair of wrong texts: in the first one the first byte of the secret part is wrong, in the other one the
    /// last.
    pub fn new(right: String, [first, last]: [String; 2]) -> Self {
        assert!([&first, &last].iter().all(|text| text.len() == right.len() && **text != right));
        let difference = first.bytes().zip(last.bytes()).map(|(first, last)| first ^ last).collect();
        Self { right, first, difference }
    }

    /// Makes a pair of a sealed text, with one byte of its tag changed.
    pub fn forged(sealed: String) -> Self {
        let envelope = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        let wrong = [TAG, 1].map(|from_the_end| {
            let mut envelope = envelope.clone();
            let position = envelope.len() - from_the_end;
            envelope[position] ^= 0x55;
            URL_SAFE_NO_PAD.encode(envelope)
        });
        Self::new(sealed, wrong)
    }

    /// Makes a pair of one text twice: whatever is seen then is no leak.
    pub fn same(self) -> Self {
        let last = self.first.clone();
        Self::new(self.right, [self.first, last])
    }

    /// Returns a copy of one of the texts, made of both of them. Neither a branch nor an address depends on the class:
    /// both have an effect on how fast the processor is a moment later, when the refusal is timed.
    pub fn of(&self, drawn: Drawn) -> String {
        let mask = 0_u8.wrapping_sub(drawn.0);
        let bytes = self.first.bytes().zip(&self.difference).map(|(byte, difference)| byte ^ difference & mask);
        String::from_utf8(bytes.collect()).unwrap()
    }
}

/// Says which of two texts a sample gets: 0 or 1.
#[derive(Clone, Copy)]
pub struct Drawn(u8);

impl Drawn {
    pub fn class(self) -> Class {
        if self.0 == 0 { Class::Left } else { Class::Right }
    }
}

/// Draws for each sample.
pub fn draw(rng: &mut BenchRng, samples: usize) -> Vec<Drawn> {
    (0..samples).map(|_| Drawn(u8::from(rng.random::<bool>()))).collect()
}
