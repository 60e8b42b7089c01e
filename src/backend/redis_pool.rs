//! [`RedisPool`]: the connections to one Redis, and what its errors mean. No other file knows how Redis is reached.

use std::fmt;
use std::future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::error::{BackendError, BackendErrorKind, ConfigError, ConfigProblem, ProblemKind};

/// The connections to one Redis, which [`RedisStore`](crate::RedisStore) and [`RedisRevocations`](crate::RedisRevocations)
/// share. Cheap to clone.
///
/// The pool makes no connection before the first request, and makes it then in the tokio runtime of that request, which
/// must have I/O and time enabled, as `#[tokio::main]` does. A connection that broke, that belongs to a runtime which
/// ended, or that does not answer a PING after a second without use is replaced by itself. So a request fails only if
/// Redis fails while it is asked, or failed within the second before.
///
/// Every request gets its answer within [`RedisPool::timeout`], connecting included, or else
/// [`BackendErrorKind::Unavailable`]. A write that failed so may have been done all the same, or be done when Redis
/// wakes up.
///
/// # What Redis must be
/// Redis 6.2 or later, or Valkey; one server, or a primary under a name that moves with it. A cluster won't do, and
/// neither will TLS: `rediss://` is refused. The server holds only sealed sessions, but whoever can write to it can end
/// sessions and bring ended ones back, so keep it inside, behind a password or a Unix socket.
///
/// - `maxmemory-policy noeviction`, the default: any other forgets revocations and ends sessions when memory is short.
/// - `appendonly yes` with `appendfsync always`, if what was acknowledged must outlive a crash; `everysec` may lose a second. A
///   replica that takes over may lack the last writes, revocations among them.
/// - Its clock decides when it removes what has expired. Everything is kept for a minute longer than it must be, so a clock
///   that is less than a minute fast loses nothing.
/// - A user under an ACL needs DEL, EVAL, GET, GETRANGE, PING, SCAN, SET and UNLINK on `sealed_session:*`.
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
    connections: Pool<Connector>,
    prefix: Arc<str>,
    timeout: Duration,
}

impl RedisPool {
    /// A pool of at most 16 connections to this address, with the prefix `sealed_session:` and a timeout of one second.
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// [`ConfigError`] when `url` is no address of a Redis. The message never shows the address, for it may hold a
    /// password.
    ///
    /// ```
    /// use sealed_session::RedisPool;
    /// for url in ["redis://127.0.0.1", "redis://user:password@redis.internal:6380/3", "unix:///run/redis.sock?db=1"] {
    ///     RedisPool::open(url)?;
    /// }
    /// for url in ["127.0.0.1", "http://127.0.0.1", "redis://", "rediss://127.0.0.1", "redis://127.0.0.1/zero"] {
    ///     assert!(RedisPool::open(url).is_err(), "{url}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(url: &str) -> Result<Self, ConfigError> {
        let connector = Connector::new(url).map_err(|_| {
            let takes = "redis://[user:password@]host[:port][/database] or unix:///path[?db=database]";
            ConfigError::new(vec![ConfigProblem::new("redis url", ProblemKind::Invalid { takes })])
        })?;
        // The connection that was used last is taken first, so that the others rest, and few need a PING.
        let connections = Pool::builder(connector).max_size(16).queue_mode(QueueMode::Lifo).build();
        let connections = connections.map_err(|_| {
            let rule = "the pool can't be built";
            ConfigError::new(vec![ConfigProblem::new("redis url", ProblemKind::Conflict { rule })])
        })?;
        Ok(Self { connections, prefix: "sealed_session:".into(), timeout: Duration::from_secs(1) })
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

