//! Lists of revocations: which sealed cookies are refused although they open.

mod list;
mod memory;
#[cfg(feature = "redis")]
mod redis;

pub use list::{Revocable, Revocations};
pub use memory::MemoryRevocations;
#[cfg(feature = "redis")]
pub use redis::RedisRevocations;
