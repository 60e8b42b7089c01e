#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

/// The program of that page is a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/stores.md")]
pub mod stores_page {}

#[cfg(feature = "actix-web")]
#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
pub mod actix_web;
#[cfg(feature = "axum")]
mod axum;
mod backend;
mod behind;
mod codec;
mod config;
mod config_error;
mod counters;
mod csrf;
mod data;
mod decode_error;
mod entries;
mod env;
mod env_backend;
mod env_reader;
mod error;
mod extract;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod header;
#[cfg(feature = "import")]
#[cfg_attr(docsrs, doc(cfg(feature = "import")))]
pub mod import;
mod key;
mod key_id;
mod lifetime;
mod manager;
mod observe;
mod placement;
mod presets;
mod recent;
#[cfg(feature = "redis")]
mod redis_pool;
mod revocations;
mod revoke;
#[cfg(feature = "rocket")]
#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
pub mod rocket;
mod rules;
mod seal;
mod session;
mod set_cookie;
mod state;
mod store;
#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod testing;
mod time;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub mod tower;
#[cfg(feature = "tracing")]
mod tracing;
mod typed;
mod wire;

pub use backend::{BackendError, BackendErrorKind, BoxFuture, FailurePolicy};
pub use codec::Codec;
pub use config::{SameSite, SessionConfig};
pub use config_error::{ConfigError, ConfigProblem, KeyError, ProblemKind};
pub use counters::{Counters, Counts, KeyCounts};
pub use data::{SessionData, SessionId};
pub use decode_error::{DecodeError, Timeout};
pub use error::{EncodeError, ValueError};
#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
pub use extract::ExtractError;
pub use extract::Typed;
pub use key::{Key, KeyRing};
pub use key_id::KeyId;
pub use manager::SessionManager;
pub use observe::{DeleteCause, Event, KeyRole, Observer, SealCause};
pub use presets::TimeoutPreset;
pub use recent::StaleLogin;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use redis_pool::RedisPool;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use revocations::RedisRevocations;
pub use revocations::{MemoryRevocations, Revocable, Revocations};
pub use session::Session;
pub use set_cookie::SetCookies;
pub use state::{Retired, Status};
#[cfg(feature = "file")]
#[cfg_attr(docsrs, doc(cfg(feature = "file")))]
pub use store::FileStore;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use store::RedisStore;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use store::SqliteStore;
pub use store::{MemoryStore, Record, Save, SessionStore};
pub use time::{Clock, SystemClock, UnixTime};
#[cfg(feature = "tracing")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
pub use tracing::TracingObserver;
