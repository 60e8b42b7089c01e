//! Run it with DATABASE_URL=postgres://.. and `cargo run --example site`; every `TIDEWAY_SESSION_…` variable works too.

mod app;

use std::env;
use std::error::Error;
use std::time::Duration;

use sealed_session::{FailurePolicy, SessionConfig, SessionManager};
use sealed_session_postgres::{PgRevocations, PgStore};
use tokio::net::TcpListener;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    env_logger::init(); // says why a session was not kept
    let store = PgStore::connect(&env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set")?)?;
    store.migrate().await?;
    // A session stays in its cookie until it no longer fits, and a logout ends every copy of the cookie, since the list
    // remembers it. `.store(store)` keeps every session in the table instead.
    let list = PgRevocations::beside(&store);
    let config = SessionConfig::from_env()?.spill(store).revocations(list).subject("name");
    let config = config.on_backend_failure(FailurePolicy::Fail);
    let manager = config.build()?;
    tokio::spawn(clean_up(manager.clone()));
    let listener = TcpListener::bind(env::var("LISTEN").as_deref().unwrap_or("127.0.0.1:3000")).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app::router(manager)).await?)
}

/// Every process may run the cleanup: a record that another process removed is no work.
async fn clean_up(manager: SessionManager) {
    loop {
        match manager.cleanup_expired().await {
            Ok(removed) => log::info!("removed {removed} expired sessions"),
            Err(error) => log::warn!("expired sessions stay for now: {error}"),
        }
        sleep(Duration::from_secs(60 * 60)).await;
    }
}
