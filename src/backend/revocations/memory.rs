//! [`MemoryRevocations`]: a list in the memory of one process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Revocable, Revocations};
use crate::backend::BoxFuture;
use crate::data::SessionId;
use crate::error::BackendError;
use crate::time::{Clock, SystemClock, UnixTime};

/// A list for an application of one process, in its memory: a restart forgets it, and another process does not see it.
///
/// Entries whose time has passed go by themselves, while others are added: the list looks for them when it has 1,024
/// entries or twice what it kept the last time, whichever is more. One that is live is never forgotten, so nothing bounds
/// the list but the sessions that are ended within their absolute timeout. It answers at once and never fails.
///
/// The clock says only which entries may go. Where it runs ahead of the clocks that open cookies, an entry may go while a
/// cookie of it still opens: give it the clock of the manager, which is the same one unless you changed it.
///
/// ```
/// use sealed_session::{MemoryRevocations, Revocable, Revocations, SessionId, UnixTime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let list = MemoryRevocations::new();
/// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
/// let id = SessionId::generate()?;
/// list.revoke(id, UnixTime::MAX).await?;
/// list.revoke_subject("42", at(1_700_000_000), UnixTime::MAX).await?;
///
/// assert!(list.is_revoked(Revocable::new(id, None, at(1_700_000_001))).await?);
/// let of_42 = |created_at| Revocable::new(SessionId::from_bytes([7; 16]), Some("42"), created_at);
/// assert!(list.is_revoked(of_42(at(1_700_000_000))).await?, "it began before the cut-off");
/// assert!(!list.is_revoked(of_42(at(1_700_000_001))).await?, "they logged in again");
/// # Ok(())
/// # }
/// ```
pub struct MemoryRevocations {
    clock: Box<dyn Clock>,
    entries: Mutex<Entries>,
}

impl MemoryRevocations {
    /// An empty list, by the operating system's clock.
    ///
    /// ```
    /// use sealed_session::MemoryRevocations;
    /// assert!(MemoryRevocations::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { clock: Box::new(SystemClock), entries: Mutex::new(Entries::default()) }
    }

    /// Goes by a clock of yours: the one that [`SessionConfig::clock`](crate::SessionConfig::clock) was given.
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

    /// How many ids and subjects it holds, those whose time has passed but that have not gone yet among them. For a metric.
    ///
    /// ```
    /// use sealed_session::{MemoryRevocations, Revocations, SessionId, UnixTime};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let list = MemoryRevocations::new();
    /// list.revoke(SessionId::generate()?, UnixTime::MAX).await?;
    /// list.revoke_subject("42", UnixTime::MIN, UnixTime::MAX).await?;
    /// assert_eq!(list.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether it holds nothing.
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

    fn add(&self, add: impl FnOnce(&mut Entries)) {
        let mut entries = self.lock();
        if entries.len() >= entries.limit {
            entries.sweep(self.clock.now());
        }
        add(&mut entries);
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
    fn revoke(&self, id: SessionId, until: UnixTime) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            self.add(|entries| {
                let kept = entries.ids.entry(id).or_insert(until);
                *kept = until.max(*kept);
            });
            Ok(())
        })
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        cutoff: UnixTime,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        Box::pin(async move {
            self.add(|entries| {
                let kept = entries.subjects.entry(subject.into()).or_insert(Cutoff { cutoff, until });
                kept.cutoff = cutoff.max(kept.cutoff);
                kept.until = until.max(kept.until);
            });
            Ok(())
        })
    }

    fn is_revoked<'a>(&'a self, session: Revocable<'a>) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move {
            let entries = self.lock();
            let is_before =
                |subject| entries.subjects.get(subject).is_some_and(|kept| session.created_at <= kept.cutoff);
            Ok(entries.ids.contains_key(&session.id) || session.subject.is_some_and(is_before))
        })
    }
}

struct Entries {
    ids: HashMap<SessionId, UnixTime>,
    subjects: HashMap<Box<str>, Cutoff>,
    /// How many there may be before those whose time has passed are looked for: so often that an insert costs the same on
    /// average, however long the list is.
    limit: usize,
}

struct Cutoff {
    cutoff: UnixTime,
    until: UnixTime,
}

impl Entries {
    fn len(&self) -> usize {
        self.ids.len().saturating_add(self.subjects.len())
    }

    fn sweep(&mut self, now: UnixTime) {
        self.ids.retain(|_, until| *until > now);
        self.subjects.retain(|_, kept| kept.until > now);
        self.limit = self.len().saturating_mul(2).max(SMALLEST_LIMIT);
        // After a wave of logouts its memory is given back, too.
        self.ids.shrink_to(self.limit);
        self.subjects.shrink_to(self.limit);
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self { ids: HashMap::new(), subjects: HashMap::new(), limit: SMALLEST_LIMIT }
    }
}

const SMALLEST_LIMIT: usize = 1024;
