//! Backends: the stores that keep values, the lists that keep revocations, and the questions that both are asked.
//!
//! `ask.rs` says whether a session that opened is admitted, and `end.rs` ends one, with all that it became. Between the
//! two, `session/` decides what a commit does. Nothing here knows a cookie line or the state of a request, and a store
//! and a list never see a key or a plaintext. docs/stores.md says what holds where requests cross.

mod admitted;
mod ask;
mod configured_clock;
mod coordinator;
mod end;
mod future;
mod owner;
mod placement;
mod policy;
mod questions;
mod recheck;
#[cfg(feature = "redis")]
mod redis;
mod remembered;
pub(crate) mod revocations;
#[cfg(feature = "sqlite")]
mod sqlite;
pub(crate) mod store;
mod tombstone;
#[cfg(any(feature = "file", feature = "sqlite"))]
mod writers;

pub(crate) use admitted::{Admitted, Stored};
pub(crate) use ask::{Answer, read_record};
pub(crate) use configured_clock::ConfiguredClock;
pub(crate) use coordinator::{Coordinator, unsupported};
pub(crate) use end::{Ending, MAX_TRIES, never_wins};
pub use future::BoxFuture;
pub(crate) use owner::Owner;
pub(crate) use placement::Placement;
pub use policy::FailurePolicy;
pub(crate) use questions::Questions;
pub(crate) use recheck::Recheck;
#[cfg(feature = "redis")]
pub use redis::RedisPool;
#[cfg(feature = "redis-tls")]
pub use redis::RedisTls;
pub(crate) use remembered::{Remembered, Vouched};
pub use revocations::{Generation, Known, Mark, MemoryRevocations, Only, Revocations};
pub use store::{MemoryStore, Record, Save, SessionStore, Tag};
pub(crate) use tombstone::{mark_of, tombstone};
