//! Encrypted sessions for web servers, without a session store: the whole session travels in one cookie, sealed with
//! AES-256-GCM, with its idle timeout and its absolute timeout inside the seal.
//!
//! ```
//! use sealed_session::{Key, SessionConfig};
//!
//! // Once, at start-up; or `SessionManager::from_env()?`, which reads variables.
//! let manager = SessionConfig::new(Key::generate()?).cookie_name("__Host-session").build()?;
//!
//! // In each request. The adapters for axum, tower, actix-web and Rocket make these two calls.
//! let session = manager.load(["theme=dark"]); // the Cookie headers; this never fails
//! session.regenerate()?; // at login: a new id, the values stay
//! session.set("user_id", 42)?;
//! assert_eq!(session.get::<u64>("user_id")?, Some(42));
//! let set_cookies = manager.commit(&session)?; // for the response; none if nothing has to be sent
//! # assert!(set_cookies.into_iter().all(|line| line.ends_with("; Secure; Path=/; Max-Age=86400")));
//! # Ok::<(), sealed_session::Error>(())
//! ```
//!
//! | which type do I need? | |
//! |---|---|
//! | [`SessionManager`] | holds the keys; one for each application, built from a [`SessionConfig`] |
//! | [`Session`] | the session of one request, which a handler reads and changes |
//! | [`Typed`] | the same, read and written as a struct of your own |
//! | [`Codec`], [`SessionData`] | a session as text and as a plain value, without HTTP |
//! | [`SessionStore`], [`Revocations`] | more than a cookie holds, and logouts that end every copy of it |
//!
//! The modules `tower`, `actix_web` and `rocket` are the adapters, `import` reads old cookies of other crates, and
//! `testing` helps your tests. [`_docs`] has the pages: [in your framework](_docs::frameworks),
//! [values](_docs::values), [lifetime](_docs::lifetime), [logout](_docs::logout), [stores](_docs::stores),
//! [operations](_docs::operations), [security](_docs::security) and others.
//!
//! <details><summary>Features, of which none is on by default</summary>
//!
//! | feature | adds |
//! |---|---|
//! | `axum`, `tower`, `actix-web`, `rocket` | a layer, middleware or fairing, and extractors |
//! | `file`, `sqlite`, `redis`, `redis-tls` | stores and lists of revocations; the second and the last need a C compiler |
//! | `aws-lc` | the cipher by AWS-LC: the same bytes, faster; needs a C compiler |
//! | `import` | sessions out of the private cookies of axum-extra, actix-session, Rocket and Tideway |
//! | `tracing` | `TracingObserver`: events for the crate `tracing` |
//! | `test-util` | the module `testing`: a clock, a browser, cookies, and suites for stores of your own |
//! | `dbsc` | experimental: sessions that are bound to the device of their browser ([`_docs::device_bound`]) |
//! | `cli` | the command `sealed-session` |
//!
//! </details>
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doc)]
pub mod _docs;
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
