//! [`RedisRevocations`]: a list in Redis, which removes entries by itself.

use redis::Cmd;

use super::{Generation, Known, Mark, Only, Revocations};
use crate::backend::BoxFuture;
use crate::backend::redis::{GRACE, PROBE_UNTIL, RedisPool};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind, ConfigError};
use crate::time::UnixTime;

/// A list in Redis (feature `redis`), for any number of processes and servers. [`RedisPool`] says what Redis must be.
///
/// The key of an entry is `sealed_session:revoked:` and the id in hexadecimal digits, or `sealed_session:subject:` and
/// the JSON text of the subject as it is: whoever can read Redis, its log of slow commands or its backups sees who was
/// logged out, by e-mail address if that is your subject. If that matters, make the subject a number.
///
/// The value of an entry is a mark or a generation, a space, and the time until which the entry must be kept, in
/// decimal digits of Unix seconds. Redis removes the entry a minute after that time. A generation has 16 hexadecimal
/// digits, and [`Mark::Became`] has 32. [`Mark::Ended`] is `1099511627775`, by which version 0.1 of this crate knows an
/// ended session, too. An entry of 0.1 about a subject has 10 to 13 decimal digits: it is read as a generation that no
/// session of 0.1 has, so the subject logs in again.
///
/// Each change is one script of `EVAL`, and a session is asked about in one round trip, whether it has a subject or
/// not; a cluster, which may have the two entries on two servers, takes a second one for the subject.
///
/// ```no_run
/// use sealed_session::{Mark, RedisRevocations, Revocations, SessionId, UnixTime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let list = RedisRevocations::open("redis://127.0.0.1:6379/0")?;
/// let id = SessionId::generate()?;
/// list.revoke(id, Mark::Ended, UnixTime::MAX).await?;
/// assert_eq!(list.look(Some(id), None).await?.mark, Some(Mark::Ended));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RedisRevocations {
    pool: RedisPool,
}

impl RedisRevocations {
    /// Makes a list with connections of its own, as [`RedisPool::open`] makes them. Nothing is connected yet.
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

    /// Makes a list over connections that others use, too.
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

impl Revocations for RedisRevocations {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        Box::pin(async move {
            let key = self.pool.key(MARK, id);
            let command = self.mark(&key, mark, until.as_secs(), GRACE);
            let stands: String = self.pool.write(&key, &command).await?;
            read_mark(&stands)
        })
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let only = match only {
                Only::Any => "any".to_owned(),
                Only::Of(None) => "none".to_owned(),
                Only::Of(Some(generation)) => generation.to_string(),
            };
            let (key, mut command) = (self.pool.key(SUBJECT, subject), redis::cmd("EVAL"));
            command.arg(PUT_GENERATION).arg(1).arg(&key);
            command.arg(to.to_string()).arg(until.as_secs()).arg(GRACE).arg(only);
            Ok(self.pool.write::<Option<String>>(&key, &command).await?.is_some())
        })
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        Box::pin(async move {
            let subject = subject.map(|subject| self.pool.key(SUBJECT, subject));
            let id = id.map(|id| self.pool.key(MARK, id));
            // The generation is read first and the mark last.
            let keys: Vec<&String> = subject.iter().chain(&id).collect();
            let mut entries = self.entries(&keys).await?.into_iter();
            let generation = subject.as_ref().and_then(|_| entries.next()).flatten();
            let mark = id.as_ref().and_then(|_| entries.next()).flatten();
            Ok(Known::new(
                mark.map(|entry| read_mark(stands(&entry)?)).transpose()?,
                generation.map(|entry| read_generation(stands(&entry)?)).transpose()?,
            ))
        })
    }

    /// Writes a mark under a key of no session, so that a read-only replica, a Redis without memory or without its
    /// replicas, and an ACL that allows too little all show: the script also reads the key. Nothing stays in Redis.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        let commands = |key: &str| {
            let mut commands = redis::pipe();
            commands.add_command(self.mark(key, Mark::Ended, PROBE_UNTIL, 0));
            commands
        };
        Box::pin(async move { self.pool.does(commands).await })
    }
}

