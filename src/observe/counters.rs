//! Holds [`Counters`], an observer that counts events for any metrics system.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

#[cfg(feature = "dbsc")]
use super::event::BindingOutcome;
use super::event::{DeleteCause, Event, KeyRole, SealCause};
use super::observer::Observer;
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// An observer that counts. A clone shares its numbers: give one to the configuration and keep the other.
///
/// The number of counters is bounded, whatever clients send: they belong to the keys of the ring, and to names that
/// this crate gives. All counters but those of keys exist from the start, with zeros. Those of a key exist from the
/// build of its manager on.
///
/// [`KeyCounts::opens`] and [`KeyCounts::last_opened_at`] tell whether a previous key is still needed or may be
/// dropped. [docs/observability.md](crate::_docs::observability) has the queries.
///
/// ```
/// use sealed_session::{Counters, Key, KeyRing, KeyRole, SessionConfig};
/// # let key = |digits| Key::from_hex(digits);
/// # let (new, old) = ("9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988",
/// #     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
/// let before = SessionConfig::new(key(old)?).build()?;
/// # let session = before.load(None::<&str>);
/// # session.set("user_id", 42)?;
/// let cookies = before.commit(&session)?;
///
/// let counters = Counters::new();
/// let ring = KeyRing::new(key(new)?, vec![key(old)?])?;
/// let manager = SessionConfig::new(ring).observer(counters.clone()).build()?;
/// assert_eq!(counters.snapshot().opens(KeyRole::Previous), 0);
/// assert!(!manager.load(cookies).is_empty());
/// assert_eq!(counters.snapshot().opens(KeyRole::Previous), 1, "it is still needed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Numbers>);

impl Counters {
    /// Makes counters that are all zero.
    ///
    /// ```
    /// let counts = sealed_session::Counters::new().snapshot();
    /// assert!(counts.keys.is_empty() && counts.near_limit == 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the numbers as they are now. Counting goes on while they are read, so two of them may differ by an
    /// event.
    ///
    /// ```
    /// # let counters = sealed_session::Counters::new();
    /// for (reason, count) in counters.snapshot().refusals {
    ///     println!("refused {count} times: {reason}");
    /// }
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Counts {
        let numbers = &*self.0;
        Counts {
            keys: numbers.keys.read().unwrap_or_else(PoisonError::into_inner).iter().map(Row::counts).collect(),
            refusals: numbers.refusals.counts(),
            seals: numbers.seals.counts(),
            deletions: numbers.deletions.counts(),
            failures: numbers.failures.counts(),
            #[cfg(feature = "dbsc")]
            bindings: numbers.bindings.counts(),
            not_extended: get(&numbers.not_extended),
            changed_too_late: get(&numbers.changed_too_late),
            backend_failures: get(&numbers.backend_failures),
            begun_anew: get(&numbers.begun_anew),
            duplicates: get(&numbers.duplicates),
            near_limit: get(&numbers.near_limit),
            sealed_bytes: get(&numbers.sealed_bytes),
            limit: get(&numbers.limit),
        }
    }
}

impl Observer for Counters {
    fn event(&self, event: &Event) {
        let numbers = &*self.0;
        match event {
            Event::Started { primary, previous, limit } => {
                numbers.limit.store(count(*limit), Ordering::Relaxed);
                numbers.note_ring(*primary, previous);
            }
            Event::KeysChanged { primary, previous } => {
                numbers.note_ring(*primary, previous);
                numbers.put_first(*primary);
            }
            Event::Opened { key_id, ring, at, candidates } => {
                numbers.with_key(*key_id, *ring, |row| {
                    add(&row.opens, 1);
                    row.last_opened_at.fetch_max(at.as_secs().saturating_add(1), Ordering::Relaxed);
                });
                numbers.note_candidates(*candidates);
            }
            Event::Refused { reason, candidates, .. } => {
                numbers.refusals.add(reason.as_str());
                numbers.note_candidates(*candidates);
            }
            Event::Sealed { key_id, cause, bytes, limit } => {
                numbers.with_key(*key_id, KeyRole::Primary, |row| add(&row.seals, 1));
                numbers.seals.add(cause.as_str());
                add(&numbers.sealed_bytes, count(*bytes));
                add(&numbers.near_limit, u64::from(bytes.saturating_mul(10) >= limit.saturating_mul(9)));
            }
            Event::NotExtended { .. } => add(&numbers.not_extended, 1),
            Event::ChangedTooLate {} => add(&numbers.changed_too_late, 1),
            Event::Failed { error } => numbers.failures.add(error.as_str()),
            Event::BackendFailed { .. } => add(&numbers.backend_failures, 1),
            Event::BegunAnew { .. } => add(&numbers.begun_anew, 1),
            #[cfg(feature = "dbsc")]
            Event::Binding { outcome } => numbers.bindings.add(outcome.as_str()),
            Event::Deleted { cause } => numbers.deletions.add(cause.as_str()),
        }
    }
}

