//! Each test starts examples/demo.rs on a port of its own and talks to it over TCP, as a client does.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::example::{Example, command};
use crate::helpers::{KEY, OTHER_KEY};

#[path = "helpers/example.rs"]
mod example;
mod helpers;

struct Demo(Example);

impl Demo {
    fn start(vars: &[(&str, &str)]) -> Self {
        Self(Example::start("demo", vars))
    }

    fn with_key(key: &str) -> Self {
        Self::start(&[("TIDEWAY_SESSION_ENCRYPTION_KEY", key)])
    }

    /// Sends a request with these Cookie headers, and a form if it is a POST.
    fn send(&self, method: &str, path: &str, cookies: &[&[u8]], form: &str) -> Response {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n").into_bytes();
        for cookie in cookies {
            request.extend_from_slice(&[b"Cookie: ", *cookie, b"\r\n"].concat());
        }
        let form_type = "application/x-www-form-urlencoded";
        request.extend_from_slice(
            format!("Content-Type: {form_type}\r\nContent-Length: {}\r\n\r\n", form.len()).as_bytes(),
        );
        request.extend_from_slice(form.as_bytes());
        let mut stream = TcpStream::connect(&self.0.address).unwrap();
        stream.write_all(&request).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Response::new(&String::from_utf8(bytes).unwrap())
    }

    fn post(&self, path: &str, cookie: &str, form: &str) -> Response {
        self.send("POST", path, &[cookie.as_bytes()], form)
    }

    /// Asks the demo for the session that it sees under this cookie.
    fn session(&self, cookie: &str) -> Value {
        self.send("GET", "/api/session", &[cookie.as_bytes()], "").json()
    }

    /// Logs a new visitor in and returns the cookie.
    fn logged_in(&self) -> String {
        self.post("/login", "", "name=Ada").cookie()
    }
}

struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Response {
    fn new(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self { status, headers: lines.map(header).collect(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(header, _)| header == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} stands twice");
        value
    }

    fn cookie(&self) -> String {
        self.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }

    fn deletes(&self) -> bool {
        self.header("set-cookie")
            .is_some_and(|line| line.starts_with("tideway_session=;") && line.contains("Max-Age=0"))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[test]
fn every_form_redirects_to_the_page_and_login_changes_the_id() {
    let demo = Demo::with_key(KEY);
    let before = demo.post("/set", "", "key=color&value=green");
    let login = demo.post("/login", &before.cookie(), "name=Ada+Lovelace");
    for response in [&before, &login, &demo.post("/flash", "", "message=hi"), &demo.post("/logout", "", "")] {
        assert_eq!((response.status, response.header("location")), (303, Some("/")));
        assert_eq!(response.header("cache-control"), Some("private, no-store"));
        assert_eq!(response.header("vary"), Some("Cookie"));
    }
    let (before, after) = (demo.session(&before.cookie()), demo.session(&login.cookie()));
    assert_ne!(before["id"], after["id"]);
    assert_eq!(after["data"]["name"], "Ada Lovelace");
    assert_eq!(after["data"]["color"], "green");
    assert_eq!(after["status"], "loaded");
    assert_eq!(after["rejected"], Value::Null);
    assert_eq!(after["expires_at"].as_u64().unwrap() - after["issued_at"].as_u64().unwrap(), 86_400);
    assert_eq!(after["cookie_bytes"].as_u64().unwrap(), u64::try_from(login.cookie().len() - 1).unwrap());
}

#[test]
fn a_visitor_may_ask_for_a_cookie_that_ends_with_the_browser() {
    let demo = Demo::with_key(KEY);
    let line = |form| demo.post("/login", "", form).header("set-cookie").unwrap().to_owned();
    assert!(line("name=Ada").contains("; Max-Age=86400"));
    assert!(!line("name=Ada&forget=on").contains("Max-Age"));
}

#[test]
fn a_flash_value_is_seen_once() {
    let demo = Demo::with_key(KEY);
    let flash = demo.post("/flash", "", "message=Saved+%26+done");
    assert_eq!(demo.session(&flash.cookie())["flash"]["message"], "Saved & done");
    let first = demo.send("GET", "/", &[flash.cookie().as_bytes()], "");
    assert!(first.body.contains("Saved &amp; done"), "{}", first.body);
    let second = demo.send("GET", "/", &[first.cookie().as_bytes()], "");
    assert!(!second.body.contains("Saved"), "{}", second.body);
}

#[test]
fn reading_the_session_sends_no_cookie() {
    let demo = Demo::with_key(KEY);
    let cookie = demo.logged_in();
    for cookies in [&[cookie.as_bytes()][..], &[]] {
        let response = demo.send("GET", "/api/session", cookies, "");
        assert_eq!((response.status, response.header("set-cookie")), (200, None));
        assert_eq!(response.header("vary"), Some("Cookie"));
    }
}

#[test]
fn a_restart_with_the_same_key_keeps_the_login_and_another_key_gives_an_empty_session() {
    let cookie = Demo::with_key(KEY).logged_in();
    assert_eq!(Demo::with_key(KEY).session(&cookie)["data"]["name"], "Ada");
    let other = Demo::with_key(OTHER_KEY).send("GET", "/api/session", &[cookie.as_bytes()], "");
    assert_eq!((other.status, other.header("set-cookie")), (200, None), "the cookie is left alone");
    assert_eq!(other.json()["rejected"], "unknown_key");
    assert_eq!(other.json()["data"], serde_json::json!({}));
}

#[test]
fn a_changed_cookie_gives_an_empty_session_and_is_left_alone() {
    let demo = Demo::with_key(KEY);
    let mut cookie = demo.logged_in();
    let last = cookie.len() - 10;
    let other = if &cookie[last..=last] == "A" { "B" } else { "A" };
    cookie.replace_range(last..=last, other);
    let response = demo.send("GET", "/api/session", &[cookie.as_bytes()], "");
    assert_eq!(response.header("set-cookie"), None);
    assert_eq!(response.json()["rejected"], "not_authentic");
    assert_eq!(response.json()["status"], "rejected");
}

#[test]
fn garbage_of_the_same_name_other_headers_and_foreign_bytes_hide_nothing() {
    let demo = Demo::with_key(KEY);
    let cookie = demo.logged_in();
    let name = |cookies: &[&[u8]]| demo.send("GET", "/api/session", cookies, "").json()["data"]["name"].clone();
    assert_eq!(name(&[format!("tideway_session=garbage; {cookie}").as_bytes()]), "Ada");
    assert_eq!(name(&[b"theme=dark", cookie.as_bytes()]), "Ada");
    assert_eq!(name(&[b"theme=\xff\xfe", cookie.as_bytes()]), "Ada");
    assert_eq!(name(&[&[b"theme=\xff; ", cookie.as_bytes()].concat()]), "Ada");
}

#[test]
fn logout_deletes_the_cookie() {
    let demo = Demo::with_key(KEY);
    assert!(demo.post("/logout", &demo.logged_in(), "").deletes());
}

#[test]
fn a_value_that_does_not_fit_is_shown_as_an_error_in_the_page_and_the_old_cookie_stays_good() {
    let demo = Demo::with_key(KEY);
    let cookie = demo.post("/set", &demo.logged_in(), "key=color&value=green").cookie();
    let big = "x".repeat(4000);
    for (path, form) in [
        ("/set", format!("key=b%3Cig&value={big}")),
        ("/login", format!("name={big}")),
        ("/flash", format!("message={big}")),
    ] {
        let response = demo.post(path, &cookie, &form);
        assert_eq!((response.status, response.header("set-cookie")), (413, None), "{path}");
        assert_eq!(response.header("vary"), Some("Cookie"));
        let notice = response.body.split("<b>too_large</b>").nth(1).unwrap().split("</p>").next().unwrap();
        assert!(notice.contains("must be at most 3500 bytes, found "), "{notice}");
        assert!(path != "/set" || notice.contains("b&lt;ig"), "the entry is named, and escaped: {notice}");
        assert!(response.body.contains("Hello, Ada") && response.body.contains("green"), "the session from before");
        assert!(response.body.contains("action=/set"), "the forms, to try again");
    }
    assert_eq!(demo.session(&cookie)["data"]["name"], "Ada");
}

#[test]
fn a_visitor_without_a_session_whose_value_does_not_fit_sees_the_error_too() {
    let response = Demo::with_key(KEY).post("/set", "", &format!("key=big&value={}", "x".repeat(4000)));
    assert_eq!((response.status, response.header("set-cookie")), (413, None));
    assert!(response.body.contains("Hello, stranger") && response.body.contains("too_large"), "{}", response.body);
}

#[test]
fn without_a_key_it_makes_one_and_over_plain_http_it_drops_secure_unless_told_otherwise() {
    let line = |vars: &[(&str, &str)]| {
        Demo::start(vars).post("/login", "", "name=Ada").header("set-cookie").unwrap().to_owned()
    };
    assert!(!line(&[]).contains("Secure"));
    assert!(line(&[("TIDEWAY_SESSION_COOKIE_SECURE", "true")]).contains("; Secure"));
    assert!(line(&[("TIDEWAY_SESSION_COOKIE_NAME", "__Host-sid")]).contains("; Secure"));
}

#[test]
fn a_wrong_variable_ends_it_with_a_report() {
    let vars = [("TIDEWAY_SESSION_TTL", "1"), ("TIDEWAY_SESSION_COOKIE_PATH", "x")];
    let output = command("demo", &vars).output().unwrap();
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(report.contains("TIDEWAY_SESSION_TTL_SECONDS?") && report.contains("SESSION_COOKIE_PATH"), "{report}");
}

#[cfg(feature = "dbsc")]
#[test]
fn behind_https_it_offers_to_bind_a_login_and_shows_the_binding() {
    let key = ("TIDEWAY_SESSION_ENCRYPTION_KEY", KEY);
    let demo = Demo::start(&[key, ("TIDEWAY_SESSION_COOKIE_SECURE", "true")]);
    let login = demo.post("/login", "", "name=Ada");
    assert!(login.header("secure-session-registration").unwrap().starts_with("(ES256);path=\"/device-binding\""));
    assert_eq!(demo.session(&login.cookie())["binding"], "unbound");
    assert!(demo.send("GET", "/", &[login.cookie().as_bytes()], "").body.contains("<dt>Device<dd>unbound"));
    assert_eq!(demo.post("/device-binding", &login.cookie(), "").status, 400, "no proof");
    let plain = Demo::with_key(KEY);
    assert_eq!(plain.post("/login", "", "name=Ada").header("secure-session-registration"), None);
}