impl RedisRevocations {
    /// Makes the command that writes a mark, which Redis keeps for `grace` seconds past its time.
    fn mark(&self, key: &str, mark: Mark, until: u64, grace: u64) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(PUT_MARK).arg(1).arg(key).arg(mark_text(mark)).arg(until).arg(grace);
        command.arg(u8::from(self.pool.waits()));
        command
    }

    /// Reads entries, in this order. A cluster may have them on two servers, so there it takes a round trip for each.
    async fn entries(&self, keys: &[&String]) -> Result<Vec<Option<Vec<u8>>>, BackendError> {
        let pieces = if self.pool.has_one_server() { keys.len().max(1) } else { 1 };
        let mut entries = Vec::new();
        for piece in keys.chunks(pieces) {
            // MGET would say for a key that holds no text that there is none, and so admit. Redis answers these
            // commands in their order.
            let mut commands = redis::pipe();
            for key in piece {
                commands.cmd("GET").arg(key);
            }
            if let Some(first) = piece.first() {
                entries.extend(self.pool.read::<Vec<Option<Vec<u8>>>>(first, &commands).await?);
            }
        }
        Ok(entries)
    }
}

/// Returns the mark or the generation of an entry, before its space and its time.
fn stands(entry: &[u8]) -> Result<&str, BackendError> {
    let (stands, until) = str::from_utf8(entry).ok().and_then(|entry| entry.split_once(' ')).ok_or_else(corrupt)?;
    until.parse::<u64>().map_err(|_| corrupt())?;
    Ok(stands)
}

fn mark_text(mark: Mark) -> String {
    match mark {
        Mark::Ended => ENDED.to_owned(),
        Mark::Became(successor) => successor.to_string(),
    }
}

fn read_mark(text: &str) -> Result<Mark, BackendError> {
    if text == ENDED { Ok(Mark::Ended) } else { digits(text).map(Mark::from_bytes) }
}

fn read_generation(text: &str) -> Result<Generation, BackendError> {
    let is_of_0_1 = (10..=13).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(cutoff) if is_of_0_1 => Ok(Generation::from_bytes(cutoff.to_be_bytes())),
        _ => digits(text).map(Generation::from_bytes),
    }
}

fn digits<const N: usize>(digits: &str) -> Result<[u8; N], BackendError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| corrupt())?;
    Ok(bytes)
}

fn corrupt() -> BackendError {
    BackendError::new(BackendErrorKind::Corrupt, "an entry is not what was stored")
}

const MARK: &str = "revoked";

const SUBJECT: &str = "subject";

/// The mark of a session that ended: the latest time there is. Version 0.1 wrote it as the time up to which sessions of
/// the id are over, so servers of both versions refuse what a server of the other one ended.
const ENDED: &str = "1099511627775";

/// Writes a mark where none stands and the later time where one does, as one step, and returns the mark that stands. If
/// replicas are waited for, a mark that stands is written again: it may not be on them yet, and there must be a write
/// to wait for.
const PUT_MARK: &str = r"
local mark, till = ARGV[1], tonumber(ARGV[2])
local kept = redis.pcall('GET', KEYS[1])
if type(kept) == 'table' then
  return kept
end
if kept then
  local kept_mark, kept_till = string.match(kept, '^(%x+) (%d+)$')
  if not kept_mark or (#kept_mark ~= 32 and kept_mark ~= '1099511627775') then
    return redis.error_reply('CORRUPT an entry is not what was stored')
  end
  if tonumber(kept_till) >= till and ARGV[4] == '0' then
    return kept_mark
  end
  till = math.max(till, tonumber(kept_till))
  mark = kept_mark
end
local done = redis.pcall('SET', KEYS[1], string.format('%s %.0f', mark, till), 'EXAT', string.format('%.0f', till + ARGV[3]))
return done.err and done or mark
";

/// Writes a generation where there is none, or in place of one that may be replaced, as one step, with the later time
/// of the two. Returns nil where another generation stands. The time that version 0.1 wrote for a subject is the
/// generation that `read_generation` reads from it.
const PUT_GENERATION: &str = r"
local generation, till, only = ARGV[1], tonumber(ARGV[2]), ARGV[4]
local kept = redis.pcall('GET', KEYS[1])
if type(kept) == 'table' then
  return kept
end
if kept then
  local found, found_till = string.match(kept, '^(%x+) (%d+)$')
  if found and #found >= 10 and #found <= 13 and not string.find(found, '%D') then
    found = string.format('%016x', tonumber(found))
  end
  if not found or #found ~= #generation then
    return redis.error_reply('CORRUPT an entry is not what was stored')
  end
  if only ~= 'any' and only ~= found and generation ~= found then
    return false
  end
  till = math.max(till, tonumber(found_till))
end
return redis.pcall('SET', KEYS[1], string.format('%s %.0f', generation, till), 'EXAT', string.format('%.0f', till + ARGV[3]))
";
