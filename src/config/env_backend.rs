//! Opens the store that the environment names.

use std::sync::Arc;

use super::env_reader::{Var, Variables};
use super::env_redis::{Problem, RedisSettings};
#[cfg(any(feature = "file", feature = "sqlite"))]
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

/// Opens a store at the place that a URL names, or names the variable that is wrong.
type Open = fn(&str, &RedisSettings) -> Result<Arc<dyn SessionStore>, Problem>;

impl Variables<'_> {
    /// Opens the backend. A store is opened only if no other variable has a problem, since opening may make files.
    pub(super) fn backend(&mut self) -> Coordinator {
        let kind = self.parse(BACKEND, "cookie, in_memory, file, sqlite or redis", kind);
        let url = self.var(STORE_URL);
        let redis = self.redis_settings(kind == Some(Kind::Redis));
        match (kind, url) {
            (Some(Kind::File), url) => self.opened(url, FILE, "the crate's feature `file`", (OPEN_FILE, &redis)),
            (Some(Kind::Sqlite), url) => {
                self.opened(url, SQLITE, "the crate's feature `sqlite`", (OPEN_SQLITE, &redis))
            }
            (Some(Kind::Redis), url) => self.opened(url, REDIS, "the crate's feature `redis`", (OPEN_REDIS, &redis)),
            (_, Some(url)) if self.problems.is_empty() => {
                let rule = "must not be set unless SESSION_BACKEND is file, sqlite or redis";
                self.note(url.name, ProblemKind::Conflict { rule });
                Coordinator::default()
            }
            (Some(Kind::InMemory), _) => in_store(Arc::new(MemoryStore::new())),
            (Some(Kind::Cookie) | None, _) => Coordinator::default(),
        }
    }

    /// Opens the store at a URL. If that fails, notes the problem and returns no store. `open` is `None` where the
    /// crate was built without the store's feature.
    fn opened(
        &mut self,
        url: Option<Var>,
        takes: &'static str,
        feature: &'static str,
        (open, redis): (Option<Open>, &RedisSettings),
    ) -> Coordinator {
        let Some(open) = open else {
            self.note(self.name_of(BACKEND), ProblemKind::NeedsFeature { feature });
            return Coordinator::default();
        };
        let Some(url) = url else {
            if !self.has_problem(STORE_URL) {
                self.note(self.name_of(STORE_URL), ProblemKind::Missing { takes });
            }
            return Coordinator::default();
        };
        if !self.problems.is_empty() {
            return Coordinator::default();
        }
        match open(&url.text, redis) {
            Ok(store) => in_store(store),
            Err((name, problem)) => {
                self.note(self.name_of(name), problem);
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

#[cfg(feature = "file")]
const OPEN_FILE: Option<Open> = Some(|url, _| {
    let path = path(url, "file", FILE).map_err(|kind| (STORE_URL, kind))?;
    let store = crate::backend::store::FileStore::open(path);
    Ok(Arc::new(store.map_err(|error| (STORE_URL, ProblemKind::Backend(error)))?))
});
#[cfg(not(feature = "file"))]
const OPEN_FILE: Option<Open> = None;

#[cfg(feature = "sqlite")]
const OPEN_SQLITE: Option<Open> = Some(|url, _| {
    let path = path(url, "sqlite", SQLITE).map_err(|kind| (STORE_URL, kind))?;
    let store = crate::backend::store::SqliteStore::open(path);
    Ok(Arc::new(store.map_err(|error| (STORE_URL, ProblemKind::Backend(error)))?))
});
#[cfg(not(feature = "sqlite"))]
const OPEN_SQLITE: Option<Open> = None;

#[cfg(feature = "redis")]
const OPEN_REDIS: Option<Open> = Some(|url, settings| {
    let pool = settings.pool(url, STORE_URL, REDIS)?;
    Ok(Arc::new(crate::backend::store::RedisStore::new(&pool)))
});
#[cfg(not(feature = "redis"))]
const OPEN_REDIS: Option<Open> = None;

const FILE: &str = "the path of a folder, or a URL such as file:///var/lib/shop/sessions";
const SQLITE: &str =
    "the path of a database, or a URL such as sqlite:///var/lib/shop/sessions.db or sqlite:sessions.db";
const REDIS: &str = "a URL such as redis://127.0.0.1:6379/0, rediss://redis.internal (TLS), redis-cluster://10.0.0.1,10.0.0.2, \
    redis-sentinel://10.0.0.1,10.0.0.2/name or unix:///run/redis.sock";
