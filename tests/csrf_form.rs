//! The form of `examples/csrf_form.rs`, sent by its visitors and by attackers. `sealed_session::testing` plays the
//! browser.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{Request, StatusCode};
use sealed_session::testing::{TestBrowser, TestClock, TestCookies};
use sealed_session::{Key, SessionConfig, SessionManager, UnixTime};
use tower_service::Service;

#[path = "../examples/csrf_form.rs"]
#[expect(dead_code, reason = "its main is not called here")]
mod csrf_form;

struct Visitor {
    app: Router,
    browser: TestBrowser,
}

impl Visitor {
    fn new(manager: &SessionManager) -> Self {
        Self { app: csrf_form::app(manager.clone()), browser: TestBrowser::new(manager) }
    }

    fn send(&mut self, method: &str, path: &str, form: String) -> (StatusCode, String) {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = self.browser.cookie() {
            request = request.header(COOKIE, cookie);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let response = self.app.call(request.body(Body::from(form)).unwrap()).await.unwrap();
            self.browser.receive(response.headers().get_all(SET_COOKIE).iter().map(|text| text.to_str().unwrap()));
            let status = response.status();
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            (status, String::from_utf8(body.to_vec()).unwrap())
        })
    }

    /// Loads the page and takes the token out of its form.
    fn token(&mut self) -> String {
        let (status, page) = self.send("GET", "/", String::new());
        assert_eq!(status, StatusCode::OK);
        page.split("name=csrf value=").nth(1).unwrap().split('>').next().unwrap().to_owned()
    }

    fn post(&mut self, path: &str, token: &str, value: &str) -> StatusCode {
        self.send("POST", path, format!("csrf={token}&value={value}")).0
    }
}

fn manager() -> (SessionManager, TestClock) {
    let clock = TestClock::fixed(UnixTime::from_secs(1_700_000_000).unwrap());
    let config = SessionConfig::new(Key::generate().unwrap()).clock(clock.clone());
    (config.build().unwrap(), clock)
}

#[test]
fn a_form_of_the_page_is_taken() {
    let mut visitor = Visitor::new(&manager().0);
    let token = visitor.token();
    assert_eq!(visitor.post("/login", &token, "Ada"), StatusCode::SEE_OTHER);
    let token = visitor.token();
    assert_eq!(visitor.post("/email", &token, "ada"), StatusCode::SEE_OTHER);
    assert_eq!(visitor.browser.load().get("email"), Ok(Some("ada".to_owned())));
}

#[test]
fn a_form_without_the_token_or_with_another_visitor_s_is_refused() {
    let (manager, _) = manager();
    let (mut victim, mut attacker) = (Visitor::new(&manager), Visitor::new(&manager));
    let cookies = TestCookies::new(&manager).with("name", "Ada");
    victim.browser = victim.browser.with_cookie(cookies.logged_in());
    victim.token();
    let foreign = attacker.token();
    let cookie = victim.browser.cookie().map(str::to_owned);
    assert_eq!(victim.send("POST", "/email", "value=mallory".to_owned()).0, StatusCode::FORBIDDEN);
    for token in ["", &foreign] {
        for path in ["/login", "/email"] {
            assert_eq!(victim.post(path, token, "mallory"), StatusCode::FORBIDDEN, "{path}");
        }
    }
    assert_eq!(victim.browser.cookie().map(str::to_owned), cookie, "nothing changed");
}

#[test]
fn a_form_from_before_the_login_is_refused() {
    let mut visitor = Visitor::new(&manager().0);
    let before = visitor.token();
    assert_eq!(visitor.post("/login", &before, "Ada"), StatusCode::SEE_OTHER);
    let after = visitor.token();
    assert_ne!(before, after);
    assert_eq!(visitor.post("/email", &before, "ada"), StatusCode::FORBIDDEN);
    assert_eq!(visitor.post("/email", &after, "ada"), StatusCode::SEE_OTHER);
}

#[test]
fn a_forged_form_begins_no_session() {
    let mut visitor = Visitor::new(&manager().0);
    assert_eq!(visitor.post("/login", "AAAAAAAAAAAAAAAAAAAAAA", "mallory"), StatusCode::FORBIDDEN);
    assert_eq!(visitor.browser.cookie(), None);
}

#[test]
fn the_email_is_changed_after_a_login_less_than_five_minutes_ago() {
    let (manager, clock) = manager();
    let mut visitor = Visitor::new(&manager);
    let token = visitor.token();
    assert_eq!(visitor.post("/email", &token, "ada"), StatusCode::FORBIDDEN, "nobody logged in");
    visitor.post("/login", &token, "Ada");
    let token = visitor.token();
    clock.advance(Duration::from_secs(299));
    assert_eq!(visitor.post("/email", &token, "ada"), StatusCode::SEE_OTHER);
    clock.advance(Duration::from_secs(1));
    assert_eq!(visitor.post("/email", &token, "eve"), StatusCode::FORBIDDEN);
    assert_eq!(visitor.browser.load().get("email"), Ok(Some("ada".to_owned())));
}
