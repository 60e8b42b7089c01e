//! [`RedisRevocations`]: a list in Redis, which removes entries by itself.

use super::{Revocable, Revocations};
use crate::backend::BoxFuture;
use crate::backend::redis_pool::{GRACE, RedisPool};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind, ConfigError};
use crate::time::UnixTime;

/// A list in Redis (feature `redis`), for any number of processes and servers. [`RedisPool`] says what Redis must be.
///
/// The key of an entry is `sealed_session:revoked:` and the id in hexadecimal digits, or `sealed_session:subject:` and the
/// JSON text of the subject as it is: whoever can read Redis, its log of slow commands or its backups sees who was logged
/// out, by e-mail address if that is your subject. If that matters, make the subject a number. Its value is the cut-off and
/// the time until which it must be kept, in decimal digits; Redis removes it a minute after that time.
///
/// A session is asked about in one round trip, whether it has a subject or not.
///
/// ```no_run
/// use sealed_session::{RedisRevocations, Revocable, Revocations, SessionId, UnixTime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let list = RedisRevocations::open("redis://127.0.0.1:6379/0")?;
/// let id = SessionId::generate()?;
/// list.revoke(id, UnixTime::MAX).await?;
/// assert!(list.is_revoked(Revocable::new(id, None, UnixTime::MIN)).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisRevocations {
    pool: RedisPool,
}

impl RedisRevocations {
    /// A list with connections of its own, as [`RedisPool::open`] makes them. Nothing is connected yet.
    ///
    /// # Errors
    /// As for [`RedisPool::open`].
    ///
    /// ```
    /// use sealed_session::RedisRevocations;
    /// RedisRevocations::open("redis://127.0.0.1:6379/0")?;
    /// assert!(RedisRevocations::open("127.0.0.1:6379").is_err());
    /// # Ok::<(), sealed_session::ConfigError>(())
    /// ```
    pub fn open(url: &str) -> Result<Self, ConfigError> {
        Ok(Self::new(&RedisPool::open(url)?))
    }

    /// A list over connections that others use, too.
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

    async fn keep(&self, key: String, cutoff: UnixTime, until: UnixTime) -> Result<(), BackendError> {
        let mut commands = redis::pipe();
        commands.cmd("EVAL").arg(KEEP_THE_LATER).arg(1).arg(key).arg(cutoff.as_secs()).arg(until.as_secs()).arg(GRACE);
        self.pool.ask::<(String,)>(&commands).await.map(drop)
    }
}

impl Revocations for RedisRevocations {
    fn revoke(&self, id: SessionId, until: UnixTime) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(self.keep(self.pool.key("revoked", id), UnixTime::MAX, until))
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        cutoff: UnixTime,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        Box::pin(self.keep(self.pool.key("subject", subject), cutoff, until))
    }

    fn is_revoked<'a>(&'a self, session: Revocable<'a>) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let mut commands = redis::pipe();
            // Not MGET: for a key that holds no text it says that there is none, and so admits.
            commands.cmd("GET").arg(self.pool.key("revoked", session.id));
            if let Some(subject) = session.subject {
                commands.cmd("GET").arg(self.pool.key("subject", subject));
            }
            let entries: Vec<Option<Vec<u8>>> = self.pool.ask(&commands).await?;
            for entry in entries.into_iter().flatten() {
                if session.created_at <= cutoff(&entry)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(self.pool.answers())
    }
}

fn cutoff(entry: &[u8]) -> Result<UnixTime, BackendError> {
    let read = || {
        let (cutoff, _until) = str::from_utf8(entry).ok()?.split_once(' ')?;
        UnixTime::from_secs(cutoff.parse().ok()?)
    };
    read().ok_or_else(|| BackendError::new(BackendErrorKind::Corrupt, "an entry is not what was stored"))
}

/// Writes the later of each time, what is there and what is given, as one step.
const KEEP_THE_LATER: &str = r"
local cutoff, till = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.pcall('GET', KEYS[1])
if type(kept) == 'table' then
  return kept
end
if kept then
  local kept_cutoff, kept_till = string.match(kept, '^(%d+) (%d+)$')
  if not kept_cutoff then
    return redis.error_reply('CORRUPT an entry is not what was stored')
  end
  cutoff, till = math.max(cutoff, tonumber(kept_cutoff)), math.max(till, tonumber(kept_till))
end
return redis.pcall('SET', KEYS[1], string.format('%.0f %.0f', cutoff, till), 'EXAT', string.format('%.0f', till + ARGV[3]))
";
