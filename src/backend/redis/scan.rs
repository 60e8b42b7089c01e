//! [`Scan`]: a walk over the keys of a kind, on every server that has some.

use redis::{FromRedisValue, Pipeline};

use super::ask::inside_of_a_runtime;
use super::failure::Failure;
use super::node::{Node, Over};
use super::pool::RedisPool;
use crate::error::BackendError;

/// A walk over the keys of a kind. A key that is written or removed in the meantime, or that moves from one server of a
/// cluster to another, may be left out; a key may come twice.
pub(crate) struct Scan<'p> {
    pool: &'p RedisPool,
    pattern: String,
    /// The servers that are left. The last one is walked over now.
    servers: Vec<Node>,
    /// The cursor from which the walk over that server goes on. It begins at 0, and Redis answers 0 at the end.
    cursor: u64,
    /// True once a server answered, so that a cursor of 0 is the end of its walk.
    is_begun: bool,
}

impl RedisPool {
    /// Begins a walk over the keys of a kind.
    pub(crate) async fn scan(&self, kind: &str) -> Result<Scan<'_>, BackendError> {
        inside_of_a_runtime()?;
        let mut pattern = String::new();
        for character in self.key(kind, "").chars() {
            if matches!(character, '*' | '?' | '[' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('*');
        let servers = self.topology.primaries(self.deadline()).await?;
        Ok(Scan { pool: self, pattern, servers, cursor: 0, is_begun: false })
    }
}

impl Scan<'_> {
    /// Returns some keys, at least one. `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Vec<u8>>>, BackendError> {
        loop {
            if self.is_begun && self.cursor == 0 {
                self.servers.pop();
            }
            let Some(server) = self.servers.last() else { return Ok(None) };
            let mut commands = redis::pipe();
            commands.cmd("SCAN").arg(self.cursor).arg("MATCH").arg(&self.pattern).arg("COUNT").arg(100);
            let deadline = self.pool.deadline();
            let page = server.ask::<((u64, Vec<Vec<u8>>),)>(Over::Own, &commands, deadline, deadline).await;
            let ((cursor, keys),) = page.map_err(Failure::error)?;
            (self.cursor, self.is_begun) = (cursor, true);
            if !keys.is_empty() {
                return Ok(Some(keys));
            }
        }
    }

    /// Returns the values of the keys that [`Scan::next`] returned last, in their order.
    pub(crate) async fn values(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, BackendError> {
        let commands = about_each("GET", keys);
        if let Some(values) = self.ask(&commands).await? {
            return Ok(values);
        }
        let mut values = Vec::new();
        for key in keys {
            let (value,) = self.pool.read(key, redis::pipe().cmd("GET").arg(key)).await?;
            values.push(value);
        }
        Ok(values)
    }

    /// Removes the keys that [`Scan::next`] returned last.
    pub(crate) async fn remove(&self, keys: &[Vec<u8>]) -> Result<(), BackendError> {
        let mut commands = about_each("UNLINK", keys);
        if self.pool.waits() {
            self.pool.add_wait(&mut commands);
        }
        if let Some(answers) = self.ask::<Vec<u32>>(&commands).await? {
            let replicas = answers.last().copied().unwrap_or_default();
            return if self.pool.waits() { self.pool.check_wait(replicas) } else { Ok(()) };
        }
        for key in keys {
            self.pool.write::<u32>(key, redis::cmd("UNLINK").arg(key)).await?;
        }
        Ok(())
    }

    /// Asks the server of the keys that were returned last. `None` when slots moved to another server since: then the
    /// servers of the keys have to be found one by one.
    async fn ask<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<Option<T>, BackendError> {
        let Some(server) = self.servers.last() else { return Ok(None) };
        let deadline = self.pool.deadline();
        match server.ask(Over::Own, commands, deadline, deadline).await {
            Ok(answers) => Ok(Some(answers)),
            Err(Failure::Elsewhere { to: Some(_), .. }) => Ok(None),
            Err(failure) => Err(failure.error()),
        }
    }
}

/// Makes a command for each key, since one command about several keys must be about one slot.
fn about_each(command: &str, keys: &[Vec<u8>]) -> Pipeline {
    let mut commands = redis::pipe();
    for key in keys {
        commands.cmd(command).arg(key);
    }
    commands
}
