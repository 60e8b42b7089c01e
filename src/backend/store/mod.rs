//! Stores: where the values of a session are kept when they are not in its cookie.

#[cfg(feature = "file")]
mod file;
mod memory;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod session_store;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "file")]
#[cfg_attr(docsrs, doc(cfg(feature = "file")))]
pub use file::FileStore;
pub use memory::MemoryStore;
pub use record::{Record, Tag};
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use redis::RedisStore;
pub use session_store::{Save, SessionStore};
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::SqliteStore;
