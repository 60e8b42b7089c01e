//! The way of every question of the store and the list to Redis.

use std::fmt;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, Pipeline, Value};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::failure::unavailable;
use super::node::Over;
use super::pool::RedisPool;
use crate::error::BackendError;

impl RedisPool {
    /// Returns the key of the entry `name` of this kind, under the prefix.
    pub(crate) fn key(&self, kind: &str, name: impl fmt::Display) -> String {
        format!("{}{kind}:{name}", self.prefix)
    }

    /// Sends commands about one key, which read, in one piece and gives their answers.
    pub(crate) async fn read<T: FromRedisValue>(
        &self,
        key: impl AsRef<[u8]>,
        commands: &Pipeline,
    ) -> Result<T, BackendError> {
        self.ask(Over::Shared, key.as_ref(), commands).await
    }

    async fn ask<T: FromRedisValue>(&self, over: Over, key: &[u8], commands: &Pipeline) -> Result<T, BackendError> {
        inside_of_a_runtime()?;
        self.topology.ask(over, key, commands, self.deadline()).await
    }

    /// Sends one command, which changes one key, and returns its answer once as many replicas have the change as the
    /// pool waits for. The command must write in any case in which its answer says that something is kept: Redis counts
    /// the replicas that have the last write of this connection, and knows of no earlier one.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unavailable`](crate::BackendErrorKind::Unavailable) when too few replicas have it in time.
    /// It may have been done all the same.
    pub(crate) async fn write<T: FromRedisValue>(
        &self,
        key: impl AsRef<[u8]>,
        command: &Cmd,
    ) -> Result<T, BackendError> {
        let (key, mut commands) = (key.as_ref(), redis::pipe());
        commands.add_command(command.clone());
        if !self.waits() {
            let (answer,) = self.ask(Over::Own, key, &commands).await?;
            return Ok(answer);
        }
        self.add_wait(&mut commands);
        let (answer, replicas) = self.ask(Over::Own, key, &commands).await?;
        self.check_wait(replicas)?;
        Ok(answer)
    }

    /// True if a write is acknowledged only once replicas have it.
    pub(crate) fn waits(&self) -> bool {
        self.replicas > 0
    }

    /// Has Redis say, after the commands, how many replicas have what they wrote.
    pub(super) fn add_wait(&self, commands: &mut Pipeline) {
        // The answer needs a part of the time limit, too.
        let limit =
            self.timeout.saturating_mul(3).checked_div(4).unwrap_or_default().as_millis().clamp(1, A_DAY.as_millis());
        commands.cmd("WAIT").arg(self.replicas).arg(limit.to_string());
    }

    pub(super) fn check_wait(&self, replicas: u32) -> Result<(), BackendError> {
        if replicas >= self.replicas {
            return Ok(());
        }
        Err(unavailable(format_args!("{replicas} of {} replicas have the write", self.replicas)))
    }

    /// Returns the time at which a request that begins now must have its answer.
    pub(super) fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.timeout.min(A_DAY)).unwrap_or(now)
    }

    /// True if commands about several keys may be sent in one piece.
    pub(crate) fn has_one_server(&self) -> bool {
        self.topology.has_one_server()
    }

    /// Returns true when each server that has keys does these commands, whatever it answers, as many replicas have the
    /// last write of them as the pool waits for, and each slot of a cluster has a server. `commands` makes them for a
    /// key that no entry has. A health check asks for the commands that its backend needs: a replica, a server without
    /// memory and one whose ACL allows too little all answer a PING.
    pub(crate) async fn does(&self, commands: impl Fn(&str) -> Pipeline) -> bool {
        let Ok(keys) = self.probes().await else { return false };
        for key in keys {
            if self.probe(&key, commands(&key)).await.is_err() {
                return false;
            }
        }
        true
    }

    async fn probe(&self, key: &str, mut commands: Pipeline) -> Result<(), BackendError> {
        if !self.waits() {
            return self.ask::<Vec<Value>>(Over::Own, key.as_bytes(), &commands).await.map(drop);
        }
        self.add_wait(&mut commands);
        let answers: Vec<Value> = self.ask(Over::Own, key.as_bytes(), &commands).await?;
        let replicas = answers.last().and_then(|count| redis::from_redis_value_ref(count).ok());
        self.check_wait(replicas.unwrap_or_default())
    }

    /// Returns keys that no entry has, one for each server that has keys.
    async fn probes(&self) -> Result<Vec<String>, BackendError> {
        inside_of_a_runtime()?;
        self.topology.a_key_of_each(&self.key("probe", "health"), self.deadline()).await
    }
}

/// Returns the error of a question that is asked where there is no tokio, which connections need.
pub(super) fn inside_of_a_runtime() -> Result<(), BackendError> {
    Handle::try_current().map(drop).map_err(|_| unavailable("it was asked outside of a tokio runtime"))
}

/// The longest time limit, so that no deadline is past the end of time.
const A_DAY: Duration = Duration::from_secs(86_400);

/// The time, in Unix seconds, until which Redis keeps what a health check writes: a time that has passed. So Redis does
/// all that it does for a write, and keeps nothing.
pub(crate) const PROBE_UNTIL: u64 = 60;

/// The seconds that Redis keeps an entry past its time, for the difference between the clock of Redis and this
/// server's.
pub(crate) const GRACE: u64 = 60;
