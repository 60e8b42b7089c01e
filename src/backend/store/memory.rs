//! [`MemoryStore`]: records in the memory of one process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Record, Save, SessionStore};
use crate::backend::{BoxFuture, mark_of};
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind};
use crate::time::{Clock, SystemClock, UnixTime};

/// Keeps records in the memory of this process: for tests, for development, and for a site of one process that may
/// forget its sessions when it restarts.
///
/// The store is bounded: by [`MemoryStore::DEFAULT_MAX_RECORDS`], unless set otherwise. When the store is full it drops
/// what has expired, and if that makes no room refuses new records with [`BackendErrorKind::Full`]: a live session is
/// never dropped for another. A visitor who has a record can log in all the same, and log out. The store drops expired
/// records by itself too, now and then when one is saved, at a cost that stays the same for each save however many it
/// holds.
///
/// Every visitor who gets a CSRF token or a flash value has a record, logged in or not. If strangers can reach such a
/// page, they can fill the store: give it to [`SessionConfig::spill`](crate::SessionConfig::spill), which leaves what
/// fits in the cookie.
///
/// [`SessionStore::supports_revocation`] is true: a record is in this process alone, so where it was deleted was the
/// only place that had it. Behind several processes, a session is known to the one that began it.
///
/// ```
/// use sealed_session::{MemoryStore, Record, Save, SessionId, SessionStore, UnixTime};
/// # futures_lite::future::block_on(async {
/// let store = MemoryStore::new().max_records(50_000);
/// let id = SessionId::generate()?;
/// let record = Record::new(vec![1, 2, 3], UnixTime::MAX);
/// assert!(store.save(id, &record, Save::Create).await?);
/// assert_eq!(store.load(id).await?, Some(record));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MemoryStore {
    clock: Box<dyn Clock>,
    max_records: usize,
    records: Mutex<Records>,
}

struct Records {
    by_id: HashMap<SessionId, Record>,
    /// The number of tombstones among the records.
    tombstones: usize,
    /// No record expires before this time: a sweep until then would find nothing.
    earliest: UnixTime,
    /// The number of new records that are saved before the next sweep.
    until_sweep: usize,
}

impl MemoryStore {
    /// The largest number of records that a store holds, unless [`MemoryStore::max_records`] says otherwise. That many
    /// sessions of 1,000 bytes take some 100 MB; of the 67,000 bytes that a record may have, 6.7 GB.
    pub const DEFAULT_MAX_RECORDS: usize = 100_000;

    /// Makes an empty store.
    ///
    /// ```
    /// use sealed_session::MemoryStore;
    /// assert!(MemoryStore::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        let records = Records {
            by_id: HashMap::new(),
            tombstones: 0,
            earliest: UnixTime::MAX,
            until_sweep: LEAST_BETWEEN_SWEEPS,
        };
        Self { clock: Box::new(SystemClock), max_records: Self::DEFAULT_MAX_RECORDS, records: Mutex::new(records) }
    }

    /// Sets the largest number of sessions that the store holds. With 0 the store refuses all.
    ///
    /// Tombstones, the records of 16 bytes that stand for ended sessions, are not among them, and neither is a session
    /// that takes the place of another one. Sessions and tombstones together are at most twice this number.
    ///
    /// ```
    /// use sealed_session::MemoryStore;
    /// let store = MemoryStore::new().max_records(1_000);
    /// # drop(store);
    /// ```
    #[must_use]
    pub fn max_records(mut self, records: usize) -> Self {
        self.max_records = records;
        self
    }

    /// Sets the clock that says what has expired: give it the one of
    /// [`SessionConfig::clock`](crate::SessionConfig::clock), if you set one.
    ///
    /// ```
    /// use sealed_session::{MemoryStore, UnixTime};
    /// let store = MemoryStore::new().clock(|| UnixTime::from_secs(1_700_000_000).unwrap());
    /// # drop(store);
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Returns the number of records that the store holds, with those that expired and were not dropped yet.
    ///
    /// ```
    /// use sealed_session::MemoryStore;
    /// assert_eq!(MemoryStore::new().len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.records().by_id.len()
    }

    /// Returns true when the store holds no record.
    ///
    /// ```
    /// use sealed_session::MemoryStore;
    /// assert!(MemoryStore::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn write(
        &self,
        id: SessionId,
        record: &Record,
        save: Save,
        in_place_of: Option<SessionId>,
    ) -> Result<bool, BackendError> {
        let now = self.clock.now();
        let mut records = self.records();
        records.sweep_now_and_then(now);
        if !save.applies_to(records.by_id.get(&id).map(Record::tag)) {
            return Ok(false);
        }
        let needs_no_place = mark_of(record).is_some() || in_place_of.is_some_and(|old| records.has_session(old));
        if save == Save::Create && !records.has_room(self.max_records, needs_no_place) {
            records.sweep(now);
            if !records.has_room(self.max_records, needs_no_place) {
                let message = format_args!("it holds {} records, none of them expired", records.by_id.len());
                return Err(BackendError::new(BackendErrorKind::Full, message));
            }
        }
        records.put(id, record.clone());
        Ok(true)
    }

    /// Locks the records. A panic elsewhere leaves them whole: each change is one call of the map.
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("len", &self.len())
            .field("max_records", &self.max_records)
            .finish_non_exhaustive()
    }
}

