//! A browser that binds sessions, as Chromium 156 was seen to do (2026-11-25, software keys): it registers when it is
//! offered to, refreshes before a request that lacks its bound cookie, and ends a DBSC session for the answers that end
//! one there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::site::{Handler, Request, Response, Site, log_in, log_out, page};
use crate::device_binding::proof::device::Device;

/// A browser with one device. `None` instead of a device is a browser without device binding.
#[derive(Clone)]
pub(super) struct Browser<'s> {
    site: &'s Site,
    device: Option<u16>,
    pub(super) jar: BTreeMap<String, Cookie>,
    pub(super) dbsc: Vec<Dbsc>,
    /// The registrations that responses offered and that the browser has not sent yet.
    pub(super) offers: Vec<String>,
    /// The refreshes that it sent, with their answers.
    pub(super) refreshes: Vec<u16>,
}

#[derive(Clone, Debug)]
pub(super) struct Cookie {
    pub(super) value: String,
    pub(super) attributes: Attributes,
    expires_at: Option<u64>,
}

/// A DBSC session of the browser.
#[derive(Clone, Debug)]
pub(super) struct Dbsc {
    pub(super) identifier: String,
    pub(super) refresh_url: String,
    pub(super) name: String,
    pub(super) attributes: Attributes,
    pub(super) challenge: Option<String>,
}

/// The attributes by which a browser compares a cookie with the one that the instructions name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) domain: Option<String>,
    pub(super) path: Option<String>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: Option<String>,
    pub(super) max_age: Option<i64>,
}

impl Attributes {
    /// Reads attributes as RFC 6265bis section 5.6 does: names in any case, in any order.
    pub(super) fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for attribute in text.split(';') {
            let (name, value) = attribute.trim().split_once('=').unwrap_or((attribute.trim(), ""));
            match name.to_ascii_lowercase().as_str() {
                "domain" => found.domain = Some(value.to_ascii_lowercase()),
                "path" => found.path = Some(value.to_owned()),
                "secure" => found.secure = true,
                "httponly" => found.http_only = true,
                "samesite" => found.same_site = Some(value.to_ascii_lowercase()),
                "max-age" => found.max_age = Some(value.parse().unwrap()),
                "" | "expires" => {}
                other => panic!("an attribute that a browser refuses in instructions: {other}"),
            }
        }
        found
    }

    /// True when the browser takes a cookie with these attributes for the one that the instructions name.
    pub(super) fn match_those_of(&self, cookie: &Self) -> bool {
        assert_eq!(self.max_age, None, "Chromium refuses Max-Age in instructions");
        *self == Self { max_age: None, ..cookie.clone() }
    }
}

impl<'s> Browser<'s> {
    pub(super) fn new(site: &'s Site) -> Self {
        Self {
            site,
            device: Some(1),
            jar: BTreeMap::new(),
            dbsc: Vec::new(),
            offers: Vec::new(),
            refreshes: Vec::new(),
        }
    }

    pub(super) fn without_device(site: &'s Site) -> Self {
        Self { device: None, ..Self::new(site) }
    }

    /// Another device with the same cookies, and with the offers that were not taken yet, as a thief has them. No DBSC
    /// session comes along.
    pub(super) fn stolen(&self) -> Self {
        Self { device: Some(2), jar: self.jar.clone(), offers: self.offers.clone(), ..Self::new(self.site) }
    }

    pub(super) fn log_in(&mut self) {
        self.get(&log_in);
        self.register();
    }

    pub(super) fn log_out(&mut self) {
        self.get(&log_out);
    }

    /// Opens a page, and returns whose it is; the empty text is nobody's.
    pub(super) fn page(&mut self) -> String {
        self.get(&page).body
    }

    /// Sends a request from the site itself, with the refreshes that it waits for.
    pub(super) fn get(&mut self, handler: Handler<'_>) -> Response {
        self.refresh();
        self.exchange("GET", "/", Vec::new(), handler)
    }

