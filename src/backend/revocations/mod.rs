//! Lists of revocations: which sealed cookies are refused although they open.

mod generation;
mod known;
mod list;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use generation::{Generation, Only};
pub use known::{Known, Mark};
pub use list::Revocations;
pub use memory::MemoryRevocations;
#[cfg(feature = "redis")]
pub use redis::RedisRevocations;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteRevocations;
