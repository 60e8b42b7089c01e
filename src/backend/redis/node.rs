//! [`Node`]: the connections to one server, and a question to it.

use std::fmt;
use std::sync::Arc;

use deadpool::managed::{Object, Pool, PoolError, QueueMode};
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Pipeline, RedisError};
use tokio::time::{Instant, timeout_at};

use super::connector::Connector;
use super::deadline::part_of;
use super::failure::{Failure, text, unavailable};
use super::shared::SharedConnections;

/// The connections to one server. Cheap to clone.
#[derive(Clone)]
pub(super) struct Node {
    connections: Pool<Connector>,
    shared: Arc<SharedConnections>,
}

/// The connection over which commands go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// One that nobody else uses meanwhile, so that nothing waits behind the commands: neither behind a WAIT, nor
    /// behind a script or a page of keys.
    Own,
    /// The one over which all reads go at once. These commands change nothing, so they may be sent twice.
    Shared,
}

impl Node {
    /// Makes a pool without a connection.
    pub(super) fn new(connector: Connector, max_connections: usize) -> Option<Self> {
        // The connection that was used last is taken first, so that the others rest, and few need a PING.
        let connections = Pool::builder(connector).max_size(max_connections).queue_mode(QueueMode::Lifo).build();
        Some(Self { connections: connections.ok()?, shared: Arc::default() })
    }

    pub(super) fn resize(&self, max_connections: usize) {
        self.connections.resize(max_connections);
    }

    /// Sends the commands in one piece and returns their answers.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        over: Over,
        commands: &Pipeline,
        connected_by: Instant,
        deadline: Instant,
    ) -> Result<T, Failure> {
        match over {
            Over::Own => self.ask_alone(commands, connected_by, deadline).await,
            Over::Shared => self.ask_beside_others(commands, connected_by, deadline).await,
        }
    }

    async fn ask_alone<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
        connected_by: Instant,
        deadline: Instant,
    ) -> Result<T, Failure> {
        let mut connection = self.own(connected_by).await?;
        let answer = query(&mut connection.redis, commands, deadline).await.map_err(Unanswered::failure);
        if answer.as_ref().is_err_and(Failure::concerns_all_connections) {
            drop(Object::take(connection));
            self.close_all();
        }
        answer
    }

    /// Takes a connection out of the pool, or makes one. One that rested must answer a PING in a third of the time. If
    /// it does not, all that rest are closed, since most likely they went silent together.
    async fn own(&self, connected_by: Instant) -> Result<Object<Connector>, Failure> {
        let mut connection = self.take(connected_by).await?;
        if connection.has_rested {
            if !connection.answers(part_of(connected_by)).await {
                drop(Object::take(connection));
                self.connections.retain(|_, _| false);
                return self.take(connected_by).await;
            }
            connection.has_rested = false;
        }
        Ok(connection)
    }

    async fn take(&self, connected_by: Instant) -> Result<Object<Connector>, Failure> {
        let connection = timeout_at(connected_by, self.connections.get()).await;
        connection.map_err(|_| not_sent(TOO_LATE))?.map_err(|error| match error {
            PoolError::Backend(error) => not_sent(text(&error)),
            _ => not_sent("no connection"),
        })
    }

    async fn ask_beside_others<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
        connected_by: Instant,
        deadline: Instant,
    ) -> Result<T, Failure> {
        let mut is_second_try = false;
        loop {
            let connection = timeout_at(connected_by, self.shared.get(self.connections.manager(), connected_by)).await;
            let connection = connection.map_err(|_| not_sent(TOO_LATE))?.map_err(|error| not_sent(text(&error)))?;
            let unanswered = match query(&mut connection.redis.clone(), commands, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(unanswered) => unanswered,
            };
            let is_broken = unanswered.is_broken();
            let failure = unanswered.failure();
            if failure.concerns_all_connections() && self.shared.forget(&connection) {
                self.close_all();
            }
            // One connection that breaks would fail every read that goes over it. A read changes nothing, so it is sent
            // once more over a new connection.
            if !is_broken || is_second_try {
                return Err(failure);
            }
            is_second_try = true;
        }
    }

    /// Closes the connections that rest, and those that reads share once they are answered. Most likely they failed in
    /// the same way as another one did, or lead to a server that is the primary no more.
    fn close_all(&self) {
        self.connections.retain(|_, _| false);
        self.shared.clear();
    }
}

async fn query<T: FromRedisValue>(
    redis: &mut MultiplexedConnection,
    commands: &Pipeline,
    deadline: Instant,
) -> Result<T, Unanswered> {
    match timeout_at(deadline, commands.query_async(redis)).await {
        Ok(answer) => answer.map_err(Unanswered::Error),
        Err(_) => Err(Unanswered::InTime),
    }
}

/// The reason why commands that were sent got no answer.
enum Unanswered {
    Error(RedisError),
    InTime,
}

impl Unanswered {
    /// True if the connection was closed, or broke.
    fn is_broken(&self) -> bool {
        matches!(self, Self::Error(error) if error.is_connection_dropped())
    }

    fn failure(self) -> Failure {
        match self {
            Self::Error(error) => Failure::of(&error),
            Self::InTime => Failure::Lost(unavailable("no answer in time")),
        }
    }
}

fn not_sent(message: impl fmt::Display) -> Failure {
    Failure::NotSent(unavailable(message))
}

const TOO_LATE: &str = "no connection in time";