    /// Follows a link on another site: nothing is refreshed before the request. If the answer is to load the page once
    /// more, the browser does that by itself.
    pub(super) fn follow_link(&mut self) -> (usize, String) {
        let headers = |site: &str| vec![("sec-fetch-mode", "navigate".to_owned()), ("sec-fetch-site", site.to_owned())];
        let mut response = self.exchange("GET", "/", headers("cross-site"), &page);
        let mut loads = 1_usize;
        while response.header("refresh") == Some("0") && loads < 5 {
            self.refresh();
            response = self.exchange("GET", "/", headers("same-origin"), &page);
            loads = loads.saturating_add(1);
        }
        (loads, response.body)
    }

    pub(super) fn cookies(&self) -> String {
        let alive = |cookie: &&Cookie| cookie.expires_at.is_none_or(|end| self.site.now() < end);
        let jar = self.jar.iter().filter(|(_, cookie)| alive(cookie));
        jar.map(|(name, cookie)| format!("{name}={}", cookie.value)).collect::<Vec<_>>().join("; ")
    }

    /// The cookies with those that are past their Max-Age, as a thief keeps them.
    pub(super) fn all_cookies(&self) -> String {
        self.jar.iter().map(|(name, cookie)| format!("{name}={}", cookie.value)).collect::<Vec<_>>().join("; ")
    }

    /// Makes a request with the cookies of this moment.
    pub(super) fn request(&self, method: &'static str, path: &str, headers: Vec<(&'static str, String)>) -> Request {
        let mut headers = headers;
        headers.push(("cookie", self.cookies()));
        Request { method, path: path.to_owned(), headers }
    }

    fn exchange(
        &mut self,
        method: &'static str,
        path: &str,
        headers: Vec<(&'static str, String)>,
        handler: Handler<'_>,
    ) -> Response {
        let response = self.site.answer(&self.request(method, path, headers), handler);
        self.receive(&response);
        response
    }

    /// Takes the cookies, the offer and the challenges of a response.
    pub(super) fn receive(&mut self, response: &Response) {
        for line in response.set_cookies() {
            let (pair, attributes) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let attributes = Attributes::parse(attributes);
            let expires_at = attributes.max_age.map(|age| self.site.now().saturating_add(u64::try_from(age).unwrap()));
            self.jar.insert(name.to_owned(), Cookie { value: value.to_owned(), attributes, expires_at });
            self.jar.retain(|_, cookie| cookie.expires_at != Some(self.site.now()));
        }
        if let (Some(offer), Some(_)) = (response.header("secure-session-registration"), self.device) {
            self.offers.push(offer.to_owned());
        }
        self.keep_challenge(response);
    }

    fn keep_challenge(&mut self, response: &Response) {
        let Some(header) = response.header("secure-session-challenge") else { return };
        let (challenge, id) = header.split_once(";id=").unwrap();
        let (challenge, id) = (challenge.trim_matches('"'), id.trim_matches('"'));
        for dbsc in self.dbsc.iter_mut().filter(|dbsc| dbsc.identifier == id) {
            dbsc.challenge = Some(challenge.to_owned());
        }
    }

    fn device(&self) -> Device {
        Device::new(self.device.unwrap())
    }

    /// Sends the registrations that were offered.
    pub(super) fn register(&mut self) -> Vec<u16> {
        let offers = std::mem::take(&mut self.offers);
        offers
            .iter()
            .map(|offer| {
                let response = self.site.answer(&self.registration(offer), &page);
                self.registered(&response);
                response.status
            })
            .collect()
    }

    /// Makes the request of a registration.
    pub(super) fn registration(&mut self, offer: &str) -> Request {
        let (path, challenge) = read_offer(offer);
        let proof = self.device().registration(&challenge);
        self.request("POST", &path, vec![("secure-session-response", proof)])
    }

    /// Takes the answer to a registration.
    pub(super) fn registered(&mut self, response: &Response) {
        self.receive(response);
        if response.status == 200 {
            let json: Value = serde_json::from_str(&response.body).unwrap();
            let credential = &json["credentials"][0];
            assert_eq!(credential["type"], "cookie");
            assert_eq!(json["scope"]["include_site"], false, "it is required");
            self.dbsc.push(Dbsc {
                identifier: json["session_identifier"].as_str().unwrap().to_owned(),
                refresh_url: json["refresh_url"].as_str().unwrap().to_owned(),
                name: credential["name"].as_str().unwrap().to_owned(),
                attributes: Attributes::parse(credential["attributes"].as_str().unwrap()),
                challenge: None,
            });
            self.keep_challenge(response);
        }
    }

    /// Refreshes each DBSC session whose cookie is missing.
    pub(super) fn refresh(&mut self) {
        for dbsc in self.dbsc.clone() {
            let is_there = |(name, cookie): (&String, &Cookie)| {
                *name == dbsc.name
                    && cookie.expires_at.is_none_or(|end| self.site.now() < end)
                    && dbsc.attributes.match_those_of(&cookie.attributes)
            };
            if !self.jar.iter().any(is_there) {
                self.refresh_one(&dbsc.identifier);
            }
        }
    }

    /// Refreshes a DBSC session, whatever its cookie.
    pub(super) fn refresh_one(&mut self, identifier: &str) {
        for attempt in 0.. {
            let Some(dbsc) = self.dbsc.iter().find(|dbsc| dbsc.identifier == identifier).cloned() else { return };
            let response = self.site.answer(&self.refresh_request(&dbsc), &page);
            self.refreshes.push(response.status);
            self.receive(&response);
            let ended = match response.status {
                200 => {
                    let json: Value = serde_json::from_str(&response.body).unwrap();
                    json["continue"] == false || json["session_identifier"] != identifier
                }
                403 if response.header("secure-session-challenge").is_some() && attempt < 3 => continue,
                500..=599 => false,
                _ => true,
            };
            if ended {
                self.dbsc.retain(|dbsc| dbsc.identifier != identifier);
            }
            return;
        }
    }

    /// Makes the request of a refresh: with a proof if the browser has a challenge.
    pub(super) fn refresh_request(&mut self, dbsc: &Dbsc) -> Request {
        let mut headers = vec![("sec-secure-session-id", dbsc.identifier.clone())];
        if let Some(challenge) = &dbsc.challenge {
            headers.push(("secure-session-response", self.device().refresh(challenge)));
        }
        self.request("POST", &dbsc.refresh_url, headers)
    }
}

