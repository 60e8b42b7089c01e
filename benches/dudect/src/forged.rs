//! [`Pair`]: two wrong texts of one length, and how a sample gets one of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dudect_bencher::rand::RngExt;
use dudect_bencher::{BenchRng, Class};

const TAG: usize = 16;

/// The number of samples that one pair is used for. Then another takes its place, so that nothing is measured that is true of one
/// text or of its place in memory alone.
pub const SAMPLES_OF_A_PAIR: usize = 500;

pub struct Pair {
    pub right: String,
    /// Both texts, one after the other.
    wrong: String,
}

impl Pair {
    /// Makes a pair of wrong texts: in the first one the first byte of the secret part is wrong, in the other one the last.
    pub fn new(right: String, wrong: [String; 2]) -> Self {
        assert!(wrong.iter().all(|text| text.len() == right.len() && *text != right));
        Self { right, wrong: wrong.concat() }
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
        let first = self.of(Drawn::FIRST);
        Self::new(self.right, [first.clone(), first])
    }

    /// Returns a copy of one of the texts. Each sample gets a copy, so that both classes are read from the same place, and no branch
    /// depends on the class: the processor would remember which way it went, and be faster or slower for it afterwards.
    pub fn of(&self, drawn: Drawn) -> String {
        let len = self.right.len();
        self.wrong[drawn.0 * len..][..len].to_owned()
    }
}

/// Says which of two texts a sample gets.
#[derive(Clone, Copy)]
pub struct Drawn(usize);

impl Drawn {
    const FIRST: Self = Self(0);

    pub fn class(self) -> Class {
        if self.0 == 0 { Class::Left } else { Class::Right }
    }
}

/// Draws for each sample.
pub fn draw(rng: &mut BenchRng, samples: usize) -> Vec<Drawn> {
    (0..samples).map(|_| Drawn(usize::from(rng.random::<bool>()))).collect()
}
