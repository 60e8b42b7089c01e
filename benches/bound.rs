//! Compares a request with a session that is bound to a device with one whose session is not, and measures a refresh.
//!
//! Run `cargo bench --features dbsc --bench bound`, or add `-- 500` for 500 rounds instead of 101. With `aws-lc` as
//! well, AWS-LC opens the cookies and checks the proofs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a bench: it stops at what goes wrong, and prints what it finds"
)]

#[path = "support/rounds.rs"]
mod rounds;

use std::hint::black_box;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_lite::future::block_on;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use sealed_session::{
    Binding, BindingAnswer, BindingRequest, DeviceBinding, Key, Session, SessionConfig, SessionManager,
};
use serde_json::{Value, json};

const KEY: [u8; 32] = *b"thirty-two bytes that are no key";

fn main() {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(101);
    let times = rounds::medians(&mut cases(), rounds, Duration::from_micros(500));
    println!("| request | time, µs |\n|---|--:|");
    for (name, time) in NAMES.iter().zip(times) {
        println!("| {name} | {:.2} |", time / 1000.0);
    }
}

const NAMES: [&str; 3] = ["load and get, unbound", "load and get, bound", "a refresh"];

fn cases() -> [Box<dyn FnMut()>; 3] {
    let config = || SessionConfig::new(Key::from_hex(&hex::encode(KEY)).unwrap()).cookie_name("__Host-session");
    let plain = config().build().unwrap();
    let binding = config().device_binding(DeviceBinding::new()).build().unwrap();
    let (unbound, _) = login(&plain);
    let device = SigningKey::from_slice(&[1; 32]).unwrap();
    let bound = register(&binding, &device);
    let (manager, cookies) = (binding.clone(), bound.cookies.clone());
    [
        Box::new(move || load(&plain, &unbound, Binding::Unbound)),
        Box::new(move || load(&manager, &cookies, Binding::Fresh)),
        Box::new(move || {
            let session = binding.load(Some(&bound.cookies));
            let headers = [("secure-session-response", &*bound.proof), ("sec-secure-session-id", &bound.identifier)];
            assert_eq!(answer(&binding, &session, black_box(&headers)).status(), 200);
        }),
    ]
}

/// The parts of a binding that a browser has after it registered a key.
struct Bound {
    /// Its Cookie header.
    cookies: String,
    identifier: String,
    /// The proof of its next refresh.
    proof: String,
}

/// One request whose handler reads a value.
fn load(manager: &SessionManager, cookies: &str, binding: Binding) {
    let session = manager.load(Some(black_box(cookies)));
    assert_eq!(session.get::<u64>("user_id").unwrap(), Some(42));
    assert_eq!(session.binding(), binding);
}

/// Logs in. Returns the Cookie header, and the challenge if the login offers to register.
fn login(manager: &SessionManager) -> (String, Option<String>) {
    let session = manager.load(None::<&str>);
    session.regenerate().unwrap();
    session.set("user_id", 42).unwrap();
    let cookies = manager.commit(&session).unwrap();
    let cookies = cookies.into_iter().map(|line| pair(&line)).collect::<Vec<_>>().join("; ");
    // (ES256);path="…";challenge="…"
    let challenge = manager.binding_offer(&session).map(|(_, value)| value.split('"').nth(3).unwrap().to_owned());
    (cookies, challenge)
}

/// The name and the value of a cookie that a Set-Cookie header sets.
fn pair(line: &str) -> String {
    line.split(';').next().unwrap().to_owned()
}

/// Logs in and registers the key of a device.
fn register(manager: &SessionManager, device: &SigningKey) -> Bound {
    let (cookies, challenge) = login(manager);
    let point = device.verifying_key().to_sec1_point(false);
    let [x, y] = [1..33, 33..65].map(|range| URL_SAFE_NO_PAD.encode(&point.as_bytes()[range]));
    let jwk = json!({"crv": "P-256", "kty": "EC", "x": x, "y": y});
    let header = json!({"alg": "ES256", "jwk": jwk, "typ": "dbsc+jwt"});
    let session = manager.load(Some(&cookies));
    let proof = sign(device, &header, &challenge.unwrap());
    let answer = answer(manager, &session, &[("secure-session-response", &proof)]);
    let of = |wanted| answer.headers().filter(move |(name, _)| *name == wanted).map(|(_, value)| value);
    let cookies = of("set-cookie").map(pair).collect::<Vec<_>>().join("; ");
    // "…";id="…"
    let challenge: Vec<&str> = of("secure-session-challenge").next().unwrap().split('"').collect();
    let header = json!({"alg": "ES256", "typ": "dbsc+jwt"});
    Bound { cookies, identifier: challenge[3].to_owned(), proof: sign(device, &header, challenge[1]) }
}

/// Signs a proof, as the browser does.
fn sign(device: &SigningKey, header: &Value, challenge: &str) -> String {
    let payload = json!({"jti": challenge}).to_string();
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
    let signature: Signature = device.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// Asks the route.
fn answer(manager: &SessionManager, session: &Session, headers: &[(&str, &str)]) -> BindingAnswer {
    let find = |name: &str| headers.iter().find(|(header, _)| *header == name).map(|(_, value)| *value);
    block_on(manager.answer_binding(session, &BindingRequest::from_headers(find)))
}