impl SessionStore for MemoryStore {
    fn load(&self, id: SessionId) -> BoxFuture<'_, Result<Option<Record>, BackendError>> {
        Box::pin(async move { Ok(self.records().by_id.get(&id).cloned()) })
    }

    fn save<'a>(&'a self, id: SessionId, record: &'a Record, save: Save) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move { self.write(id, record, save, None) })
    }

    fn create_in_place_of<'a>(
        &'a self,
        old: SessionId,
        id: SessionId,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        Box::pin(async move { self.write(id, record, Save::Create, Some(old)) })
    }

    fn delete(&self, id: SessionId) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            self.records().remove(id);
            Ok(())
        })
    }

    fn cleanup_expired(&self, now: UnixTime) -> BoxFuture<'_, Result<u64, BackendError>> {
        Box::pin(async move { Ok(self.records().sweep(now)) })
    }

    /// Returns false when the store is full, so that it would refuse the record of a new session.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let mut records = self.records();
            records.has_room(self.max_records, false) || {
                records.sweep(self.clock.now());
                records.has_room(self.max_records, false)
            }
        })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(SessionId, Record)>, BackendError>> {
        Box::pin(async move { Ok(self.records().by_id.iter().map(|(id, record)| (*id, record.clone())).collect()) })
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        Box::pin(async move {
            let mut records = self.records();
            records.by_id.clear();
            records.tombstones = 0;
            Ok(())
        })
    }
}

impl Records {
    /// Returns true when another record may be created beside at most `max` sessions. A record that needs no place of
    /// its own is a tombstone, or takes the place of a session: then only the sum of sessions and tombstones counts.
    fn has_room(&self, max: usize, needs_no_place: bool) -> bool {
        let sessions = self.by_id.len().saturating_sub(self.tombstones);
        (needs_no_place || sessions < max) && self.by_id.len() < max.saturating_mul(2)
    }

    fn has_session(&self, id: SessionId) -> bool {
        self.by_id.get(&id).is_some_and(|record| mark_of(record).is_none())
    }

    fn put(&mut self, id: SessionId, record: Record) {
        self.remove(id);
        self.earliest = self.earliest.min(record.expires_at());
        self.tombstones = self.tombstones.saturating_add(usize::from(mark_of(&record).is_some()));
        self.by_id.insert(id, record);
    }

    fn remove(&mut self, id: SessionId) {
        if let Some(record) = self.by_id.remove(&id) {
            self.tombstones = self.tombstones.saturating_sub(usize::from(mark_of(&record).is_some()));
        }
    }

    /// Sweeps once in as many saves as there were records after the sweep before, so that each save pays for a record
    /// or two.
    fn sweep_now_and_then(&mut self, now: UnixTime) {
        self.until_sweep = self.until_sweep.saturating_sub(1);
        if self.until_sweep == 0 {
            self.sweep(now);
        }
    }

    fn sweep(&mut self, now: UnixTime) -> u64 {
        let before = self.by_id.len();
        if self.earliest <= now {
            self.by_id.retain(|_, record| record.expires_at() > now);
            self.tombstones = self.by_id.values().filter(|record| mark_of(record).is_some()).count();
            self.earliest = self.by_id.values().map(Record::expires_at).min().unwrap_or(UnixTime::MAX);
        }
        self.until_sweep = self.by_id.len().max(LEAST_BETWEEN_SWEEPS);
        u64::try_from(before.saturating_sub(self.by_id.len())).unwrap_or(u64::MAX)
    }
}

const LEAST_BETWEEN_SWEEPS: usize = 64;
