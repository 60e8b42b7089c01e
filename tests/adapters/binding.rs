//! The checks of device binding: what an adapter does for it in the place of the application.

#![expect(clippy::indexing_slicing, reason = "a helper that fails is a test that fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use sealed_session::{DeviceBinding, FailurePolicy, UnixTime};
use serde_json::{Value, json};

use crate::common::{Reply, Send, Small, be, config, ran, with_headers};

const ROUTE: &str = "POST /device-binding";

/// A browser with its cookies, and its device.
struct Browser<'a> {
    send: &'a Send,
    key: SigningKey,
    cookies: Vec<(String, String)>,
}

impl Browser<'_> {
    fn new(send: &Send) -> Browser<'_> {
        Browser { send, key: SigningKey::from_slice(&[7; 32]).unwrap(), cookies: Vec::new() }
    }

    fn request(&mut self, path: &str, headers: Vec<(&'static str, String)>) -> Reply {
        with_headers(headers);
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let reply = (self.send)(path, &[&cookies.join("; ")], false);
        for line in reply.all("set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        reply
    }

    fn sign(&self, header: &Value, challenge: &str) -> String {
        let text = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", text(header), text(&json!({"jti": challenge})));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// Logs in, and registers the key. Returns the identifier of the DBSC session.
    fn log_in(&mut self) -> String {
        let reply = self.request("/answer?do=login", Vec::new());
        let [offer] = reply.all("secure-session-registration")[..] else { panic!("{reply:?}") };
        assert!(offer.starts_with("(ES256);path=\"/device-binding\";challenge=\""), "{offer}");
        let challenge = offer.rsplit('"').nth(1).unwrap();
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
        let proof = self.sign(&json!({"typ": "dbsc+jwt", "alg": "ES256", "jwk": jwk}), challenge);
        let reply = self.request(ROUTE, vec![("secure-session-response", proof)]);
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.all("set-cookie").len(), 2, "each is a header of its own: {reply:?}");
        assert_eq!(reply.all("content-type"), ["application/json"]);
        assert_eq!(reply.all("cache-control"), ["no-store"]);
        let instructions: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(instructions["credentials"][0]["name"], "sid-bound");
        instructions["session_identifier"].as_str().unwrap().to_owned()
    }

    /// Refreshes: asks for a challenge, and signs it.
    fn refresh(&mut self, identifier: &str) {
        let id = || ("sec-secure-session-id", identifier.to_owned());
        let reply = self.request(ROUTE, vec![id()]);
        assert_eq!(reply.status, 403, "{reply:?}");
        let challenge = reply.all("secure-session-challenge")[0].split('"').nth(1).unwrap().to_owned();
        let proof = self.sign(&json!({"typ": "dbsc+jwt", "alg": "ES256"}), &challenge);
        let reply = self.request(ROUTE, vec![id(), ("secure-session-response", proof)]);
        assert_eq!((reply.status, reply.all("set-cookie").len()), (200, 1), "{reply:?}");
    }
}

/// Makes the applications of this test bind their sessions, and returns their clock.
fn bind() -> Arc<AtomicU64> {
    let seconds = Arc::new(AtomicU64::new(1_700_000_000));
    let clock = Arc::clone(&seconds);
    let clock = move || UnixTime::from_secs(clock.load(Ordering::Relaxed)).unwrap();
    be(config().device_binding(DeviceBinding::new()).clock(clock).build().unwrap());
    seconds
}

pub(crate) fn a_login_is_offered_a_binding_and_the_session_is_bound_and_refreshed(send: &Send) {
    let clock = bind();
    let mut browser = Browser::new(send);
    let identifier = browser.log_in();
    assert_eq!(browser.request("/visit", Vec::new()).body, "1");
    assert!(browser.request("/visit", Vec::new()).all("secure-session-registration").is_empty(), "it is no login");
    let cookie = browser.cookies.iter().find(|(name, _)| name == "sid").unwrap().1.clone();
    assert_eq!(send("/read", &[&format!("sid={cookie}")], false).body, "0", "a copy of the session cookie");
    clock.fetch_add(600, Ordering::Relaxed);
    let reply = browser.request("/read", Vec::new());
    assert_eq!((reply.body.as_str(), reply.all("set-cookie").len()), ("0", 0), "it is stale, and left alone");
    browser.refresh(&identifier);
    assert_eq!(browser.request("/read", Vec::new()).body, "2");
    let reply = browser.request("/logout", Vec::new());
    assert_eq!(reply.all("set-cookie").len(), 2, "both cookies are deleted: {reply:?}");
}

pub(crate) fn a_link_on_another_site_to_a_stale_session_is_bounced_without_a_handler(send: &Send) {
    let clock = bind();
    let mut browser = Browser::new(send);
    let identifier = browser.log_in();
    let from = |site: &str| vec![("sec-fetch-mode", "navigate".to_owned()), ("sec-fetch-site", site.to_owned())];
    assert_eq!(browser.request("/visit", from("cross-site")).body, "1", "it is fresh");
    clock.fetch_add(600, Ordering::Relaxed);
    ran();
    let reply = browser.request("/visit", from("cross-site"));
    assert_eq!((reply.status, reply.body.as_str(), reply.all("refresh")), (200, "", vec!["0"]));
    assert_eq!(reply.all("cache-control"), ["no-store"]);
    assert_eq!((ran(), reply.all("set-cookie").len()), (0, 0));
    browser.refresh(&identifier);
    assert_eq!(browser.request("/visit", from("same-origin")).body, "2");
    clock.fetch_add(600, Ordering::Relaxed);
    assert_eq!(browser.request("/read", from("same-origin")).body, "0", "it is bounced once");
    for headers in [vec![from("cross-site").remove(0)], vec![from("cross-site").remove(1)]] {
        assert!(browser.request("/read", headers).all("refresh").is_empty());
    }
    let reply = browser.request("POST /read", from("cross-site"));
    assert!(reply.all("refresh").is_empty(), "a form that was sent is not sent again: {reply:?}");
    let mut stranger = Browser::new(send);
    assert_eq!(stranger.request("/read", from("cross-site")).body, "0", "there is nothing to refresh");
}

pub(crate) fn other_requests_to_the_route_are_the_applications(send: &Send) {
    bind();
    let mut browser = Browser::new(send);
    browser.log_in();
    for path in ["/device-binding", "POST /device-binding/", "POST /other-path"] {
        let reply = browser.request(path, Vec::new());
        assert!([404, 405].contains(&reply.status), "{path}: {reply:?}");
    }
    be(config().build().unwrap());
    let reply = browser.request(ROUTE, Vec::new());
    assert!([404, 405].contains(&reply.status), "without device binding: {reply:?}");
}

pub(crate) fn a_store_that_fails_is_a_503_at_the_route_whatever_the_application_answers(send: &Send) {
    let store = Small::default();
    let is_broken = Arc::clone(&store.is_broken);
    let config = config().store(store).device_binding(DeviceBinding::new()).on_backend_failure(FailurePolicy::Fail);
    be(config.build().unwrap());
    let mut browser = Browser::new(send);
    let identifier = browser.log_in();
    assert_eq!(browser.request("/visit", Vec::new()).body, "1");
    is_broken.store(true, Ordering::SeqCst);
    let cookies = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    for hooked in [false, true] {
        with_headers(vec![("sec-secure-session-id", identifier.clone())]);
        assert_eq!(send(ROUTE, &[&cookies], hooked).status, 503);
    }
    is_broken.store(false, Ordering::SeqCst);
    browser.refresh(&identifier);
    assert_eq!(browser.request("/visit", Vec::new()).body, "2");
}
