//! [`Connector`]: makes connections to one server, and says whether a connection can be used again.

use std::time::Duration;
use std::{future, io};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, RedisError, Value,
};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::address::Address;
use super::tls::Tls;

/// Makes connections to one server.
pub(super) struct Connector {
    way: Way,
    role: Role,
}

enum Way {
    Plain(Client),
    Tls { tls: Tls, address: Address, login: RedisConnectionInfo },
}

/// The role that a server must claim before a connection to it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Any,
    Primary,
}

impl Connector {
    pub(super) fn new(
        address: Address,
        login: &RedisConnectionInfo,
        tls: Option<&Tls>,
        role: Role,
    ) -> Result<Self, RedisError> {
        match tls {
            Some(tls) => Ok(Self { way: Way::Tls { tls: tls.clone(), address, login: login.clone() }, role }),
            None => Ok(Self { role, ..Self::plain(ConnectionAddr::Tcp(address.host, address.port), login)? }),
        }
    }

    pub(super) fn plain(address: ConnectionAddr, login: &RedisConnectionInfo) -> Result<Self, RedisError> {
        let info = address.into_connection_info()?.set_redis_settings(login.clone());
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Ok(Self { way: Way::Plain(Client::open(info)?), role: Role::Any })
    }
}

async fn check(role: Role, redis: &mut MultiplexedConnection) -> Result<(), RedisError> {
    if role == Role::Primary {
        let answer: Vec<Value> = redis::cmd("ROLE").query_async(redis).await?;
        if !matches!(answer.first(), Some(Value::BulkString(word)) if word == b"master") {
            return Err(io::Error::other("the server that Sentinel names is no primary yet").into());
        }
    }
    Ok(())
}

impl Connector {
    /// Makes a connection, which the runtime that this is called in drives.
    pub(super) async fn connect(&self) -> Result<Connection, RedisError> {
        // `RedisPool` is the one place that measures time.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let mut redis = match &self.way {
            Way::Plain(client) => client.get_multiplexed_async_connection_with_config(&config).await?,
            Way::Tls { tls, address, login } => tls.connect(address, login, config).await?,
        };
        check(self.role, &mut redis).await?;
        let runtime = tokio::spawn(future::pending::<()>()).abort_handle();
        Ok(Connection { redis, has_rested: false, runtime })
    }
}

impl Manager for Connector {
    type Type = Connection;
    type Error = RedisError;

    async fn create(&self) -> Result<Connection, RedisError> {
        self.connect().await
    }

    async fn recycle(&self, connection: &mut Connection, metrics: &Metrics) -> RecycleResult<RedisError> {
        if connection.has_lost_its_runtime() {
            return Err(RecycleError::message("its runtime ended"));
        }
        connection.has_rested |= metrics.last_used() >= TRUSTED;
        Ok(())
    }
}

pub(super) struct Connection {
    pub(super) redis: MultiplexedConnection,
    /// True if the connection was not used for a second and has answered no PING since.
    pub(super) has_rested: bool,
    /// A task that waits for ever, so that it ends with the runtime that this connection is driven by.
    runtime: AbortHandle,
}

impl Connection {
    /// True if the runtime that drives this connection ended, so that no answer will come.
    pub(super) fn has_lost_its_runtime(&self) -> bool {
        self.runtime.is_finished()
    }

    /// True if the server answers a PING over this connection in time.
    pub(super) async fn answers(&self, by: Instant) -> bool {
        let (ping, mut redis) = (redis::cmd("PING"), self.redis.clone());
        !self.has_lost_its_runtime() && matches!(timeout_at(by, ping.exec_async(&mut redis)).await, Ok(Ok(())))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.runtime.abort();
    }
}

/// The time after its last use for which a connection is taken for good without a PING.
pub(super) const TRUSTED: Duration = Duration::from_secs(1);
