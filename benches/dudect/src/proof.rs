//! The words of a browser to the route of device binding: the identifier of its session, and a proof, which repeats a
//! challenge.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dudect_bencher::{BenchRng, CtRunner};
use futures_lite::future::block_on;
use sealed_session::{BindingAnswer, BindingRequest, DeviceBinding, Key, Session, SessionConfig, SessionManager};

use crate::control::leaky_equality;
use crate::forged::{Pair, SAMPLES_OF_A_PAIR, draw};

const SAMPLES: usize = 200_000;
const PROOF: &str = "secure-session-response";
const IDENTIFIER: &str = "sec-secure-session-id";

/// The comparisons in the control of the challenge. The check of a signature precedes them, and takes thousands of
/// times longer than one, so one alone is not seen.
const COMPARISONS: usize = 1000;
/// So many comparisons are seen in few samples.
const CONTROL_SAMPLES: usize = 20_000;

pub fn identifier(runner: &mut CtRunner, rng: &mut BenchRng) {
    for drawn in draw(rng, SAMPLES).chunks(SAMPLES_OF_A_PAIR) {
        let site = Site::new();
        let pair = site.identifiers();
        for one in drawn {
            let (session, identifier) = (site.session(), pair.of(*one));
            // The browser is told that its session is over.
            let refuse = || assert_eq!(site.answer(&session, IDENTIFIER, &identifier).status(), 200);
            runner.run_one(one.class(), refuse);
        }
    }
}

pub fn identifier_control(runner: &mut CtRunner, rng: &mut BenchRng) {
    for drawn in draw(rng, SAMPLES).chunks(SAMPLES_OF_A_PAIR) {
        let site = Site::new();
        let pair = site.identifiers();
        for one in drawn {
            let (session, identifier) = (site.session(), pair.of(*one));
            runner.run_one(one.class(), || {
                let answer = site.answer(&session, IDENTIFIER, &identifier);
                (answer, leaky_equality(&identifier, &pair.right))
            });
        }
    }
}

pub fn challenge(runner: &mut CtRunner, rng: &mut BenchRng) {
    for drawn in draw(rng, SAMPLES).chunks(SAMPLES_OF_A_PAIR) {
        let site = Site::new();
        let _ = site.identifiers(); // the right challenge is good
        let pair = Pair::forged(site.challenge.clone());
        for one in drawn {
            // The signature differs each time, so what its check takes is as much in both classes.
            let (session, proof) = (site.session(), site.device.registration(&pair.of(*one)));
            // It is not the challenge of this session.
            runner.run_one(one.class(), || assert_eq!(site.answer(&session, PROOF, &proof).status(), 403));
        }
    }
}

pub fn challenge_control(runner: &mut CtRunner, rng: &mut BenchRng) {
    for drawn in draw(rng, CONTROL_SAMPLES).chunks(SAMPLES_OF_A_PAIR) {
        let site = Site::new();
        let pair = Pair::forged(site.challenge.clone());
        for one in drawn {
            let challenge = pair.of(*one);
            let (session, proof) = (site.session(), site.device.registration(&challenge));
            runner.run_one(one.class(), || {
                let answer = site.answer(&session, PROOF, &proof);
                (answer, (0..COMPARISONS).filter(|_| leaky_equality(&challenge, &pair.right)).count())
            });
        }
    }
}

/// A manager, and a login whose browser has not registered its key yet.
struct Site {
    manager: SessionManager,
    cookie: String,
    /// The challenge of the registration.
    challenge: String,
    device: Device,
}

impl Site {
    fn new() -> Self {
        let config = SessionConfig::new(Key::generate().unwrap()).device_binding(DeviceBinding::new());
        let manager = config.build().unwrap();
        let session = manager.load(None::<&str>);
        session.regenerate().unwrap();
        session.set("user_id", 42).unwrap();
        let cookie = manager.commit(&session).unwrap().into_iter().next().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let (_, offer) = manager.binding_offer(&session).unwrap();
        let challenge = offer.split("challenge=\"").nth(1).unwrap().trim_end_matches('"').to_owned();
        Self { manager, cookie, challenge, device: Device::new() }
    }

    /// Returns the session of a request, opened.
    fn session(&self) -> Session {
        let session = self.manager.load([&self.cookie]);
        assert!(session.contains("user_id"));
        session
    }

    /// Answers a request with one header.
    fn answer(&self, session: &Session, header: &str, value: &str) -> BindingAnswer {
        let request = BindingRequest::from_headers(|name| (name == header).then_some(value));
        block_on(self.manager.answer_binding(session, &request))
    }

    /// Registers the device, and returns wrong identifiers, made of the one that its browser got.
    fn identifiers(&self) -> Pair {
        let answer = self.answer(&self.session(), PROOF, &self.device.registration(&self.challenge));
        assert_eq!(answer.status(), 200, "what is refused otherwise is good");
        let rest = answer.body().split("\"session_identifier\":\"").nth(1).unwrap();
        Pair::forged(rest.split('"').next().unwrap().to_owned())
    }
}

/// A device with its key.
struct Device {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Device {
    fn new() -> Self {
        Self { key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), random: SystemRandom::new() }
    }

    /// Makes the proof of a registration.
    fn registration(&self, challenge: &str) -> String {
        let point = self.key.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let header = format!(r#"{{"alg":"ES256","jwk":{jwk},"typ":"dbsc+jwt"}}"#);
        let payload = format!(r#"{{"jti":"{challenge}"}}"#);
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.key.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
