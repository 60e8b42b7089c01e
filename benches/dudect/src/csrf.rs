//! A CSRF token, whose first character is wrong, or whose last one.

use dudect_bencher::{BenchRng, CtRunner};
use sealed_session::{Key, Session, SessionConfig};

use crate::control::leaky_equality;
use crate::forged::{Pair, SAMPLES_OF_A_PAIR, draw};

const SAMPLES: usize = 1_000_000;

/// Begins a session with a token. Returns the session of the request that sends the form, and wrong tokens.
fn form() -> (Session, Pair) {
    let manager = SessionConfig::new(Key::generate().unwrap()).build().unwrap();
    let session = manager.load(None::<&str>);
    let token = session.csrf_token().unwrap();
    let session = manager.load(manager.commit(&session).unwrap());
    assert!(session.verify_csrf_token(&token));
    let wrong = [0, token.len() - 1].map(|at| {
        let mut token = token.clone();
        let other = if token[at..].starts_with('A') { "B" } else { "A" };
        token.replace_range(at..=at, other);
        token
    });
    (session, Pair::new(token, wrong))
}

pub fn token(runner: &mut CtRunner, rng: &mut BenchRng) {
    for drawn in draw(rng, SAMPLES).chunks(SAMPLES_OF_A_PAIR) {
        let (session, pair) = form();
        for one in drawn {
            let token = pair.of(*one);
            runner.run_one(one.class(), || assert!(!session.verify_csrf_token(&token)));
        }
    }
}

pub fn control(runner: &mut CtRunner, rng: &mut BenchRng) {
    for drawn in draw(rng, SAMPLES).chunks(SAMPLES_OF_A_PAIR) {
        let (session, pair) = form();
        for one in drawn {
            let token = pair.of(*one);
            runner.run_one(one.class(), || {
                assert!(!session.verify_csrf_token(&token));
                assert!(!leaky_equality(&token, &pair.right));
            });
        }
    }
}
