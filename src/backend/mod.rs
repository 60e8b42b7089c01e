//! Stores and lists of revocations, and the coordinator that asks them.

mod coordinator;
mod placement;
#[cfg(feature = "redis")]
mod redis_pool;
pub(crate) mod revocations;
pub(crate) mod store;

pub(crate) use coordinator::{Backend, Work, no_revocations};
pub(crate) use placement::{Held, Placed, Placement};
#[cfg(feature = "redis")]
pub use redis_pool::RedisPool;
pub use revocations::{Generation, Known, Mark, MemoryRevocations, Only, Revocations};
pub use store::{MemoryStore, Record, Save, SessionStore, Tag};
