//! [`TestClock`]: a clock that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::{Clock, UnixTime};

/// A clock that a test sets. Clones share the time: give one clone to
/// [`SessionConfig::clock`](crate::SessionConfig::clock), one to a list that reads a clock of its own, such as
/// `SqliteRevocations::clock`, and set the time by another.
///
/// ```
/// use sealed_session::testing::TestClock;
/// use sealed_session::{Clock, UnixTime};
/// use std::time::Duration;
/// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
/// let clock = TestClock::fixed(at(10_000));
/// let other = clock.clone();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(other.now(), at(10_060));
/// ```
#[derive(Clone, Debug)]
pub struct TestClock {
    /// Seconds since the Unix epoch. A value past [`UnixTime::MAX`] reads as [`UnixTime::MAX`].
    seconds: Arc<AtomicU64>,
    step: u64,
}

impl TestClock {
    /// Makes a clock that stands still until it is set or advanced.
    ///
    /// ```
    /// use sealed_session::testing::TestClock;
    /// use sealed_session::{Clock, UnixTime};
    /// let clock = TestClock::fixed(UnixTime::MIN);
    /// assert_eq!((clock.now(), clock.now()), (UnixTime::MIN, UnixTime::MIN));
    /// ```
    #[must_use]
    pub fn fixed(now: UnixTime) -> Self {
        Self::stepping(now, Duration::ZERO)
    }

    /// Makes a clock that goes forward by `step` (whole seconds) each time it is read. The first reading is `start`.
    /// The clock stops at [`UnixTime::MAX`].
    ///
    /// A session reads the clock when it is opened and when it is committed.
    ///
    /// ```
    /// use sealed_session::testing::TestClock;
    /// use sealed_session::{Clock, UnixTime};
    /// use std::time::Duration;
    /// let at = |seconds| UnixTime::from_secs(seconds).unwrap();
    /// let clock = TestClock::stepping(at(10_000), Duration::from_secs(5));
    /// assert_eq!((clock.now(), clock.now()), (at(10_000), at(10_005)));
    /// ```
    #[must_use]
    pub fn stepping(start: UnixTime, step: Duration) -> Self {
        Self { seconds: Arc::new(AtomicU64::new(start.as_secs())), step: step.as_secs() }
    }

    /// Sets the time, forward or back.
    ///
    /// ```
    /// use sealed_session::testing::TestClock;
    /// use sealed_session::{Clock, UnixTime};
    /// let clock = TestClock::fixed(UnixTime::MAX);
    /// clock.set(UnixTime::MIN);
    /// assert_eq!(clock.now(), UnixTime::MIN);
    /// ```
    pub fn set(&self, now: UnixTime) {
        self.seconds.store(now.as_secs(), Ordering::SeqCst);
    }

    /// Sets the time forward by the whole seconds of `duration`, at most to [`UnixTime::MAX`].
    ///
    /// ```
    /// use sealed_session::testing::TestClock;
    /// use sealed_session::{Clock, UnixTime};
    /// use std::time::Duration;
    /// let clock = TestClock::fixed(UnixTime::MIN);
    /// clock.advance(Duration::from_secs(90));
    /// assert_eq!(clock.now().as_secs(), 90);
    /// clock.advance(Duration::MAX);
    /// assert_eq!(clock.now(), UnixTime::MAX);
    /// ```
    pub fn advance(&self, duration: Duration) {
        self.forward(duration.as_secs());
    }

    /// Sets the time forward and returns the time before.
    fn forward(&self, seconds: u64) -> UnixTime {
        let later = |now: u64| Some(now.saturating_add(seconds));
        // `later` never returns `None`, so the result is always `Ok`; both variants hold the time before.
        let (Ok(before) | Err(before)) = self.seconds.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
        UnixTime::MIN.saturating_add(before)
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        self.forward(self.step)
    }
}
