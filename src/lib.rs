#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

/// Makes the programs of these pages doctests.
#[cfg(doctest)]
#[doc = include_str!("../docs/lifetime.md")]
#[doc = include_str!("../docs/logout.md")]
#[doc = include_str!("../docs/stores.md")]
#[doc = include_str!("../docs/values.md")]
pub mod pages {}

/// Makes the programs of docs/managers.md doctests.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../docs/managers.md")]
pub mod managers_page {}

/// Makes the programs of docs/errors.md doctests.
#[cfg(all(doctest, feature = "axum", feature = "actix-web", feature = "rocket"))]
#[doc = include_str!("../docs/errors.md")]
pub mod errors_page {}

mod adapters;
mod backend;
mod codec;
mod config;
mod cookie;
mod crypto;
mod data;
#[cfg(feature = "dbsc")]
mod device_binding;
mod error;
mod format;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "import")]
#[cfg_attr(docsrs, doc(cfg(feature = "import")))]
pub mod import;
#[cfg(not(feature = "import"))]
#[path = "import/disabled.rs"]
mod import;
mod key_id;
mod manager;
mod observe;
mod session;
#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod testing;
mod time;

#[cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
pub use adapters::KeepExpiry;
#[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
pub use adapters::SessionOf;
#[cfg(feature = "actix-web")]
#[cfg_attr(docsrs, doc(cfg(feature = "actix-web")))]
pub use adapters::actix_web;
#[cfg(feature = "rocket")]
#[cfg_attr(docsrs, doc(cfg(feature = "rocket")))]
pub use adapters::rocket;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use adapters::tower;
#[cfg(feature = "redis-tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis-tls")))]
pub use backend::RedisTls;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use backend::revocations::SqliteRevocations;
#[cfg(feature = "file")]
#[cfg_attr(docsrs, doc(cfg(feature = "file")))]
pub use backend::store::FileStore;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use backend::store::RedisStore;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use backend::store::SqliteStore;
pub use backend::{
    BoxFuture, FailurePolicy, Generation, Known, Mark, MemoryRevocations, MemoryStore, Only, Record, Revocations, Save,
    SessionStore, Tag,
};
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use backend::{RedisPool, revocations::RedisRevocations};
pub use config::{EnvReader, FormerCookie, SessionConfig, TimeoutPreset};
pub use cookie::{SameSite, SetCookies};
pub use crypto::{Key, KeyRing};
pub use data::{Retired, SessionData, SessionId};
#[cfg(feature = "dbsc")]
#[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
pub use device_binding::{Binding, BindingAnswer, BindingRequest, DeviceBinding};
#[cfg(feature = "dbsc")]
#[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
pub use error::Unbound;
pub use error::{
    BackendError, BackendErrorKind, ConfigError, ConfigProblem, DecodeError, EncodeError, Error, KeyError, ProblemKind,
    StaleLogin, Timeout, ValueError,
};
pub use key_id::KeyId;
pub use manager::{Codec, SessionManager};
#[cfg(feature = "dbsc")]
#[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
pub use observe::BindingOutcome;
#[cfg(feature = "tracing")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
pub use observe::TracingObserver;
pub use observe::{Counters, Counts, DeleteCause, Event, KeyCounts, KeyRole, Observer, SealCause};
pub use session::{MismatchPolicy, Session, Status, Typed};
pub use time::{Clock, SystemClock, UnixTime};
