//! [`RedisStore`]: records in Redis, which removes them by itself.

use std::collections::HashMap;

use redis::Cmd;

use super::{Record, Save, SessionStore};
use crate::backend::BoxFuture;
use crate::backend::redis::{GRACE, PROBE_UNTIL, RedisPool};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind, ConfigError};
use crate::time::UnixTime;

/// A store in Redis (feature `redis`), for any number of processes and servers. [`RedisPool`] says what Redis must be.
///
/// The key of a record is `sealed_session:session:` and the id in hexadecimal digits; its value is five bytes of
/// [`Record::expires_at`], most significant first, and then [`Record::bytes`]. Redis removes the record a minute after
/// that time: [`SessionStore::cleanup_expired`] has nothing to do. Redis decides within one command whether a record
/// may be written: `SET` with `NX` creates a record, and a script of `EVAL` replaces the one whose first 29 bytes it is
/// told.
///
/// ```no_run
/// use sealed_session::{Record, RedisStore, Save, SessionId, SessionStore, UnixTime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::open("redis://127.0.0.1:6379/0")?;
/// let (id, record) = (SessionId::generate()?, Record::new(vec![1, 2, 3], UnixTime::MAX));
/// assert!(store.save(id, &record, Save::Create).await?);
/// assert_eq!(store.load(id).await?, Some(record));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisStore {
    pool: RedisPool,
}

impl RedisStore {
    /// Makes a store with connections of its own, as [`RedisPool::open`] makes them. Nothing is connected yet.
    ///
    /// # Errors
    /// As for [`RedisPool::open`].
    ///
    /// ```
    /// use sealed_session::RedisStore;
    /// RedisStore::open("redis://127.0.0.1:6379/0")?;
    /// assert!(RedisStore::open("127.0.0.1:6379").is_err());
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn open(url: &str) -> Result<Self, ConfigError> {
        Ok(Self::new(&RedisPool::open(url)?))
    }

    /// Makes a store over connections that others use, too.
    ///
    /// ```
    /// use sealed_session::{RedisPool, RedisRevocations, RedisStore};
    /// let pool = RedisPool::open("redis://127.0.0.1:6379/0")?;
    /// let (store, revocations) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
    /// # let _ = (store, revocations);
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    #[must_use]
    pub fn new(pool: &RedisPool) -> Self {
        Self { pool: pool.clone() }
    }
}

impl SessionStore for RedisStore {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async move {
            let (key, mut commands) = (self.pool.key(KIND, id), redis::pipe());
            commands.cmd("GET").arg(&key);
            let (value,): (Option<Vec<u8>>,) = self.pool.read(&key, &commands).await?;
            value.map(decode).transpose()
        })
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let (key, value) = (self.pool.key(KIND, id), encode(record));
            let until = record.expires_at().as_secs().saturating_add(GRACE);
            let mut command = Cmd::new();
            match save {
                Save::Create => command.arg("SET").arg(&key).arg(value).arg("NX").arg("EXAT").arg(until),
                Save::Replace(tag) => {
                    command.arg("EVAL").arg(REPLACE).arg(1).arg(&key).arg(tag.as_bytes()).arg(value).arg(until)
                }
            };
            // Both commands answer nil where they wrote nothing.
            Ok(self.pool.write::<Option<String>>(&key, &command).await?.is_some())
        })
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            let key = self.pool.key(KIND, id);
            self.pool.write::<u64>(&key, &self.deletion(&key)).await.map(drop)
        })
    }

    fn cleanup_expired(&self, _now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        Box::pin(async { Ok(0) })
    }

    /// Sends the commands of a login and of a logout, for a key of no session, so that a read-only replica, a Redis
    /// without memory or without its replicas, and an ACL that allows too little all show. Nothing stays in Redis.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        let commands = |key: &str| {
            let mut commands = redis::pipe();
            commands.cmd("SET").arg(key).arg("").arg("NX").arg("EXAT").arg(PROBE_UNTIL);
            commands.cmd("EVAL").arg(REPLACE).arg(1).arg(key).arg("").arg("").arg(PROBE_UNTIL);
            commands.cmd("GET").arg(key);
            commands.add_command(self.deletion(key));
            commands
        };
        Box::pin(async move { self.pool.does(commands).await })
    }

    /// A record that is written or removed in the meantime may or may not be among them. The same goes for one that
    /// moves from one server of a cluster to another.
    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        Box::pin(async move {
            let mut records = HashMap::new();
            let mut scan = self.pool.scan(KIND).await?;
            while let Some(keys) = scan.next().await? {
                for (key, value) in keys.iter().zip(scan.values(&keys).await?) {
                    // A record that is gone again went between the two commands.
                    if let Some(value) = value {
                        records.insert(self.id(key)?, decode(value)?);
                    }
                }
            }
            Ok(records.into_iter().collect())
        })
    }

    /// Removes what has the prefix of this store, and no revocation. A record that is written in the meantime may stay,
    /// and so may one that moves from one server of a cluster to another.
    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            let mut scan = self.pool.scan(KIND).await?;
            while let Some(keys) = scan.next().await? {
                scan.remove(&keys).await?;
            }
            Ok(())
        })
    }
}

impl RedisStore {
    /// Makes the command that removes a record.
    fn deletion(&self, key: &str) -> Cmd {
        let mut command = Cmd::new();
        if self.pool.waits() {
            command.arg("EVAL").arg(DELETE).arg(1).arg(key);
        } else {
            command.arg("DEL").arg(key);
        }
        command
    }

    fn id(&self, key: &[u8]) -> Result<SessionId, BackendError> {
        let digits = key.strip_prefix(self.pool.key(KIND, "").as_bytes()).unwrap_or_default();
        let mut id = [0; 16];
        hex::decode_to_slice(digits, &mut id).map_err(|_| corrupt("a key is no session id"))?;
        Ok(SessionId::from_bytes(id))
    }
}

fn encode(record: &Record) -> Vec<u8> {
    [&record.expires_at().to_u40(), record.bytes()].concat()
}

fn decode(mut value: Vec<u8>) -> Result<Record, BackendError> {
    let expires_at = *value.first_chunk().ok_or_else(|| corrupt("a value is too short for a record"))?;
    value.drain(..expires_at.len());
    Ok(Record::new(value, UnixTime::from_u40(expires_at)))
}

fn corrupt(message: &str) -> BackendError {
    BackendError::new(BackendErrorKind::Corrupt, message)
}

const KIND: &str = "session";

/// Writes a value where the record that is there has the tag, as one step. The record begins after the five bytes of
/// its expiry, and its tag has 29 bytes or is the whole record.
const REPLACE: &str = r"
local found = redis.pcall('GETRANGE', KEYS[1], 0, 33)
if type(found) == 'table' then
  return found
end
if #found > 0 and #found < 5 then
  return redis.error_reply('CORRUPT a value is too short for a record')
end
if #found == 0 or string.sub(found, 6) ~= ARGV[1] then
  return false
end
return redis.pcall('SET', KEYS[1], ARGV[2], 'EXAT', ARGV[3])
";

/// Deletes a record so that there is a write to wait for, even where no record is: an earlier deletion may not be on
/// the replicas yet.
const DELETE: &str = r"
local deleted = redis.call('DEL', KEYS[1])
if deleted == 0 then
  redis.pcall('SET', KEYS[1], '')
  redis.call('DEL', KEYS[1])
end
return deleted
";
