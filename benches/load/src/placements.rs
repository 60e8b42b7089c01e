//! Makes the contestants: one axum application for each placement of a session.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::extract::Path as Segments;
use axum::http::StatusCode;
use axum::routing::get;
use sealed_session::tower::SessionLayer;
use sealed_session::{
    FileStore, Key, MemoryRevocations, MemoryStore, RedisRevocations, RedisStore, SessionConfig, SessionId, SqliteStore,
};

use crate::application;
use crate::sessions::Content;
use crate::workloads::FIRST;

pub struct Placement {
    pub name: &'static str,
    pub router: Router,
    /// True when the next request finds what one wrote. It is false for the application without sessions.
    pub keeps: bool,
    /// The number of contents that the placement can hold, counted from the smallest.
    pub contents: usize,
}

/// The places of the backends: a folder, and the URLs of two Redis servers.
pub struct Places<'a> {
    pub folder: &'a Path,
    pub redis: &'a str,
    pub redis_synced: &'a str,
}

pub const COOKIE: &str = "cookie (default)";

pub async fn all(places: &Places<'_>) -> Result<Vec<Placement>, Box<dyn Error>> {
    // The larger of the two contents for a cookie needs all the 4096 bytes that a browser keeps.
    let cookie = || Ok::<_, Box<dyn Error>>(config()?.max_cookie_bytes(4096));
    let folder = places.folder;
    Ok(vec![
        without(cookie()?)?,
        with(COOKIE, 2, cookie()?).await?,
        with("cookie, `two_cookies`", 2, config()?.two_cookies(true)).await?,
        with("cookie + `MemoryRevocations`", 2, cookie()?.revocations(MemoryRevocations::new()).subject(FIRST)).await?,
        with(
            "cookie + `RedisRevocations`",
            2,
            cookie()?.revocations(RedisRevocations::open(places.redis)?).subject(FIRST),
        )
        .await?,
        with(
            "cookie + `RedisRevocations`, answers count for 10 s",
            2,
            cookie()?
                .revocations(RedisRevocations::open(places.redis)?)
                .subject(FIRST)
                .recheck_after(Duration::from_secs(10)),
        )
        .await?,
        with("spill over `MemoryStore`", 3, config()?.spill(MemoryStore::new())).await?,
        with("store: `MemoryStore`", 3, config()?.store(MemoryStore::new())).await?,
        with("store: `RedisStore`", 3, config()?.store(RedisStore::open(places.redis)?)).await?,
        with("store: `RedisStore`, synced", 3, config()?.store(RedisStore::open(places.redis_synced)?)).await?,
        with("store: `FileStore`", 3, config()?.store(FileStore::open(folder.join("sessions"))?)).await?,
        with("store: `SqliteStore`", 3, config()?.store(SqliteStore::open(folder.join("sessions.db"))?)).await?,
    ])
}

fn config() -> Result<SessionConfig, Box<dyn Error>> {
    Ok(SessionConfig::new(Key::generate()?))
}

async fn with(name: &'static str, contents: usize, config: SessionConfig) -> Result<Placement, Box<dyn Error>> {
    let manager = config.build()?;
    if name.contains("Revocations") {
        // The list is not empty, as in practice.
        let until = manager.codec().create()?.expires_at();
        for _ in 0..1000 {
            manager.revoke(SessionId::generate()?, until).await?;
        }
    }
    let router = application::routes().layer(SessionLayer::new(manager));
    Ok(Placement { name, router, keeps: true, contents })
}

/// Makes the floor: the same requests, with their cookies, and responses of the same size, without a session.
fn without(config: SessionConfig) -> Result<Placement, Box<dyn Error>> {
    let router = Router::new()
        .route("/seed/{content}", get(application::seed))
        .layer(SessionLayer::new(config.build()?))
        .route("/read/{content}", get(say))
        .route("/write/{content}/{value}", get(application::untouched))
        .route("/untouched", get(application::untouched));
    Ok(Placement { name: "no session at all", router, keeps: false, contents: 2 })
}

async fn say(Segments(content): Segments<usize>) -> Result<String, StatusCode> {
    let content = Content::at(content).ok_or(StatusCode::NOT_FOUND)?;
    Ok(format!("{} {}", content.first(), content.text(content.second)))
}
