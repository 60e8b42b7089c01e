//! [`MemoryRevocations`]: a list in the memory of one process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Generation, Known, Mark, Only, Revocations};
use crate::backend::BoxFuture;
use crate::data::SessionId;
use crate::error::BackendError;
use crate::time::{Clock, SystemClock, UnixTime};

/// A list for an application of one process, in its memory: a restart forgets it, and another process does not see it.
///
/// Entries whose time has passed go by themselves, while others are added: the list looks for them when it has 1,024
/// entries or twice what it kept the last time, whichever is more. A live entry is never forgotten, so nothing bounds
/// the list but the sessions that are ended within their absolute timeout. The list answers at once and never fails.
///
/// The clock says only which entries may go. If it runs ahead of the clocks that open cookies, an entry may go while a
/// cookie of it still opens: give the list the clock of the manager. The two are the same clock unless you changed one.
///
/// ```
/// use sealed_session::{Generation, Mark, MemoryRevocations, Only, Revocations, SessionId, UnixTime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let list = MemoryRevocations::new();
/// let (id, successor) = (SessionId::generate()?, SessionId::generate()?);
/// assert_eq!(list.revoke(id, Mark::Became(successor), UnixTime::MAX).await?, Mark::Became(successor));
/// assert_eq!(list.revoke(id, Mark::Ended, UnixTime::MAX).await?, Mark::Became(successor), "the first one stands");
///
/// let generation = Generation::from_bytes([7; 8]);
/// assert!(list.revoke_subject("42", Only::Any, generation, UnixTime::MAX).await?);
/// let known = list.look(Some(id), Some("42")).await?;
/// assert_eq!((known.mark, known.generation), (Some(Mark::Became(successor)), Some(generation)));
/// # Ok(())
/// # }
/// ```
pub struct MemoryRevocations {
    clock: Box<dyn Clock>,
    entries: Mutex<Entries>,
}

impl MemoryRevocations {
    /// Makes an empty list that goes by the operating system's clock.
    ///
    /// ```
    /// use sealed_session::MemoryRevocations;
    /// assert!(MemoryRevocations::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { clock: Box::new(SystemClock), entries: Mutex::new(Entries::default()) }
    }

    /// Sets the clock of the list: the one that [`SessionConfig::clock`](crate::SessionConfig::clock) was given.
    ///
    /// ```
    /// use sealed_session::{MemoryRevocations, UnixTime};
    /// assert!(MemoryRevocations::new().clock(|| UnixTime::MIN).is_empty());
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Returns the number of ids and subjects that the list holds, with those whose time has passed but that have not
    /// gone yet. For a metric.
    ///
    /// ```
    /// use sealed_session::{Generation, Mark, MemoryRevocations, Only, Revocations, SessionId, UnixTime};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let list = MemoryRevocations::new();
    /// list.revoke(SessionId::generate()?, Mark::Ended, UnixTime::MAX).await?;
    /// list.revoke_subject("42", Only::Any, Generation::from_bytes([7; 8]), UnixTime::MAX).await?;
    /// assert_eq!(list.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns true when the list holds no entry.
    ///
    /// ```
    /// use sealed_session::MemoryRevocations;
    /// assert!(MemoryRevocations::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Each change under the lock is one call to a map, so a panic elsewhere leaves nothing half done.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the entries, with room for one more.
    fn lock_to_add(&self) -> MutexGuard<'_, Entries> {
        let mut entries = self.lock();
        if entries.len() >= entries.limit {
            entries.sweep(self.clock.now());
        }
        entries
    }
}

impl Default for MemoryRevocations {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRevocations").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Revocations for MemoryRevocations {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        Box::pin(async move {
            let mut entries = self.lock_to_add();
            let entry = entries.marks.entry(id).or_insert(Entry { stands: mark, until });
            entry.until = until.max(entry.until);
            Ok(entry.stands)
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
            let mut entries = self.lock_to_add();
            let found = entries.generations.get(subject);
            if !only.applies_to(found.map(|entry| entry.stands), to) {
                return Ok(false);
            }
            let until = found.map_or(until, |entry| entry.until.max(until));
            entries.generations.insert(subject.into(), Entry { stands: to, until });
            Ok(true)
        })
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        Box::pin(async move {
            let entries = self.lock();
            let mark = id.and_then(|id| entries.marks.get(&id)).map(|entry| entry.stands);
            let generation = subject.and_then(|subject| entries.generations.get(subject)).map(|entry| entry.stands);
            Ok(Known::new(mark, generation))
        })
    }
}

struct Entries {
    marks: HashMap<SessionId, Entry<Mark>>,
    generations: HashMap<Box<str>, Entry<Generation>>,
    /// The number of entries from which the list looks for those whose time has passed: so often that an insert costs
    /// the same on average, however long the list is.
    limit: usize,
}

struct Entry<T> {
    stands: T,
    until: UnixTime,
}

impl Entries {
    fn len(&self) -> usize {
        self.marks.len().saturating_add(self.generations.len())
    }

    fn sweep(&mut self, now: UnixTime) {
        self.marks.retain(|_, entry| entry.until > now);
        self.generations.retain(|_, entry| entry.until > now);
        self.limit = self.len().saturating_mul(2).max(SMALLEST_LIMIT);
        // After a wave of logouts the list gives its memory back, too.
        self.marks.shrink_to(self.limit);
        self.generations.shrink_to(self.limit);
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self { marks: HashMap::new(), generations: HashMap::new(), limit: SMALLEST_LIMIT }
    }
}

const SMALLEST_LIMIT: usize = 1024;
