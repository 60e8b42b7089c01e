//! [`Forged`]: a sealed text with one byte of its tag changed, in two ways.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dudect_bencher::rand::RngExt;
use dudect_bencher::{BenchRng, Class};

const TAG: usize = 16;

pub struct Forged {
    pub right: String,
    first: String,
    last: String,
}

impl Forged {
    pub fn new(sealed: &str) -> Self {
        let envelope = URL_SAFE_NO_PAD.decode(sealed).unwrap();
        let wrong_at = |position: usize| {
            let mut envelope = envelope.clone();
            envelope[position] ^= 0x55;
            URL_SAFE_NO_PAD.encode(envelope)
        };
        Self { right: sealed.to_owned(), first: wrong_at(envelope.len() - TAG), last: wrong_at(envelope.len() - 1) }
    }

    /// Returns a copy of the text of a class. Each sample gets a copy, so that both classes are read from the same place in the same
    /// state.
    pub fn of(&self, class: Class) -> String {
        match class {
            Class::Left => self.first.clone(),
            Class::Right => self.last.clone(),
        }
    }
}

/// Draws the class of each sample: the left one is wrong in the first byte, the right one in the last.
pub fn classes(rng: &mut BenchRng, samples: usize) -> Vec<Class> {
    (0..samples).map(|_| if rng.random::<bool>() { Class::Left } else { Class::Right }).collect()
}