/// Returns the path and the challenge of an offer.
pub(super) fn read_offer(offer: &str) -> (String, String) {
    let parameters = offer.strip_prefix("(ES256);").unwrap();
    let find = |name: &str| {
        let parameter = parameters.split(';').find_map(|parameter| parameter.strip_prefix(name)).unwrap();
        parameter.strip_prefix("=\"").unwrap().strip_suffix('"').unwrap().to_owned()
    };
    (find("path"), find("challenge"))
}

/// A browser that is bound, and whose session cookie was then replaced by an answer to a request from before the
/// registration.
pub(super) fn clobbered(site: &Site) -> Browser<'_> {
    let mut browser = Browser::new(site);
    browser.get(&log_in);
    let in_flight = browser.request("GET", "/", Vec::new());
    assert_eq!(browser.register(), [200]);
    let answer = site.answer(&in_flight, &|session| session.set("seen", true).unwrap());
    assert_eq!((answer.status, answer.body.as_str()), (200, "ada"), "a request that is under way is good");
    browser.receive(&answer);
    browser
}

/// Asks for a challenge, and returns the request that brings the proof.
pub(super) fn refresh_with_proof(browser: &mut Browser<'_>, site: &Site) -> Request {
    let dbsc = Dbsc { challenge: None, ..browser.dbsc[0].clone() };
    let challenged = site.answer(&browser.refresh_request(&dbsc), &page);
    browser.receive(&challenged);
    let dbsc = browser.dbsc[0].clone();
    browser.refresh_request(&dbsc)
}
