//! A site with device-bound sessions, which `tests/device_bound/run` visits with a real Chromium. The clock of the site
//! can be put forward, and the site says what each request looks like to the application.
//!
//! The first argument is the lifetime of a proof in seconds. The site listens on a free port of 127.0.0.1 over plain
//! http, and prints it. A browser needs https in front of it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the tests read the port, and people the errors")]

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use sealed_session::tower::SessionLayer;
use sealed_session::{
    Clock as _, DeviceBinding, Key, MemoryRevocations, Session, SessionConfig, SessionManager, SystemClock, UnixTime,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Clone)]
struct App {
    manager: SessionManager,
    /// By how many seconds the clock of the site is ahead.
    ahead: Arc<AtomicU64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let lifetime = Duration::from_secs(env::args().nth(1).ok_or("no lifetime")?.parse()?);
    let ahead = Arc::new(AtomicU64::new(0));
    let seconds = ahead.clone();
    let manager = SessionConfig::new(Key::generate()?)
        .cookie_name("__Host-session")
        .subject("user")
        .revocations(MemoryRevocations::new())
        .device_binding(DeviceBinding::new().lifetime(lifetime))
        .clock(move || {
            let now = SystemClock.now();
            UnixTime::from_secs(now.as_secs().saturating_add(seconds.load(Ordering::Relaxed))).unwrap_or(now)
        })
        .build()?;
    let app = App { manager, ahead };
    let router = Router::new()
        .route("/", get(page))
        .route("/state", get(state).post(state))
        .route("/login", post(login))
        .route("/logout", post(logout))
        // Without a fallback, the layer does not see the route of device binding, since more routes follow.
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(SessionLayer::new(app.manager.clone()).device_binding())
        // For the tests alone, and without a session.
        .route("/test/advance", post(advance))
        .route("/test/revoke", post(revoke))
        .with_state(app);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, router).await?;
    Ok(())
}

fn failed(error: impl Error) -> StatusCode {
    eprintln!("{error}");
    StatusCode::SERVICE_UNAVAILABLE
}

/// The request as the application sees it: the binding, the user, the reason why a session was refused, and the body.
fn seen(session: &Session, body: &str) -> Value {
    let binding = session.binding().as_str();
    let user = session.get::<String>("user").ok().flatten();
    let rejected = session.rejected().map(|reason| reason.as_str());
    json!({ "binding": binding, "user": user, "rejected": rejected, "body": body })
}

async fn page(session: Session) -> Html<String> {
    Html(format!("<!doctype html><link rel=icon href=data:,><pre>{}</pre>", seen(&session, "")))
}

async fn state(session: Session, body: String) -> Json<Value> {
    Json(seen(&session, &body))
}

async fn login(session: Session, user: String) -> Result<(), StatusCode> {
    session.regenerate().map_err(failed)?;
    session.set("user", user).map_err(failed)
}

async fn logout(session: Session) {
    session.destroy();
}

async fn advance(State(app): State<App>, seconds: String) -> Result<(), StatusCode> {
    app.ahead.fetch_add(seconds.parse().map_err(failed)?, Ordering::Relaxed);
    Ok(())
}

async fn revoke(State(app): State<App>, user: String) -> Result<(), StatusCode> {
    app.manager.revoke_subject(&user).await.map_err(failed)
}
