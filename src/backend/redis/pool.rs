//! [`RedisPool`]: what an application says about its Redis.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "redis-tls")]
use super::tls::RedisTls;
use super::tls::Tls;
use super::topology::Topology;
use super::url::{RedisUrl, TAKES};
use crate::error::{ConfigError, ConfigProblem, ProblemKind};

/// The connections to one Redis, which [`RedisStore`](crate::RedisStore) and
/// [`RedisRevocations`](crate::RedisRevocations) share. Cheap to clone.
///
/// The pool makes no connection before the first request, and makes it then in the tokio runtime of that request, which
/// must have I/O and time enabled, as `#[tokio::main]` does. A connection that broke, that belongs to a runtime which
/// ended, or that does not answer a PING after a second without use is replaced by itself. So a request fails only if
/// Redis fails while it is asked, or failed within the second before.
///
/// All reads of a runtime go over one connection to each server, which carries many at once; a read whose connection
/// broke is sent once more over a new one. Writes, and walks over all keys, take a connection of their own, so no read
/// waits behind a write that waits for the disk or for replicas, and no write behind a read.
///
/// Every request gets its answer within [`RedisPool::timeout`], connecting included, or else
/// [`BackendErrorKind::Unavailable`](crate::BackendErrorKind::Unavailable). A write that failed so may have been done
/// all the same, or be done when Redis wakes up.
///
/// # What Redis must be
/// Redis 6.2 or later, or Valkey: one server, a primary under a name that moves with it, a cluster, or a primary behind
/// Sentinel. The server holds only sealed sessions, but whoever can write to it can end sessions and bring ended ones
/// back, so keep it inside, behind a password or a Unix socket, and over a network take TLS.
///
/// - **A cluster** has a URL that names some of its servers, `redis-cluster://host:port,host:port`. The pool asks the
///   primary of a key's slot, never a replica, and finds the others by itself. Keys are the same as in one server. A
///   cluster that shows one server with all slots, as some services do, also works by that server's `redis://` URL.
/// - **Sentinel** has a URL that names the Sentinels and the name under which they know the primary,
///   `redis-sentinel://host:port,host:port/name/database`. User and password are those of the primary; those of the
///   Sentinels are `?sentinel_username=..&sentinel_password=..`. The pool asks all of them each second, and believes
///   the one that knows of the latest failover. It uses a server only if that says itself that it is a primary.
/// - In both, a write is sent again, to another server or a moment later, only if nothing was sent or if the server
///   said that it did nothing. After a lost answer it is an error, since it may have been done. The time limit is for
///   all tries together.
/// - **TLS** is the feature `redis-tls` and a `rediss://` URL. The certificate of Redis must be one that the system
///   trusts, for the host in the URL, unless `RedisTls` says otherwise. Without the feature such a URL is refused, and
///   a URL with a fragment (`#insecure`) always is, whatever other crates turn on in the crate `redis`.
///   `rediss-cluster://` and `rediss-sentinel://` are the same over TLS. A cluster's server that is known by its
///   address has to show the first name of the URL; behind Sentinel, a server has to show what the Sentinels call it,
///   or `RedisTls::server_name`.
///
/// - `maxmemory-policy noeviction`, the default: any other forgets revocations and ends sessions when memory is short.
/// - `appendonly yes` with `appendfsync always`, if what was acknowledged must outlive a crash; `everysec` may lose a
///   second. A replica that takes over may lack the last writes, revocations among them, unless
///   [`RedisPool::wait_for_replicas`] waits for it.
/// - Its clock decides when it removes what has expired. Everything is kept for a minute longer than it must be, so a
///   clock that is less than a minute fast loses nothing.
/// - A user under an ACL needs DEL, EVAL, GET, GETRANGE, PING, SCAN, SET and UNLINK on `sealed_session:*`; in a cluster
///   also ASKING and CLUSTER SLOTS, behind Sentinel also ROLE, and WAIT if the pool waits for replicas.
///
/// ```
/// use sealed_session::{RedisPool, RedisRevocations, RedisStore};
/// use std::time::Duration;
///
/// let pool = RedisPool::open("redis://127.0.0.1:6379/0")?.prefix("shop:").timeout(Duration::from_millis(300));
/// let store = RedisStore::new(&pool);
/// let revocations = RedisRevocations::new(&pool);
/// # let _ = (store, revocations);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RedisPool {
    pub(super) topology: Topology,
    pub(super) prefix: Arc<str>,
    pub(super) timeout: Duration,
    /// The number of replicas that must have a write before it is acknowledged.
    pub(super) replicas: u32,
}

