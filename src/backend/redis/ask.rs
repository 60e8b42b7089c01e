//! The way of every question of the store and the list to Redis.

use std::fmt;
use std::time::Duration;

use redis::{FromRedisValue, Pipeline};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::failure::{Failure, unavailable};
use super::pool::RedisPool;
use crate::error::BackendError;

impl RedisPool {
    /// Returns the key of the entry `name` of this kind, under the prefix.
    pub(crate) fn key(&self, kind: &str, name: impl fmt::Display) -> String {
        format!("{}{kind}:{name}", self.prefix)
    }

    /// Sends the commands in one piece and gives their answers.
    pub(crate) async fn ask<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, BackendError> {
        if Handle::try_current().is_err() {
            return Err(unavailable("it was asked outside of a tokio runtime"));
        }
        self.node.ask(commands, self.deadline()).await.map_err(Failure::error)
    }

    /// Returns the time at which a request that begins now must have its answer.
    fn deadline(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.timeout.min(A_DAY)).unwrap_or(now)
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

/// The longest time limit, so that no deadline is past the end of time.
const A_DAY: Duration = Duration::from_secs(86_400);

/// The time, in Unix seconds, until which Redis keeps what a health check writes: a time that has passed. So Redis does all that
/// it does for a write, and keeps nothing.
pub(crate) const PROBE_UNTIL: u64 = 60;

/// The seconds that Redis keeps an entry past its time, for the difference between the clock of Redis and this
/// server's.
pub(crate) const GRACE: u64 = 60;
