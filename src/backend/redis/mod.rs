//! Redis: how a server is reached, what is said to it, and what its errors mean. The store and the list of revocations
//! know keys, commands and answers; this folder knows everything else about Redis.
//!
//! - `pool.rs` holds [`RedisPool`], which the application configures; `ask.rs` is how the store and the list ask it.
//! - `url.rs` reads the URL of a Redis, and `address.rs` holds the place of one server.
//! - `node.rs` asks one server, over the connections that `connector.rs` makes.
//! - `failure.rs` says what an error of Redis means, and whether anything can have happened.
//! - `tls/` encrypts connections; without the feature `redis-tls` it is an empty half of the same API.

mod address;
mod ask;
mod connector;
mod failure;
mod node;
mod pool;
mod tls;
mod url;

pub(crate) use ask::{GRACE, PROBE_UNTIL};
pub use pool::RedisPool;
#[cfg(feature = "redis-tls")]
pub use tls::RedisTls;
