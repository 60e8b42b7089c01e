//! The application through its router, as a browser sees it.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use sealed_session::testing::TestClock;
use sealed_session::{FailurePolicy, Key, SessionConfig, SessionManager, SessionStore, UnixTime};
use sealed_session_postgres::PgStore;
use tower::ServiceExt;

use crate::{server, site};

/// More than a cookie has room for.
fn long_draft() -> String {
    "All work and no play. ".repeat(470)
}

struct Browser {
    site: Router,
    cookie: String,
}

impl Browser {
    fn new(manager: &SessionManager) -> Self {
        Self { site: site::router(manager.clone()), cookie: String::new() }
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, &self.cookie);
        let form = "application/x-www-form-urlencoded";
        let kind = if path == "/login" { form } else { "text/plain" };
        let request = request.header(header::CONTENT_TYPE, kind).body(Body::from(body.to_owned())).unwrap();
        let response = self.site.clone().oneshot(request).await.unwrap();
        if let Some(set_cookie) = response.headers().get(header::SET_COOKIE) {
            let pair = set_cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookie = if pair.ends_with('=') { String::new() } else { pair.to_owned() };
        }
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.into()).unwrap())
    }

    async fn page(&mut self) -> String {
        self.send("GET", "/", "").await.1
    }

    async fn draft(&mut self) -> String {
        self.send("GET", "/draft", "").await.1
    }
}

async fn records(store: &PgStore) -> usize {
    store.all().await.unwrap().len()
}

fn clock() -> TestClock {
    TestClock::fixed(UnixTime::from_secs(1_700_000_000).unwrap())
}

fn config(clock: &TestClock) -> SessionConfig {
    SessionConfig::new(Key::generate().unwrap()).clock(clock.clone()).on_backend_failure(FailurePolicy::Fail)
}

#[tokio::test]
async fn a_visit_a_login_a_long_draft_and_a_logout() {
    let Some(server) = server::shared().await else { return };
    let store = server.store("app").await;
    for is_spilled in [false, true] {
        let config = config(&clock());
        let config = if is_spilled { config.spill(store.clone()) } else { config.store(store.clone()) };
        let manager = config.build().unwrap();
        let mut browser = Browser::new(&manager);
        assert_eq!(browser.page().await, "Hello, stranger. Visit 1.\n");
        assert_eq!(records(&store).await, usize::from(!is_spilled));
        assert_eq!(browser.send("POST", "/login", "name=Ada").await.0, StatusCode::SEE_OTHER);
        assert_eq!(browser.page().await, "Hello, Ada. Visit 2.\n");
        assert_eq!(browser.send("POST", "/draft", &long_draft()).await.0, StatusCode::NO_CONTENT);
        assert!(browser.cookie.len() < 300);
        assert_eq!(records(&store).await, 2, "the session of before the login has left a tombstone");
        assert_eq!(browser.draft().await, long_draft());
        assert_eq!(browser.page().await, "Hello, Ada. Visit 3.\n");

        let mut thief = Browser { site: browser.site.clone(), cookie: browser.cookie.clone() };
        browser.send("POST", "/logout", "").await;
        assert_eq!((browser.cookie.as_str(), records(&store).await), ("", 2), "a tombstone each");
        assert_eq!(thief.draft().await, "");
        assert_eq!(thief.page().await, "Hello, stranger. Visit 1.\n");
        store.clear().await.unwrap();
    }
}

#[tokio::test]
async fn a_draft_that_no_record_has_room_for_changes_nothing() {
    let Some(server) = server::shared().await else { return };
    let manager = config(&clock()).spill(server.store("large").await).build().unwrap();
    let mut browser = Browser::new(&manager);
    browser.send("POST", "/draft", &long_draft()).await;
    assert_eq!(browser.send("POST", "/draft", &"x".repeat(65_536)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(browser.draft().await, long_draft());
}

#[tokio::test]
async fn sessions_that_expired_leave_the_table() {
    let Some(server) = server::shared().await else { return };
    let (store, clock) = (server.store("expired").await, clock());
    let manager = config(&clock).store(store.clone()).idle_timeout(Duration::from_secs(600)).build().unwrap();
    Browser::new(&manager).page().await;
    clock.advance(Duration::from_secs(599));
    Browser::new(&manager).page().await;
    assert_eq!(manager.cleanup_expired().await, Ok(0));
    // A record outlives its cookie, so that no clock that is ahead removes one that is good elsewhere: by the clock
    // skew, and by the minute that a request may take.
    clock.advance(Duration::from_secs(1 + 60 + 60 - 1));
    assert_eq!(manager.cleanup_expired().await, Ok(0));
    clock.advance(Duration::from_secs(1));
    assert_eq!(manager.cleanup_expired().await, Ok(1));
    assert_eq!(records(&store).await, 1);
}

#[tokio::test]
async fn without_its_table_the_site_answers_503_and_the_cookie_stays_good() {
    let Some(server) = server::shared().await else { return };
    let store = server.store("missing").await;
    let manager = config(&clock()).store(store.clone()).build().unwrap();
    let mut browser = Browser::new(&manager);
    browser.page().await;
    assert_eq!(browser.send("GET", "/health", "").await.0, StatusCode::OK);

    let rename = |from, to| server.run(format!("ALTER TABLE sealed_session_test_missing.{from} RENAME TO {to}"));
    rename("sealed_sessions", "elsewhere").await;
    for path in ["/", "/health"] {
        assert_eq!(browser.send("GET", path, "").await, (StatusCode::SERVICE_UNAVAILABLE, String::new()), "{path}");
    }
    rename("elsewhere", "sealed_sessions").await;
    assert_eq!(browser.page().await, "Hello, stranger. Visit 2.\n");
}
