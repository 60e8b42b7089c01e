//! [`Node`]: the connections to one server, and a question to it.

use deadpool::managed::{Object, Pool, PoolError, QueueMode};
use redis::{FromRedisValue, Pipeline};
use tokio::time::{Instant, timeout_at};

use super::connector::Connector;
use super::failure::{Failure, text, unavailable};

/// The connections to one server. Cheap to clone.
#[derive(Clone)]
pub(super) struct Node {
    connections: Pool<Connector>,
}

impl Node {
    /// Makes a pool without a connection.
    pub(super) fn new(connector: Connector, max_connections: usize) -> Option<Self> {
        // The connection that was used last is taken first, so that the others rest, and few need a PING.
        let connections = Pool::builder(connector).max_size(max_connections).queue_mode(QueueMode::Lifo).build();
        Some(Self { connections: connections.ok()? })
    }

    pub(super) fn resize(&self, max_connections: usize) {
        self.connections.resize(max_connections);
    }

    /// Sends the commands in one piece and returns their answers.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
        connected_by: Instant,
        deadline: Instant,
    ) -> Result<T, Failure> {
        let not_sent = |message: String| Failure::NotSent(unavailable(message));
        let connection = timeout_at(connected_by, self.connections.get()).await;
        let mut connection =
            connection.map_err(|_| not_sent("no connection in time".into()))?.map_err(|error| match error {
                PoolError::Backend(error) => not_sent(text(&error)),
                _ => not_sent("no connection".into()),
            })?;
        let answer = timeout_at(deadline, commands.query_async(&mut connection.redis)).await;
        let failure = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Failure::of(&error),
            Err(_) => Failure::Lost(unavailable("no answer in time")),
        };
        if failure.concerns_all_connections() {
            // The connections that rest most likely failed in the same way as this one, or lead to a server that is the
            // primary no more.
            drop(Object::take(connection));
            self.connections.retain(|_, _| false);
        }
        Err(failure)
    }
}
