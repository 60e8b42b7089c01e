//! Checks or opens a store, a list of revocations, or both, at the place that a URL names.

use std::sync::Arc;

use super::env_redis::{Problem, RedisSettings};
use super::store_url::path;
use crate::backend::{ConfiguredClock, Revocations, SessionStore};
#[cfg(feature = "redis")]
use crate::backend::{revocations::RedisRevocations, store::RedisStore};
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

/// Opens parts at the place that a URL names. The settings are those of a Redis, and the clock is that of a list.
type Open = fn(&str, &RedisSettings, Parts, &ConfiguredClock) -> Result<Opened, Problem>;

impl Kind {
    /// Opens the parts that are wanted. The result is `None` where the crate was built without the feature of this
    /// kind.
    pub(super) fn opener(self) -> Option<Open> {
        match self {
            Self::File => OPEN_FILE,
            Self::Sqlite => OPEN_SQLITE,
            Self::Redis => OPEN_REDIS,
        }
    }

    /// Checks the URL and the settings and opens nothing, which needs no feature of a backend and makes no file.
    pub(super) fn check(self, url: &str, redis: &RedisSettings) -> Result<(), Problem> {
        match self {
            Self::File => path(url, "file", FILE).map(drop).map_err(of_the_url),
            Self::Sqlite => path(url, "sqlite", SQLITE).map(drop).map_err(of_the_url),
            Self::Redis => redis.check(url, REDIS),
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

/// Blames the variable that has the URL.
fn of_the_url(kind: ProblemKind) -> Problem {
    (None, kind)
}

#[cfg(feature = "file")]
const OPEN_FILE: Option<Open> = Some(|url, _, _, _| {
    let path = path(url, "file", FILE).map_err(of_the_url)?;
    let store =
        crate::backend::store::FileStore::open(path).map_err(|error| of_the_url(ProblemKind::Backend(error)))?;
    Ok(Opened { store: Some(Arc::new(store)), list: None })
});
#[cfg(not(feature = "file"))]
const OPEN_FILE: Option<Open> = None;

#[cfg(feature = "sqlite")]
const OPEN_SQLITE: Option<Open> = Some(|url, _, parts, clock| {
    let path = path(url, "sqlite", SQLITE).map_err(of_the_url)?;
    let open = || {
        if parts == Parts::List {
            let list = SqliteRevocations::open(&path)?.clock(clock.clone());
            return Ok(Opened { store: None, list: Some(Arc::new(list)) });
        }
        let store = SqliteStore::open(&path)?;
        let mut opened = Opened::default();
        if parts == Parts::Both {
            opened.list = Some(Arc::new(SqliteRevocations::beside(&store)?.clock(clock.clone())));
        }
        opened.store = Some(Arc::new(store));
        Ok(opened)
    };
    open().map_err(|error| of_the_url(ProblemKind::Backend(error)))
});
#[cfg(not(feature = "sqlite"))]
const OPEN_SQLITE: Option<Open> = None;

#[cfg(feature = "redis")]
const OPEN_REDIS: Option<Open> = Some(|url, settings, parts, _| {
    let pool = settings.pool(url, REDIS)?;
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
const REDIS: &str = "a URL such as redis://127.0.0.1:6379/0, rediss://redis.internal (TLS), redis-cluster://10.0.0.1,10.0.0.2, \
    redis-sentinel://10.0.0.1,10.0.0.2/name or unix:///run/redis.sock";
