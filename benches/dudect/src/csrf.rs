//! A CSRF token, whose first character is wrong, or whose last one.

use dudect_bencher::{BenchRng, Class, CtRunner};
use sealed_session::{Key, Session, SessionConfig};

use crate::control::leaky_equality;
use crate::forged::classes;

const SAMPLES: usize = 1_000_000;

struct Form {
    session: Session,
    token: String,
}

impl Form {
    fn new() -> Self {
        let manager = SessionConfig::new(Key::generate().unwrap()).build().unwrap();
        let session = manager.load(None::<&str>);
        let token = session.csrf_token().unwrap();
        // The session of the request that sends the form.
        let session = manager.load(manager.commit(&session).unwrap());
        assert!(session.verify_csrf_token(&token));
        Self { session, token }
    }

    fn wrong(&self, class: Class) -> String {
        let mut token = self.token.clone().into_bytes();
        let at = if matches!(class, Class::Left) { 0 } else { token.len() - 1 };
        token[at] = if token[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(token).unwrap()
    }
}

pub fn token(runner: &mut CtRunner, rng: &mut BenchRng) {
    let form = Form::new();
    for class in classes(rng, SAMPLES) {
        let token = form.wrong(class);
        runner.run_one(class, || assert!(!form.session.verify_csrf_token(&token)));
    }
}

pub fn control(runner: &mut CtRunner, rng: &mut BenchRng) {
    let form = Form::new();
    for class in classes(rng, SAMPLES) {
        let token = form.wrong(class);
        runner.run_one(class, || {
            assert!(!form.session.verify_csrf_token(&token));
            assert!(!leaky_equality(&token, &form.token));
        });
    }
}
