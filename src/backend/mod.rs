//! Backends: the stores that keep values and the lists that keep revocations, and the coordinator that asks both.
//!
//! Nothing here knows a cookie line or a request. The coordinator is given a session that opened and says whether it is
//! admitted; it is told what a commit wants kept and ended. A store and a list never see a key or a plaintext.

mod admitted;
mod coordinator;
mod cutoffs;
mod future;
mod placement;
mod policy;
#[cfg(feature = "redis")]
mod redis_pool;
pub(crate) mod revocations;
pub(crate) mod store;
mod work;

pub(crate) use admitted::Admitted;
pub(crate) use coordinator::{Coordinator, no_revocations};
pub use future::BoxFuture;
pub(crate) use placement::Placement;
pub use policy::FailurePolicy;
#[cfg(feature = "redis")]
pub use redis_pool::RedisPool;
pub use revocations::{MemoryRevocations, Revocable, Revocations};
pub use store::{MemoryStore, Record, Save, SessionStore};
pub(crate) use work::{Saving, Work};
