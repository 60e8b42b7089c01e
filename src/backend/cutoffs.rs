//! The cut-offs that this process gave out a moment ago. Times are whole seconds, and a login may follow a revocation within one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::time::UnixTime;

/// For each subject, its last cut-off, for as long as a request may be under way.
#[derive(Default)]
pub(crate) struct Cutoffs(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    /// How many there were.
    count: u64,
    of: HashMap<Box<str>, Cutoff>,
}

struct Cutoff {
    /// Its place among all of them.
    number: u64,
    at: UnixTime,
}

impl Cutoffs {
    /// The cut-off that ends every session of the subject that began by now, those that [`Cutoffs::beginning`] put off among
    /// them.
    pub(super) fn next(&self, subject: &str, now: UnixTime) -> UnixTime {
        let mut recent = self.lock();
        recent.of.retain(|_, cutoff| cutoff.at.saturating_add(UNDER_WAY_SECONDS) >= now);
        recent.count = recent.count.saturating_add(1);
        let at = recent.of.get(subject).map_or(now, |last| last.at.saturating_add(1).max(now));
        let cutoff = Cutoff { number: recent.count, at };
        recent.of.insert(subject.into(), cutoff);
        at
    }

    /// How many there were until now: what happens from here on comes after them.
    pub(crate) fn count(&self) -> u64 {
        self.lock().count
    }

    /// When a session of the subject may begin that was begun when there had been `count` of them: after its own cut-off, if that
    /// is one of them.
    pub(super) fn beginning(&self, subject: &str, count: u64) -> UnixTime {
        let recent = self.lock();
        let cutoff = recent.of.get(subject).filter(|cutoff| cutoff.number <= count);
        cutoff.map_or(UnixTime::MIN, |cutoff| cutoff.at.saturating_add(1))
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        // Nothing in here panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a request may be under way that was regenerated and is not committed yet.
const UNDER_WAY_SECONDS: u64 = 600;
