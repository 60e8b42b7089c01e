//! The server: an application with logins and logouts, over the store and the list of a [`Place`].

use std::error::Error;
use std::io::{Read, stdin};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as Segments, State};
use axum::http::StatusCode;
use axum::routing::get;
use sealed_session::tower::SessionLayer;
use sealed_session::{
    Key, MemoryRevocations, MemoryStore, RedisPool, RedisRevocations, RedisStore, RedisTls, Session, SessionConfig,
    SessionManager, SqliteRevocations, SqliteStore,
};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::application;
use crate::places::Place;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The timeouts of sessions: so short that records and marks come to their end many times in a run.
pub const IDLE: Duration = Duration::from_secs(20);
pub const ABSOLUTE: Duration = Duration::from_secs(60);
/// A session whose cookie is older is extended by whoever looks at it.
pub const EXTEND_AFTER: Duration = Duration::from_secs(5);
const CLOCK_SKEW: Duration = Duration::from_secs(1);
const CLEANUP: Duration = Duration::from_secs(30);
/// The key of the subject.
const ACCOUNT: &str = "account";

/// Serves until standard input ends. Prints the address as a line.
pub fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    let Some(place) = Place::read(arguments) else { return ExitCode::FAILURE };
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let Err(error) = runtime.block_on(serve(&place)) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let _ = stdin().read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}

async fn serve(place: &Place) -> Outcome<()> {
    let (store, list) = (Arc::new(MemoryStore::new()), Arc::new(MemoryRevocations::new()));
    let config = SessionConfig::new(Key::generate()?);
    let config = match place {
        // The larger session does not fit into one cookie once it has an account.
        Place::Cookie => config.two_cookies(true).revocations(Arc::clone(&list)),
        Place::Memory => config.store(Arc::clone(&store)).revocations(Arc::clone(&list)),
        Place::Sqlite(folder) => {
            let store = SqliteStore::open(Place::database(folder))?;
            let list = SqliteRevocations::beside(&store)?;
            config.store(store).revocations(list)
        }
        Place::Redis { url, ca, .. } => {
            let pool = RedisPool::open_with_tls(url, &RedisTls::new().ca_pem(std::fs::read(ca)?))?;
            config.store(RedisStore::new(&pool)).revocations(RedisRevocations::new(&pool))
        }
    };
    let config = config.idle_timeout(IDLE).absolute_timeout(ABSOLUTE).extend_after(EXTEND_AFTER).clock_skew(CLOCK_SKEW);
    let manager = config.subject(ACCOUNT).build()?;
    let cleaner = manager.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(CLEANUP).await;
            if let Err(error) = cleaner.cleanup_expired().await {
                eprintln!("cleanup: {error}");
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let entries = async move || format!("{} {}", store.len(), list.len());
    let router = routes()
        .with_state(manager.clone())
        .layer(SessionLayer::new(manager))
        .route("/entries", get(entries))
        .route("/heap", get(heap));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(())
}

fn routes() -> Router<SessionManager> {
    Router::new()
        .route("/read/{content}", get(application::read))
        .route("/write/{content}/{value}", get(write))
        .route("/seed/{content}", get(application::seed))
        .route("/untouched", get(application::untouched))
        .route("/login/{account}", get(login))
        .route("/logout", get(logout))
        .route("/revoke/{account}", get(revoke))
}

/// Does not begin a session for a visitor whose session is over.
async fn write(session: Session, segments: Segments<(usize, String)>) -> Result<String, StatusCode> {
    if session.is_empty() {
        return Err(StatusCode::GONE);
    }
    application::write(session, segments).await
}

async fn login(session: Session, Segments(account): Segments<String>) -> Result<&'static str, StatusCode> {
    if session.is_empty() {
        return Err(StatusCode::GONE);
    }
    session.regenerate().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    session.set(ACCOUNT, account).map_err(|_| StatusCode::INSUFFICIENT_STORAGE)?;
    Ok(application::DONE)
}

async fn logout(session: Session) -> &'static str {
    session.destroy();
    application::DONE
}

/// Logs an account out everywhere.
async fn revoke(
    State(manager): State<SessionManager>,
    Segments(account): Segments<String>,
) -> Result<&'static str, StatusCode> {
    manager.revoke_subject(&account).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(application::DONE)
}

/// Returns how many bytes were allocated and not freed, by Rust and by C. The resident memory is larger by what the
/// allocator keeps free between them.
async fn heap() -> String {
    // SAFETY: the function takes no argument, and glibc locks what it reads.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd).to_string()
}