    /// Sets the largest number of connections, at least one; each serves one request at a time. All clones of the pool
    /// share it.
    ///
    /// ```
    /// use sealed_session::RedisPool;
    /// let pool = RedisPool::open("redis://127.0.0.1")?.max_connections(64);
    /// # let _ = pool;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_connections(self, max: usize) -> Self {
        self.connections.resize(max.max(1));
        self
    }

    /// Returns the key of the entry `name` of this kind, under the prefix.
    pub(crate) fn key(&self, kind: &str, name: impl fmt::Display) -> String {
        format!("{}{kind}:{name}", self.prefix)
    }

    /// Sends the commands in one piece and gives their answers.
    pub(crate) async fn ask<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, BackendError> {
        if Handle::try_current().is_err() {
            return Err(unavailable("it was asked outside of a tokio runtime"));
        }
        let start = Instant::now();
        let connection = tokio::time::timeout(self.timeout, self.connections.get()).await;
        let mut connection =
            connection.map_err(|_| unavailable("no connection in time"))?.map_err(|error| match error {
                PoolError::Backend(error) => unavailable(text(&error)),
                _ => unavailable("no connection"),
            })?;
        let left = self.timeout.saturating_sub(start.elapsed());
        let answer = tokio::time::timeout(left, commands.query_async(&mut connection.redis)).await;
        let error = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => match refusal(&error) {
                Some(refusal) => return Err(refusal),
                None if error.kind() == ErrorKind::Parse || error.kind() == ErrorKind::UnexpectedReturnType => {
                    BackendError::new(BackendErrorKind::Corrupt, "redis gave another answer than it must")
                }
                None => unavailable(text(&error)),
            },
            Err(_) => unavailable("no answer in time"),
        };
        // The connections that rest most likely failed in the same way as this one.
        drop(Object::take(connection));
        self.connections.retain(|_, _| false);
        Err(error)
    }

    /// Returns true when Redis does each of these commands, whatever it answers. A health check asks for the commands that its
    /// backend needs: a replica, a server without memory and one whose ACL allows too little all answer a PING.
    pub(crate) async fn does(&self, commands: &Pipeline) -> bool {
        self.ask::<Vec<redis::Value>>(commands).await.is_ok()
    }

    /// Returns the key that health checks write. No entry has it: the kinds of entries have other names.
    pub(crate) fn probe(&self) -> String {
        self.key("probe", "health")
    }

    /// Returns the next page of the keys of a kind, from a cursor that begins at 0 and is 0 again at the end. A key may
    /// come twice.
    pub(crate) async fn page(&self, kind: &str, cursor: u64) -> Result<(u64, Vec<Vec<u8>>), BackendError> {
        let mut pattern = String::new();
        for character in self.key(kind, "").chars() {
            if matches!(character, '*' | '?' | '[' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('*');
        let mut commands = redis::pipe();
        commands.cmd("SCAN").arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(100);
        self.ask::<((u64, Vec<Vec<u8>>),)>(&commands).await.map(|(page,)| page)
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

/// Makes connections, and says whether a connection can be used again.
struct Connector {
    client: Client,
    config: AsyncConnectionConfig,
}

impl Connector {
    fn new(url: &str) -> Result<Self, RedisError> {
        let info = url.into_connection_info()?.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        // `RedisPool::ask` is the one place that measures time.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        Ok(Self { client: Client::open(info)?, config })
    }
}

impl Manager for Connector {
    type Type = Connection;
    type Error = RedisError;

    async fn create(&self) -> Result<Connection, RedisError> {
        let redis = self.client.get_multiplexed_async_connection_with_config(&self.config).await?;
        Ok(Connection { redis, runtime: tokio::spawn(future::pending::<()>()).abort_handle() })
    }

    async fn recycle(&self, connection: &mut Connection, metrics: &Metrics) -> RecycleResult<RedisError> {
        if connection.runtime.is_finished() {
            return Err(RecycleError::message("its runtime ended"));
        }
        if metrics.last_used() < TRUSTED {
            return Ok(());
        }
        Ok(redis::cmd("PING").exec_async(&mut connection.redis).await?)
    }
}

struct Connection {
    redis: MultiplexedConnection,
    /// A task that waits for ever, so that it ends with the runtime that this connection is driven by.
    runtime: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.runtime.abort();
    }
}

/// Returns the error when Redis itself refused a command, so that the connection is good. Only the error code tells
/// that, for the texts of Redis may repeat what was sent.
fn refusal(error: &RedisError) -> Option<BackendError> {
    let errors = error.clone().into_server_errors()?;
    let code = errors.first()?.1.code();
    let kind = match code {
        "OOM" | "MISCONF" => BackendErrorKind::Full,
        "WRONGTYPE" | "CORRUPT" => BackendErrorKind::Corrupt,
        "ERR" | "NOPERM" => BackendErrorKind::Unsupported,
        _ => return None,
    };
    Some(BackendError::new(kind, format_args!("redis answered {code}")))
}

fn text(error: &RedisError) -> String {
    match error.code() {
        Some(code) => format!("redis answered {code}"),
        None if error.is_io_error() => error.to_string(),
        None => error.category().to_owned(),
    }
}

fn unavailable(message: impl fmt::Display) -> BackendError {
    BackendError::new(BackendErrorKind::Unavailable, message)
}

/// The time after its last use for which a connection is taken for good without a PING.
const TRUSTED: Duration = Duration::from_secs(1);

/// The time, in Unix seconds, until which Redis keeps what a health check writes: a time that has passed. So Redis does all that
/// it does for a write, and keeps nothing.
pub(crate) const PROBE_UNTIL: u64 = 60;

/// The seconds that Redis keeps an entry past its time, for the difference between the clock of Redis and this
/// server's.
pub(crate) const GRACE: u64 = 60;
