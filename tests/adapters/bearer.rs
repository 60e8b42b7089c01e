//! The tower layer for clients that keep no cookies.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::routing::get;
use futures_lite::future::block_on;
use sealed_session::tower::SessionLayer;
use sealed_session::{EncodeError, MemoryStore, Session, SessionManager};
use tower_service::Service;

use crate::common::{config, fill, read, visit, with_backends};

fn app(manager: &SessionManager) -> Router {
    let layer = SessionLayer::bearer(manager.clone());
    Router::new()
        .route("/untouched", get(async || ""))
        .route("/taken", get(async |_: Session| ""))
        .route("/visit", get(async |session: Session| visit(&session).unwrap()))
        .route("/read", get(async |session: Session| read(&session).unwrap()))
        .route("/fill", get(async |session: Session| fill(&session).unwrap()))
        .route("/logout", get(async |session: Session| _ = session.destroy()))
        .layer(layer)
}

fn send(app: &Router, path: &str, header: Option<(&str, String)>) -> Response<Body> {
    let mut request = Request::get(path);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let response = block_on(app.clone().call(request.body(Body::empty()).unwrap())).unwrap();
    assert!(!response.headers().contains_key("set-cookie"), "never a cookie");
    response
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
    assert!(response.headers().get_all(name).iter().count() <= 1);
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}

fn body(response: Response<Body>) -> String {
    let bytes = block_on(axum::body::to_bytes(response.into_body(), usize::MAX)).unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Managers without and with backends.
fn managers() -> [SessionManager; 3] {
    [config().build().unwrap(), with_backends(), config().spill(MemoryStore::new()).build().unwrap()]
}

#[test]
fn a_session_comes_and_goes_in_a_header() {
    for manager in managers() {
        let app = app(&manager);
        let first = send(&app, "/visit", None);
        let token = header(&first, "session-token").unwrap().to_owned();
        assert!(first.headers()["session-token"].is_sensitive());
        assert_eq!(header(&first, "cache-control"), Some("private, no-store"));
        assert_eq!(header(&first, "vary"), Some("Authorization"));
        let read = send(&app, "/read", Some(bearer(&token)));
        assert_eq!((header(&read, "session-token"), header(&read, "vary")), (None, Some("Authorization")));
        assert_eq!(body(read), "1");
        let out = send(&app, "/logout", Some(bearer(&token)));
        assert_eq!(header(&out, "session-token"), Some(""), "the client drops its token");
        assert_eq!(header(&out, "cache-control"), Some("private, no-store"));
    }
}

#[test]
fn no_cookie_is_read_and_nothing_is_said_of_a_session_that_nobody_looked_at() {
    for manager in managers() {
        let app = app(&manager);
        let token = header(&send(&app, "/visit", None), "session-token").unwrap().to_owned();
        assert_eq!(body(send(&app, "/read", Some(("cookie", format!("sid={token}"))))), "0");
        let untouched = send(&app, "/untouched", Some(bearer(&token)));
        for name in ["session-token", "vary", "cache-control"] {
            assert_eq!(header(&untouched, name), None);
        }
        let looked_at = send(&app, "/taken", Some(bearer(&token)));
        assert_eq!(header(&looked_at, "vary"), Some("Authorization"), "an extractor looks at the session");
    }
}

#[test]
fn a_session_that_can_not_be_kept_is_an_error_and_the_client_keeps_its_token() {
    let manager = config().build().unwrap();
    let response = send(&app(&manager), "/fill", None);
    assert_eq!((response.status(), header(&response, "session-token")), (StatusCode::INTERNAL_SERVER_ERROR, None));
    let layer = SessionLayer::bearer(manager).on_error(|_: &EncodeError| Response::new(Body::from("full")));
    let app = Router::new().route("/", get(async |session: Session| fill(&session).unwrap())).layer(layer);
    assert_eq!(body(send(&app, "/", None)), "full", "the layer stays one for bearer tokens");
}
