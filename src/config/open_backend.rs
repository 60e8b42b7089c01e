//! Checks or opens a store, a list of revocations, or both, at the place that a URL names.

use std::sync::Arc;

use super::store_url::path;
#[cfg(feature = "redis")]
use crate::backend::{RedisPool, revocations::RedisRevocations, store::RedisStore};
use crate::backend::{Revocations, SessionStore};
#[cfg(feature = "sqlite")]
use crate::backend::{revocations::SqliteRevocations, store::SqliteStore};
use crate::error::ProblemKind;

/// The kinds of backends that are reached by a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Sqlite,
    Redis,
}

/// The parts of a backend that are wanted at one place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    Store,
    List,
    Both,
}

/// The parts that were opened. A store and a list at one place share their connections.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) store: Option<Arc<dyn SessionStore>>,
    pub(super) list: Option<Arc<dyn Revocations>>,
}

type Open = fn(&str, Parts) -> Result<Opened, ProblemKind>;

impl Kind {
    /// Opens the parts that are wanted. The result is `None` where the crate was built without the feature of this kind.
    pub(super) fn opener(self) -> Option<Open> {
        match self {
            Self::File => OPEN_FILE,
            Self::Sqlite => OPEN_SQLITE,
            Self::Redis => OPEN_REDIS,
        }
    }

    /// Checks the URL and opens nothing, which needs no feature and makes no file.
    pub(super) fn check(self, url: &str) -> Result<(), ProblemKind> {
        match self {
            Self::File => path(url, "file", FILE).map(drop),
            Self::Sqlite => path(url, "sqlite", SQLITE).map(drop),
            Self::Redis => check_redis(url),
        }
    }

    /// Returns the places that a backend of this kind takes, in words.
    pub(super) fn takes(self) -> &'static str {
        match self {
            Self::File => FILE,
            Self::Sqlite => SQLITE,
            Self::Redis => REDIS,
        }
    }

    pub(super) fn feature(self) -> &'static str {
        match self {
            Self::File => "the crate's feature `file`",
            Self::Sqlite => "the crate's feature `sqlite`",
            Self::Redis => "the crate's feature `redis`",
        }
    }
}

/// A pool connects nothing before its first request.
#[cfg(feature = "redis")]
fn check_redis(url: &str) -> Result<(), ProblemKind> {
    RedisPool::open(url).map(drop).map_err(|_| ProblemKind::Invalid { takes: REDIS })
}

/// Without the client for Redis, only the scheme is judged: a build that has the client may know more of them.
#[cfg(not(feature = "redis"))]
fn check_redis(url: &str) -> Result<(), ProblemKind> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_known = |scheme: String| ["redis", "valkey", "unix"].iter().any(|known| scheme.starts_with(known));
    if scheme.is_some_and(is_known) { Ok(()) } else { Err(ProblemKind::Invalid { takes: REDIS }) }
}

#[cfg(feature = "file")]
const OPEN_FILE: Option<Open> = Some(|url, _| {
    let store = crate::backend::store::FileStore::open(path(url, "file", FILE)?).map_err(ProblemKind::Backend)?;
    Ok(Opened { store: Some(Arc::new(store)), list: None })
});
#[cfg(not(feature = "file"))]
const OPEN_FILE: Option<Open> = None;

#[cfg(feature = "sqlite")]
const OPEN_SQLITE: Option<Open> = Some(|url, parts| {
    let path = path(url, "sqlite", SQLITE)?;
    let open = || {
        if parts == Parts::List {
            let list = SqliteRevocations::open(&path)?;
            return Ok(Opened { store: None, list: Some(Arc::new(list)) });
        }
        let store = SqliteStore::open(&path)?;
        let mut opened = Opened::default();
        if parts == Parts::Both {
            opened.list = Some(Arc::new(SqliteRevocations::beside(&store)?));
        }
        opened.store = Some(Arc::new(store));
        Ok(opened)
    };
    open().map_err(ProblemKind::Backend)
});
#[cfg(not(feature = "sqlite"))]
const OPEN_SQLITE: Option<Open> = None;

#[cfg(feature = "redis")]
const OPEN_REDIS: Option<Open> = Some(|url, parts| {
    let pool = RedisPool::open(url).map_err(|_| ProblemKind::Invalid { takes: REDIS })?;
    let mut opened = Opened::default();
    if parts != Parts::List {
        opened.store = Some(Arc::new(RedisStore::new(&pool)));
    }
    if parts != Parts::Store {
        opened.list = Some(Arc::new(RedisRevocations::new(&pool)));
    }
    Ok(opened)
});
#[cfg(not(feature = "redis"))]
const OPEN_REDIS: Option<Open> = None;

const FILE: &str = "the path of a folder, or a URL such as file:///var/lib/shop/sessions";
const SQLITE: &str =
    "the path of a database, or a URL such as sqlite:///var/lib/shop/sessions.db or sqlite:sessions.db";
const REDIS: &str = "a URL such as redis://127.0.0.1:6379/0, rediss://redis.internal (with the crate's feature `redis-tls`), or \
    unix:///run/redis.sock";
