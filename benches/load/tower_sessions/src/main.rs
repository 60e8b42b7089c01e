//! Serves the application of benches/load over tower-sessions, with its memory, Redis and SQLite stores. A program of
//! its own, because one program can't have the SQLite of sqlx and that of rusqlite.
//!
//! Usage: `sealed-session-load-tower-sessions FOLDER REDIS_SOCKET`. It prints one line for each store, with its name, a
//! tab and its address, and serves until its standard input ends.

#[path = "../../src/sessions.rs"]
#[expect(dead_code, reason = "the clients look at more")]
mod sessions;
#[path = "../../../support/workloads.rs"]
mod workloads;

use std::error::Error;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use axum::Router;
use fred::prelude::{ClientLike, Config, Pool};
use tokio::net::TcpListener;
use tower_sessions::MemoryStore;
use tower_sessions_redis_store::RedisStore;
use tower_sessions_sqlx_store::SqliteStore;
use tower_sessions_sqlx_store::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(redis)) = (arguments.next().map(PathBuf::from), arguments.next()) else {
        return Err("usage: sealed-session-load-tower-sessions FOLDER REDIS_SOCKET".into());
    };
    // One thread serves, as in the program beside it.
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    server.block_on(async {
        serve("MemoryStore", newest::application(MemoryStore::default())).await?;
        serve("RedisStore", with_stores::application(RedisStore::new(connect(&redis).await?))).await?;
        serve("SqliteStore", with_stores::application(open(&folder).await?)).await
    })?;
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

async fn serve(store: &str, router: Router) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("tower-sessions: `{store}`\t{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(())
}

/// Connects as the documentation of the store does, with as many connections.
async fn connect(socket: &str) -> Outcome<Pool> {
    let pool = Pool::new(Config::from_url(&format!("redis+unix://{socket}"))?, None, None, None, 6)?;
    drop(pool.connect());
    pool.wait_for_connect().await?;
    Ok(pool)
}

/// Opens a database that syncs each write, as `sealed_session::SqliteStore` does, and keeps as many connections as its
/// pool has by default.
async fn open(folder: &Path) -> Outcome<SqliteStore> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("tower-sessions.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let store = SqliteStore::new(SqlitePoolOptions::new().connect_with(options).await?);
    store.migrate().await?;
    Ok(store)
}

/// The application of `placements.rs`, for one release of tower-sessions.
macro_rules! application {
    ($module:ident, $tower_sessions:ident) => {
        mod $module {
            use axum::Router;
            use axum::extract::Path as Segments;
            use axum::http::StatusCode;
            use axum::routing::get;
            use $tower_sessions::cookie::SameSite;
            use $tower_sessions::cookie::time::Duration;
            use $tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

            use crate::sessions::Content;
            use crate::workloads::FIRST;

            pub fn application(store: impl SessionStore + Clone) -> Router {
                let layer = SessionManagerLayer::new(store)
                    .with_same_site(SameSite::Lax)
                    .with_expiry(Expiry::OnInactivity(Duration::DAY));
                Router::new()
                    .route("/read/{content}", get(read))
                    .route("/write/{content}/{value}", get(write))
                    .route("/seed/{content}", get(seed))
                    .route("/untouched", get(async || "done"))
                    .layer(layer)
            }

            async fn read(session: Session, Segments(content): Segments<usize>) -> Result<String, StatusCode> {
                let content = Content::at(content).ok_or(StatusCode::NOT_FOUND)?;
                let text = async |key| session.get::<String>(key).await.ok().flatten().ok_or(StatusCode::GONE);
                Ok(format!("{} {}", text(FIRST).await?, text(content.second).await?))
            }

            async fn write(
                session: Session,
                Segments((content, value)): Segments<(usize, String)>,
            ) -> Result<&'static str, StatusCode> {
                let content = Content::at(content).ok_or(StatusCode::NOT_FOUND)?;
                session.insert(content.second, value).await.map_err(|_| StatusCode::INSUFFICIENT_STORAGE)?;
                Ok("done")
            }

            async fn seed(session: Session, Segments(content): Segments<usize>) -> Result<&'static str, StatusCode> {
                let content = Content::at(content).ok_or(StatusCode::NOT_FOUND)?;
                for (key, value) in &content.map {
                    session.insert(key, value).await.map_err(|_| StatusCode::INSUFFICIENT_STORAGE)?;
                }
                Ok("done")
            }
        }
    };
}

application!(newest, tower_sessions);
application!(with_stores, tower_sessions_0_14);
