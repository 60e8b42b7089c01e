//! Checks and opens the store that the environment names.

use std::sync::Arc;

use super::env_reader::{Var, Variables};
use super::store_url::path;
use crate::backend::{Coordinator, MemoryStore, Placement, SessionStore};
use crate::error::ProblemKind;

pub(super) const BACKEND: &str = "SESSION_BACKEND";
pub(super) const STORE_URL: &str = "SESSION_STORE_URL";

/// The values of [`BACKEND`]: where the values of a session are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cookie,
    InMemory,
    File,
    Sqlite,
    Redis,
}

/// Checks the URL of a store, and opens nothing.
type Check = fn(&str) -> Result<(), ProblemKind>;

/// Opens a store at the place that a URL names.
type Open = fn(&str) -> Result<Arc<dyn SessionStore>, ProblemKind>;

impl Variables<'_> {
    /// Opens the backend. A store is opened only if no other variable has a problem, since opening may make files.
    pub(super) fn backend(&mut self) -> Coordinator {
        let kind = self.parse(BACKEND, "cookie, in_memory, file, sqlite or redis", kind);
        let url = self.var(STORE_URL);
        match (kind, url) {
            (Some(Kind::File), url) => self.opened(url, FILE, "the crate's feature `file`", (check_file, OPEN_FILE)),
            (Some(Kind::Sqlite), url) => {
                self.opened(url, SQLITE, "the crate's feature `sqlite`", (check_sqlite, OPEN_SQLITE))
            }
            (Some(Kind::Redis), url) => {
                self.opened(url, REDIS, "the crate's feature `redis`", (check_redis, OPEN_REDIS))
            }
            (_, Some(url)) if self.problems.is_empty() => {
                let rule = "must not be set unless SESSION_BACKEND is file, sqlite or redis";
                self.note(url.name, ProblemKind::Conflict { rule });
                Coordinator::default()
            }
            (Some(Kind::InMemory), _) if self.opens_store => in_store(Arc::new(MemoryStore::new())),
            (Some(Kind::InMemory | Kind::Cookie) | None, _) => Coordinator::default(),
        }
    }

    /// Opens the store at a URL. If that fails, notes the problem and returns no store. `open` is `None` where the
    /// crate was built without the store's feature. If no store is to be opened, only the URL is checked, which needs
    /// no feature and makes no file.
    fn opened(
        &mut self,
        url: Option<Var>,
        takes: &'static str,
        feature: &'static str,
        (check, open): (Check, Option<Open>),
    ) -> Coordinator {
        if self.opens_store && open.is_none() {
            self.note(self.name_of(BACKEND), ProblemKind::NeedsFeature { feature });
            return Coordinator::default();
        }
        let Some(url) = url else {
            if !self.has_problem(STORE_URL) {
                self.note(self.name_of(STORE_URL), ProblemKind::Missing { takes });
            }
            return Coordinator::default();
        };
        let opened = match open.filter(|_| self.opens_store) {
            None => check(&url.text).map(|()| Coordinator::default()),
            Some(_) if !self.problems.is_empty() => return Coordinator::default(),
            Some(open) => open(&url.text).map(in_store),
        };
        match opened {
            Ok(backend) => backend,
            Err(problem) => {
                self.note(url.name, problem);
                Coordinator::default()
            }
        }
    }
}

fn in_store(store: Arc<dyn SessionStore>) -> Coordinator {
    Coordinator { placement: Placement::Store, store: Some(store), ..Coordinator::default() }
}

fn kind(text: &str) -> Option<Kind> {
    match text.to_ascii_lowercase().as_str() {
        "cookie" => Some(Kind::Cookie),
        "in_memory" => Some(Kind::InMemory),
        "file" => Some(Kind::File),
        "sqlite" => Some(Kind::Sqlite),
        "redis" => Some(Kind::Redis),
        _ => None,
    }
}

fn check_file(url: &str) -> Result<(), ProblemKind> {
    path(url, "file", FILE).map(drop)
}

fn check_sqlite(url: &str) -> Result<(), ProblemKind> {
    path(url, "sqlite", SQLITE).map(drop)
}

/// A pool connects nothing before its first request.
#[cfg(feature = "redis")]
fn check_redis(url: &str) -> Result<(), ProblemKind> {
    crate::backend::RedisPool::open(url).map(drop).map_err(|_| ProblemKind::Invalid { takes: REDIS })
}

/// Without the client for Redis, only the scheme is judged: a build that has the client may know more of them.
#[cfg(not(feature = "redis"))]
fn check_redis(url: &str) -> Result<(), ProblemKind> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_known = |scheme: String| ["redis", "valkey", "unix"].iter().any(|known| scheme.starts_with(known));
    if scheme.is_some_and(is_known) { Ok(()) } else { Err(ProblemKind::Invalid { takes: REDIS }) }
}

#[cfg(feature = "file")]
const OPEN_FILE: Option<Open> = Some(|url| {
    let store = crate::backend::store::FileStore::open(path(url, "file", FILE)?).map_err(ProblemKind::Backend)?;
    Ok(Arc::new(store))
});
#[cfg(not(feature = "file"))]
const OPEN_FILE: Option<Open> = None;

#[cfg(feature = "sqlite")]
const OPEN_SQLITE: Option<Open> = Some(|url| {
    let store = crate::backend::store::SqliteStore::open(path(url, "sqlite", SQLITE)?).map_err(ProblemKind::Backend)?;
    Ok(Arc::new(store))
});
#[cfg(not(feature = "sqlite"))]
const OPEN_SQLITE: Option<Open> = None;

#[cfg(feature = "redis")]
const OPEN_REDIS: Option<Open> = Some(|url| {
    let store = crate::backend::store::RedisStore::open(url).map_err(|_| ProblemKind::Invalid { takes: REDIS })?;
    Ok(Arc::new(store))
});
#[cfg(not(feature = "redis"))]
const OPEN_REDIS: Option<Open> = None;

const FILE: &str = "the path of a folder, or a URL such as file:///var/lib/shop/sessions";
const SQLITE: &str =
    "the path of a database, or a URL such as sqlite:///var/lib/shop/sessions.db or sqlite:sessions.db";
const REDIS: &str = "a URL such as redis://127.0.0.1:6379/0, or unix:///run/redis.sock; not rediss:// (TLS)";
