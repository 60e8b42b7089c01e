//! Redis: how it is reached, what is said to it, and what its errors mean. The store and the list of revocations know
//! keys, commands and answers; this folder knows everything else about Redis.
//!
//! - `pool.rs` holds [`RedisPool`], which the application configures. The store and the list ask it by `ask.rs`, and
//!   walk over all keys by `scan.rs`.
//! - `url.rs` reads the URL of a Redis: one server, a cluster, or servers behind Sentinel. `topology.rs` says which
//!   server to ask; `cluster/` and `sentinels.rs` find it, and ask again where nothing can have happened. `nodes.rs`
//!   keeps the servers that they found, and `address.rs` is the place of one.
//! - `node.rs` asks one server, over the connections that `connector.rs` makes: a write over one of a pool, and a read
//!   over the one that `shared.rs` keeps for all reads.
//! - `failure.rs` says what an error of Redis means, and whether anything can have happened. `deadline.rs` divides the
//!   time that a question may take.
//! - `tls/` encrypts connections; without the feature `redis-tls` it is an empty half of the same API.

mod address;
mod ask;
mod cluster;
mod connector;
mod deadline;
mod failure;
mod node;
mod nodes;
mod pool;
mod scan;
mod sentinels;
mod shared;
mod tls;
mod topology;
mod url;

pub(crate) use ask::{GRACE, PROBE_UNTIL};
pub use pool::RedisPool;
#[cfg(feature = "redis-tls")]
pub use tls::RedisTls;
