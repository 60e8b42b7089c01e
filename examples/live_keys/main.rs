//! Takes new keys while it serves: change the files that `TIDEWAY_SESSION_ENCRYPTION_KEY_FILE` and
//! `TIDEWAY_SESSION_PREVIOUS_KEYS_FILE` name, and the next request goes by the new keys. `key_watch.rs` does the work.
//!
//! Run `TIDEWAY_SESSION_ENCRYPTION_KEY_FILE=key cargo run --features axum --example live_keys`. `PORT` picks another
//! port than 3000.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its log is its terminal")]

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use axum::Router;
use axum::routing::get;
use sealed_session::tower::SessionLayer;
use sealed_session::{Session, SessionManager};
use tokio::net::TcpListener;

use crate::key_watch::KeyWatch;

mod key_watch;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let manager = SessionManager::from_env()?;
    KeyWatch::new(manager.clone())?.start();
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    let app = Router::new().route("/", get(visits)).layer(SessionLayer::new(manager));
    Ok(axum::serve(listener, app).await?)
}

/// Counts the visits of a session, which a logout would begin anew.
async fn visits(session: Session) -> String {
    let visits = session.get("visits").ok().flatten().unwrap_or(0_u32).saturating_add(1);
    match session.set("visits", visits) {
        Ok(()) => visits.to_string(),
        Err(error) => error.to_string(),
    }
}