impl RedisPool {
    /// A pool with one connection for reads and at most 16 for writes to this address, the prefix `sealed_session:` and
    /// a timeout of one second. Nothing is connected yet.
    ///
    /// # Errors
    /// [`ConfigError`] when `url` is no address of a Redis, when it asks for TLS and the feature `redis-tls` is off,
    /// and when it asks for TLS on a system that trusts no certificate. The message never shows the address, for it may
    /// hold a password.
    ///
    /// ```
    /// use sealed_session::RedisPool;
    /// for url in ["redis://127.0.0.1", "redis://user:password@redis.internal:6380/3", "unix:///run/redis.sock?db=1"] {
    ///     RedisPool::open(url)?;
    /// }
    /// for url in ["redis-cluster://10.0.0.1,10.0.0.2:7000", "redis-sentinel://10.0.0.1,10.0.0.2/shop"] {
    ///     RedisPool::open(url)?;
    /// }
    /// for url in ["127.0.0.1", "http://127.0.0.1", "redis://", "redis://127.0.0.1/zero"] {
    ///     assert!(RedisPool::open(url).is_err(), "{url}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(url: &str) -> Result<Self, ConfigError> {
        let url = RedisUrl::parse(url).map_err(|kind| refused(URL, kind))?;
        let tls = if url.has_tls { Some(Tls::of_the_system().map_err(|(at, kind)| refused(at, kind))?) } else { None };
        Self::new(url, tls.as_ref())
    }

    /// Does what [`RedisPool::open`] does, for a `rediss://` URL and with settings of TLS (feature `redis-tls`).
    ///
    /// # Errors
    /// As for [`RedisPool::open`], and [`ConfigError`] when `url` does not ask for TLS, when a certificate or the key
    /// can't be read, when the key is not the certificate's, and when the server name is none. A problem of the
    /// settings has the name of the method that took it: `ca_pem`, `client_pem` (`client_pem key` for the key),
    /// `server_name`.
    ///
    /// ```
    /// use sealed_session::{RedisPool, RedisTls};
    /// # let ca_pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redis/ca.pem"));
    /// let tls = RedisTls::new().ca_pem(ca_pem);
    /// RedisPool::open_with_tls("rediss://user:password@redis.internal:6380/0", &tls)?;
    /// assert!(RedisPool::open_with_tls("redis://redis.internal", &tls).is_err(), "not encrypted");
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    #[cfg(feature = "redis-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis-tls")))]
    pub fn open_with_tls(url: &str, tls: &RedisTls) -> Result<Self, ConfigError> {
        let url = RedisUrl::parse(url).map_err(|kind| refused(URL, kind))?;
        if !url.has_tls {
            let rule = "must ask for TLS: its scheme is rediss, not redis";
            return Err(refused(URL, ProblemKind::Conflict { rule }));
        }
        let tls = Tls::new(tls).map_err(|(at, kind)| refused(at, kind))?;
        Self::new(url, Some(&tls))
    }

    fn new(url: RedisUrl, tls: Option<&Tls>) -> Result<Self, ConfigError> {
        let wrong = || refused(URL, ProblemKind::Invalid { takes: TAKES });
        let topology = Topology::new(url, tls, 16).ok_or_else(wrong)?;
        Ok(Self { topology, prefix: "sealed_session:".into(), timeout: Duration::from_secs(1), replicas: 0 })
    }

    /// Sets the prefix of every key in Redis, so that several applications share one. No prefix may begin with another
    /// one.
    ///
    /// ```
    /// use sealed_session::RedisPool;
    /// let pool = RedisPool::open("redis://127.0.0.1")?.prefix("shop:");
    /// # let _ = pool;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Sets the time that one request to Redis may take: waiting for a connection, making it, and the answer, together.
    /// A whole [`all`](crate::SessionStore::all) or [`clear`](crate::SessionStore::clear) takes longer, but no step of
    /// it does.
    ///
    /// ```
    /// use sealed_session::RedisPool;
    /// use std::time::Duration;
    /// let pool = RedisPool::open("redis://127.0.0.1")?.timeout(Duration::from_millis(300));
    /// # let _ = pool;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Acknowledges a write once this many replicas have it, too (`WAIT`), or else answers
    /// [`BackendErrorKind::Unavailable`](crate::BackendErrorKind::Unavailable); 0 by default. Redis gets three quarters
    /// of [`RedisPool::timeout`] for that.
    ///
    /// A primary acknowledges before its replicas have a write. If it fails then, one of them takes over without the
    /// write, and a revocation that was acknowledged is gone. With one replica and a wait for it, nothing that was
    /// acknowledged is lost when the replica takes over; [docs/stores.md](crate::_docs::stores#a-redis-that-fails-over)
    /// has the numbers. With more replicas, one that lacks the write may take over all the same, unless the pool waits
    /// for all of them. While fewer replicas than that can be reached, every write is refused: after a failover with
    /// one replica, until the old primary is back.
    ///
    /// A write costs the round trip to the replicas more. Reads wait for nothing.
    ///
    /// ```
    /// use sealed_session::RedisPool;
    /// let pool = RedisPool::open("redis-sentinel://10.0.0.1,10.0.0.2,10.0.0.3/shop")?.wait_for_replicas(1);
    /// # let _ = pool;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "WAIT")]
    #[must_use]
    pub fn wait_for_replicas(self, replicas: u32) -> Self {
        Self { replicas, ..self }
    }

    /// Sets the largest number of connections to each server for writes, from 1 to 10,000: a number beyond these counts
    /// as the nearest one. Each connection serves one write at a time. All clones of the pool share them. One
    /// connection more for each tokio runtime serves all reads of that runtime.
    ///
    /// ```
    /// use sealed_session::RedisPool;
    /// let pool = RedisPool::open("redis://127.0.0.1")?.max_connections(64);
    /// # let _ = pool;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_connections(self, max: usize) -> Self {
        self.topology.resize(max.clamp(1, MOST_CONNECTIONS));
        self
    }
}

impl fmt::Debug for RedisPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address stays out: it may hold a password.
        f.debug_struct("RedisPool")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn refused(setting: &str, kind: ProblemKind) -> ConfigError {
    ConfigError::new(vec![ConfigProblem::new(setting, kind)])
}

/// The number of clients that a Redis takes, unless its `maxclients` says otherwise. The pool reserves a place for each
/// connection.
const MOST_CONNECTIONS: usize = 10_000;

/// The name of the URL in errors.
const URL: &str = "redis url";