/// The numbers of [`Counters`] at one time, as plain integers.
///
/// ```
/// use sealed_session::{Counters, Key, SessionConfig};
/// let counters = Counters::new();
/// let manager = SessionConfig::new(Key::generate()?).observer(counters.clone()).build()?;
/// # let session = manager.load(None::<&str>);
/// session.set("user_id", 42)?;
/// let _ = manager.commit(&session)?;
/// let counts = counters.snapshot();
/// assert_eq!(counts.keys[0].seals, 1);
/// assert!(counts.seals.contains(&("new", 1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// The numbers of each key of the ring, the primary key first. A key that [`SessionManager::set_keys`] dropped
    /// keeps its numbers, and a key that changed its role has numbers for each role.
    ///
    /// [`SessionManager::set_keys`]: crate::SessionManager::set_keys
    pub keys: Vec<KeyCounts>,
    /// Requests whose cookie was refused, by [`DecodeError::as_str`](crate::DecodeError::as_str).
    pub refusals: Vec<(&'static str, u64)>,
    /// Sessions sealed, by [`SealCause::as_str`].
    pub seals: Vec<(&'static str, u64)>,
    /// Cookies deleted, by [`DeleteCause::as_str`].
    pub deletions: Vec<(&'static str, u64)>,
    /// Commits that failed, by [`EncodeError::as_str`](crate::EncodeError::as_str).
    pub failures: Vec<(&'static str, u64)>,
    /// Answers of the route of device binding, by [`BindingOutcome::as_str`]. Requests with a stale session are among
    /// the `refusals`.
    #[cfg(feature = "dbsc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "dbsc")))]
    pub bindings: Vec<(&'static str, u64)>,
    /// Sessions that were due for extension and no longer fit; see [`Event::NotExtended`].
    pub not_extended: u64,
    /// Sessions that were changed when their response had gone out; see [`Event::ChangedTooLate`].
    pub changed_too_late: u64,
    /// Failures of a store or of a list of revocations.
    pub backend_failures: u64,
    /// Sessions that began anew since their values did not fit a type; see [`Event::BegunAnew`].
    pub begun_anew: u64,
    /// Requests with more than one cookie under the session cookie's name; see
    /// [`Session::candidates`](crate::Session::candidates).
    pub duplicates: u64,
    /// Seals that took nine tenths of the limit or more.
    pub near_limit: u64,
    /// The bytes of all Set-Cookie texts sealed, as their limit counts them.
    pub sealed_bytes: u64,
    /// The most bytes that a Set-Cookie text may have; 0 before a manager is built.
    pub limit: u64,
}

impl Counts {
    /// Returns the number of opened cookies that were sealed under the primary key, or under any previous key.
    ///
    /// ```
    /// use sealed_session::{Counters, KeyRole};
    /// assert_eq!(Counters::new().snapshot().opens(KeyRole::Previous), 0);
    /// ```
    #[must_use]
    pub fn opens(&self, ring: KeyRole) -> u64 {
        self.keys.iter().filter(|key| key.ring == ring).fold(0, |sum, key| sum.saturating_add(key.opens))
    }

    /// Returns the number of requests whose cookie was refused for the reason of this name, or 0 when there is no such
    /// reason.
    ///
    /// ```
    /// use sealed_session::{Counters, DecodeError};
    /// assert_eq!(Counters::new().snapshot().refusals(DecodeError::NotAuthentic.as_str()), 0);
    /// ```
    #[must_use]
    pub fn refusals(&self, reason: &str) -> u64 {
        self.refusals.iter().find(|(name, _)| *name == reason).map_or(0, |(_, count)| *count)
    }
}

/// The numbers of one key.
///
/// ```
/// use sealed_session::{Counters, Key, KeyRole, SessionConfig};
/// let counters = Counters::new();
/// let key = Key::generate()?;
/// let id = key.id();
/// SessionConfig::new(key).observer(counters.clone()).build()?;
/// let counts = counters.snapshot().keys.remove(0);
/// assert_eq!((counts.key_id, counts.ring, counts.opens), (id, KeyRole::Primary, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyCounts {
    /// The id of the key.
    pub key_id: KeyId,
    /// The role of the key in the ring.
    pub ring: KeyRole,
    /// Cookies that the key opened.
    pub opens: u64,
    /// Sessions that the key sealed; always 0 for a previous key.
    pub seals: u64,
    /// The time at which the key last opened a cookie, by the configured clock; `None` if it never did.
    pub last_opened_at: Option<UnixTime>,
}

#[derive(Debug)]
struct Numbers {
    /// The rows, which are written when a manager is built or gets other keys, and else only read.
    keys: RwLock<Vec<Row>>,
    refusals: Tally,
    seals: Tally,
    deletions: Tally,
    failures: Tally,
    #[cfg(feature = "dbsc")]
    bindings: Tally,
    not_extended: AtomicU64,
    changed_too_late: AtomicU64,
    backend_failures: AtomicU64,
    begun_anew: AtomicU64,
    duplicates: AtomicU64,
    near_limit: AtomicU64,
    sealed_bytes: AtomicU64,
    limit: AtomicU64,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            keys: RwLock::default(),
            refusals: Tally::new(REASONS.iter().copied()),
            seals: Tally::new(SealCause::ALL.iter().map(|cause| cause.as_str())),
            deletions: Tally::new(DeleteCause::ALL.map(DeleteCause::as_str)),
            failures: Tally::new(FAILURES),
            #[cfg(feature = "dbsc")]
            bindings: Tally::new(BindingOutcome::ALL.map(BindingOutcome::as_str)),
            not_extended: AtomicU64::new(0),
            changed_too_late: AtomicU64::new(0),
            backend_failures: AtomicU64::new(0),
            begun_anew: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            near_limit: AtomicU64::new(0),
            sealed_bytes: AtomicU64::new(0),
            limit: AtomicU64::new(0),
        }
    }
}

impl Numbers {
    /// Counts for a key of the ring. A key id that a forger claims comes with a refusal, and refusals are not counted
    /// by key.
    fn with_key(&self, key_id: KeyId, ring: KeyRole, count: impl Fn(&Row)) {
        let is_it = |row: &&Row| row.key_id == key_id && row.ring == ring;
        if let Some(row) = self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().find(is_it) {
            return count(row);
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if !keys.iter().any(|row| is_it(&row)) {
            keys.push(Row::new(key_id, ring));
        }
        keys.iter().filter(is_it).for_each(count);
    }

    /// Makes a row for each key of a ring.
    fn note_ring(&self, primary: KeyId, previous: &[KeyId]) {
        self.with_key(primary, KeyRole::Primary, |_| ());
        for id in previous {
            self.with_key(*id, KeyRole::Previous, |_| ());
        }
    }

    fn put_first(&self, primary: KeyId) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let is_primary = |row: &Row| row.key_id == primary && row.ring == KeyRole::Primary;
        keys.sort_by_key(|row| !is_primary(row));
    }

    fn note_candidates(&self, candidates: usize) {
        add(&self.duplicates, u64::from(candidates > 1));
    }
}

#[derive(Debug)]
struct Row {
    key_id: KeyId,
    ring: KeyRole,
    opens: AtomicU64,
    seals: AtomicU64,
    /// The time in seconds plus one; 0 stands for never.
    last_opened_at: AtomicU64,
}

impl Row {
    fn new(key_id: KeyId, ring: KeyRole) -> Self {
        let [opens, seals, last_opened_at] = [0; 3].map(AtomicU64::new);
        Self { key_id, ring, opens, seals, last_opened_at }
    }

    fn counts(&self) -> KeyCounts {
        let last_opened_at = get(&self.last_opened_at).checked_sub(1).and_then(UnixTime::from_secs);
        let Self { key_id, ring, .. } = *self;
        KeyCounts { key_id, ring, opens: get(&self.opens), seals: get(&self.seals), last_opened_at }
    }
}

/// A counter for each of a few names.
#[derive(Debug)]
struct Tally(Box<[(&'static str, AtomicU64)]>);

impl Tally {
    fn new(names: impl IntoIterator<Item = &'static str>) -> Self {
        Self(names.into_iter().map(|name| (name, AtomicU64::new(0))).collect())
    }

    fn add(&self, name: &str) {
        if let Some((_, number)) = self.0.iter().find(|(known, _)| *known == name) {
            add(number, 1);
        }
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        self.0.iter().map(|(name, number)| (*name, get(number))).collect()
    }
}

fn add(number: &AtomicU64, more: u64) {
    number.fetch_add(more, Ordering::Relaxed);
}

fn get(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Every name that [`DecodeError::as_str`](crate::DecodeError::as_str) returns.
const REASONS: &[&str] = &[
    "malformed",
    "too_long",
    "unsupported_version",
    "unknown_key",
    "not_authentic",
    "not_yet_valid",
    "expired_idle",
    "expired_absolute",
    "before_cutoff",
    "unsupported_schema",
    "incomplete",
    "too_many_candidates",
    "import_not_authentic",
    "import_refused",
    "revoked",
    "not_stored",
    "unavailable",
    "not_asked",
    #[cfg(feature = "dbsc")]
    "stale_binding",
    #[cfg(feature = "dbsc")]
    "not_bound",
];

/// The names by [`EncodeError::as_str`](crate::EncodeError::as_str) of all errors with which a commit or an encoding
/// can fail.
const FAILURES: [&str; 6] = ["too_large", "schema", "random", "cipher", "backend", "ended"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::EncodeError;
    use crate::error::{BackendError, BackendErrorKind};
    use crate::error::{DecodeError, Timeout};

    /// Returns the reason after this one. A new reason does not compile before it is put here.
    fn after(reason: DecodeError) -> Option<DecodeError> {
        let (id, time) = (KeyId::new([0; 4]), UnixTime::MIN);
        let expired = |timeout| DecodeError::Expired { timeout, now: time, expires_at: time };
        Some(match reason {
            DecodeError::Malformed => DecodeError::TooLong,
            DecodeError::TooLong => DecodeError::UnsupportedVersion { version: 2 },
            DecodeError::UnsupportedVersion { .. } => DecodeError::UnknownKey { id },
            DecodeError::UnknownKey { .. } => DecodeError::NotAuthentic,
            DecodeError::NotAuthentic => DecodeError::NotYetValid { now: time, issued_at: time },
            DecodeError::NotYetValid { .. } => expired(Timeout::Idle),
            DecodeError::Expired { timeout: Timeout::Idle, .. } => expired(Timeout::Absolute),
            DecodeError::Expired { timeout: Timeout::Absolute, .. } => {
                DecodeError::BeforeCutoff { created_at: time, not_before: time }
            }
            DecodeError::BeforeCutoff { .. } => DecodeError::UnsupportedSchema { schema: 1 },
            DecodeError::UnsupportedSchema { .. } => DecodeError::Incomplete,
            DecodeError::Incomplete => DecodeError::TooManyCandidates,
            DecodeError::TooManyCandidates => DecodeError::NotImported { opened: false },
            DecodeError::NotImported { opened: false } => DecodeError::NotImported { opened: true },
            DecodeError::NotImported { opened: true } => DecodeError::Revoked,
            DecodeError::Revoked => DecodeError::NotStored,
            DecodeError::NotStored => DecodeError::Unavailable,
            DecodeError::Unavailable => DecodeError::NotAsked,
            #[cfg(not(feature = "dbsc"))]
            DecodeError::NotAsked => return None,
            #[cfg(feature = "dbsc")]
            DecodeError::NotAsked => DecodeError::StaleBinding,
            #[cfg(feature = "dbsc")]
            DecodeError::StaleBinding => DecodeError::NotBound,
            #[cfg(feature = "dbsc")]
            DecodeError::NotBound => return None,
        })
    }

    #[test]
    fn every_reason_is_counted_under_its_name() {
        let counters = Counters::new();
        let reasons = std::iter::successors(Some(DecodeError::Malformed), |reason| after(*reason));
        let names: Vec<_> = reasons.clone().map(|reason| (reason.as_str(), 1)).collect();
        reasons.for_each(|reason| counters.event(&Event::Refused { reason, key_id: None, candidates: 1 }));
        assert_eq!(counters.snapshot().refusals, names);
    }

    #[test]
    fn every_failure_that_a_commit_can_have_is_counted_under_its_name() {
        let counters = Counters::new();
        let errors = [
            EncodeError::TooLarge { size: 2, limit: 1, largest: Vec::new() },
            EncodeError::Schema { found: 1, expected: 0 },
            EncodeError::Random,
            EncodeError::Cipher,
            EncodeError::Backend(BackendError::new(BackendErrorKind::Full, "")),
            EncodeError::Ended,
        ];
        errors.clone().into_iter().for_each(|error| counters.event(&Event::Failed { error }));
        assert_eq!(counters.snapshot().failures, errors.each_ref().map(|error| (error.as_str(), 1)));
    }

    #[test]
    fn a_seal_counts_as_near_the_limit_from_nine_tenths_of_it() {
        for (bytes, near) in [(899, 0), (900, 1), (1000, 1)] {
            let counters = Counters::new();
            let key_id = KeyId::new([0; 4]);
            counters.event(&Event::Sealed { key_id, cause: SealCause::New, bytes, limit: 1000 });
            assert_eq!(counters.snapshot().near_limit, near, "{bytes}");
        }
    }
}
