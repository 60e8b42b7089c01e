//! The answers of the route, one by one.

use super::browser::Browser;
use super::site::{ROUTE, Request, Response, Site, key, log_in, page};
use crate::crypto::KeyRing;
use crate::device_binding::DeviceBinding;
use crate::device_binding::proof::device::Device;

/// Posts headers to the route with the cookies of a browser.
fn post(site: &Site, browser: &Browser<'_>, headers: &[(&'static str, &str)]) -> Response {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    site.answer(&browser.request("POST", ROUTE, headers), &page)
}

const PROOF: &str = "secure-session-response";
const ID: &str = "sec-secure-session-id";

fn ends(response: &Response) -> bool {
    let json: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    response.status == 200 && json["continue"] == false && response.set_cookies().count() == 0
}

#[test]
fn an_answer_is_never_stored() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    assert_eq!(post(&site, &browser, &[]).header("cache-control"), Some("no-store"));
    browser.log_in();
    let dbsc = browser.dbsc[0].clone();
    let response = site.answer(&browser.refresh_request(&dbsc), &page);
    assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")));
    assert_eq!(response.header("content-type"), Some("application/json"));
}

#[test]
fn the_offer_and_the_instructions_are_what_the_draft_says() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    let response = browser.get(&log_in);
    let offer = response.header("secure-session-registration").unwrap();
    assert!(offer.starts_with(r#"(ES256);path="/device-binding";challenge=""#), "{offer}");
    let request = browser.registration(offer);
    let response = site.answer(&request, &page);
    let json: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "session_identifier": json["session_identifier"],
            "refresh_url": "/device-binding",
            "scope": {"include_site": false},
            "credentials": [{
                "type": "cookie",
                "name": "__Host-session-bound",
                "attributes": "HttpOnly; SameSite=Lax; Secure; Path=/",
            }],
        })
    );
    let lines: Vec<_> = response.set_cookies().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("__Host-session-bound="), "{lines:?}");
    assert!(lines[0].ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"), "{lines:?}");
    assert!(lines[1].starts_with("__Host-session="), "{lines:?}");
}

#[test]
fn a_registration_without_a_good_proof_is_a_400() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let (_, challenge) = super::browser::read_offer(&browser.offers[0]);
    let device = Device::new(1);
    let forged = {
        let mut proof = device.registration(&challenge);
        let last = if proof.ends_with('A') { "Q" } else { "A" };
        proof.replace_range(proof.len() - 1.., last);
        proof
    };
    for proof in ["", "x", "a.b.c", &device.refresh(&challenge), &forged] {
        assert_eq!(post(&site, &browser, &[(PROOF, proof)]).status, 400, "{proof}");
    }
    assert_eq!(post(&site, &browser, &[]).status, 400);
    assert_eq!(post(&site, &browser, &[(PROOF, &format!("\"{}\"", device.registration(&challenge)))]).status, 200);
    assert_eq!(site.outcomes("refused"), 6);
}

#[test]
fn a_registration_with_another_challenge_or_without_a_session_is_a_403() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.get(&log_in);
    let (_, challenge) = super::browser::read_offer(&browser.offers[0]);
    let device = Device::new(1);
    let proof = device.registration(&challenge);
    assert_eq!(post(&site, &Browser::new(&site), &[(PROOF, &proof)]).status, 403, "nobody is logged in");
    assert_eq!(post(&site, &browser, &[(PROOF, &device.registration("made up"))]).status, 403);
    site.wait(720);
    assert_eq!(post(&site, &browser, &[(PROOF, &proof)]).status, 403, "720 seconds after the login");
    let mut bound = Browser::new(&site);
    bound.log_in();
    let refresh = bound.dbsc[0].challenge.clone().unwrap();
    assert_eq!(post(&site, &browser, &[(PROOF, &device.registration(&refresh))]).status, 403, "of a refresh");
}

#[test]
fn a_refresh_answers_by_what_is_wrong_with_it() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    let dbsc = browser.dbsc[0].clone();
    let (id, challenge) = (dbsc.identifier.as_str(), dbsc.challenge.unwrap());
    let device = Device::new(1);
    let good = device.refresh(&challenge);
    // Without a proof, and with an old or a foreign challenge: another one.
    for headers in [vec![(ID, id)], vec![(ID, id), (PROOF, &device.refresh("made up"))]] {
        let response = post(&site, &browser, &headers);
        assert_eq!(response.status, 403, "{headers:?}");
        assert!(response.header("secure-session-challenge").unwrap().ends_with(&format!("\";id=\"{id}\"")));
    }
    // No proof, a proof of another key, and the proof of a registration.
    for proof in ["", "x", &Device::new(2).refresh(&challenge), &device.registration(&challenge)] {
        assert_eq!(post(&site, &browser, &[(ID, id), (PROOF, proof)]).status, 400, "{proof}");
    }
    // An identifier that is none, and one of nobody's or another's session.
    for other in ["", "x", "\"", &id[1..], &challenge] {
        assert!(ends(&post(&site, &browser, &[(ID, other), (PROOF, &good)])), "{other}");
    }
    let mut another = Browser::new(&site);
    assert!(ends(&post(&site, &another, &[(ID, id), (PROOF, &good)])), "nobody is logged in");
    another.log_in();
    assert!(ends(&post(&site, &another, &[(ID, id), (PROOF, &good)])), "the cookies of another session");
    // Bare and in quotes.
    for header in [id.to_owned(), format!("\"{id}\"")] {
        assert_eq!(post(&site, &browser, &[(ID, &header), (PROOF, &good)]).status, 200);
    }
}

#[test]
fn a_node_without_the_key_of_a_session_or_of_a_binding_ends_neither() {
    let site = Site::new();
    let mut browser = Browser::new(&site);
    browser.log_in();
    let dbsc = browser.dbsc[0].clone();
    let refresh = browser.refresh_request(&dbsc);
    site.manager.set_keys(key(2));
    assert_eq!(site.answer(&refresh, &page).status, 503, "neither opens");
    assert_eq!(site.outcomes("failed"), 1);
    site.manager.set_keys(KeyRing::new(key(2), vec![key(1)]).unwrap());
    assert_eq!(site.answer(&refresh, &page).status, 200);
}

#[test]
fn a_site_without_device_binding_has_no_route_and_offers_nothing() {
    let manager = crate::config::SessionConfig::new(key(1)).build().unwrap();
    let session = manager.load(None::<&str>);
    log_in(&session);
    let _ = manager.commit(&session).unwrap();
    assert_eq!(manager.binding_offer(&session), None);
    let request = crate::device_binding::BindingRequest::from_headers(|_| None);
    let answer = futures_lite::future::block_on(manager.answer_binding(&session, &request));
    assert_eq!(answer.status(), 404);
}

#[test]
fn the_path_and_the_lifetime_of_the_configuration_are_those_of_the_answers() {
    let binding = DeviceBinding::new().path("/a/b").lifetime(std::time::Duration::from_secs(180));
    let site = Site::under(key(1), binding, |config| config);
    let mut browser = Browser::new(&site);
    let response = browser.get(&log_in);
    let offer = response.header("secure-session-registration").unwrap().to_owned();
    assert_eq!(super::browser::read_offer(&offer).0, "/a/b");
    let Request { headers, .. } = browser.registration(&offer);
    let response = site.answer(&Request { method: "POST", path: ROUTE.to_owned(), headers }, &page);
    assert!(response.set_cookies().next().unwrap().ends_with("Max-Age=180"));
    assert!(response.body.contains(r#""refresh_url":"/a/b""#));
}
