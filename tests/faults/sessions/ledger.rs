//! The state of a run, which the visitors and the test share, and the counts of the visitors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use sealed_session::FailurePolicy;

use crate::server::PATIENCE;
use crate::visitor::Visitor;

/// The parts of a configuration on which a visitor's expectations depend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    pub(crate) policy: FailurePolicy,
    /// True if the values are in the cookie, and not in a store.
    pub(crate) in_cookie: bool,
    pub(crate) has_list: bool,
    /// True if another server takes over in a fault. A server that lacks what was not acknowledged may then answer for
    /// a while, even though it was read before.
    pub(crate) fails_over: bool,
}

#[derive(Default)]
pub(crate) struct Run {
    /// A number that grows when a fault begins and when it ends, so it is odd during a fault. A fault ends when every
    /// visitor has had a right answer again.
    phase: AtomicU64,
    is_over: AtomicBool,
    /// The number of right answers of each visitor.
    right: Vec<AtomicU64>,
    /// The number of answers that failed.
    failed: AtomicU64,
}

impl Run {
    pub(crate) fn new(visitors: usize) -> Arc<Self> {
        Arc::new(Self { right: (0..visitors).map(|_| AtomicU64::new(0)).collect(), ..Self::default() })
    }

    pub(crate) fn phase(&self) -> u64 {
        self.phase.load(SeqCst)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(SeqCst)
    }

    pub(crate) fn note_failed(&self) {
        self.failed.fetch_add(1, SeqCst);
    }

    pub(crate) fn note_right(&self, visitor: usize) {
        self.right[visitor].fetch_add(1, SeqCst);
    }

    /// Allows answers to fail from now on.
    pub(crate) fn begin_fault(&self) {
        assert!(self.phase.fetch_add(1, SeqCst).is_multiple_of(2));
    }

    /// Waits until every visitor is served again, and allows no more answers to fail. The result is how many
    /// milliseconds this took.
    pub(crate) fn end_fault(&self) -> u128 {
        let start = Instant::now();
        let before: Vec<_> = self.right.iter().map(|right| right.load(SeqCst)).collect();
        // The first right answer may belong to a request from before the end of the fault, so each visitor must have
        // two.
        while self.right.iter().zip(&before).any(|(right, before)| right.load(SeqCst) < before + 2) {
            assert!(start.elapsed() < PATIENCE, "no recovery by itself");
            thread::sleep(Duration::from_millis(1));
        }
        self.phase.fetch_add(1, SeqCst);
        start.elapsed().as_millis()
    }

    /// Lets the visitors work until `meanwhile` has returned.
    pub(crate) fn work(&self, visitors: Vec<Visitor>, meanwhile: impl FnOnce()) -> Vec<Visitor> {
        thread::scope(|scope| {
            let work = |mut visitor: Visitor| {
                scope.spawn(move || {
                    while !self.is_over.load(SeqCst) {
                        visitor.step();
                        thread::sleep(Duration::from_millis(2));
                    }
                    visitor
                })
            };
            let working: Vec<_> = visitors.into_iter().map(work).collect();
            let over = Over(&self.is_over);
            meanwhile();
            drop(over);
            working.into_iter().map(|visitor| visitor.join().unwrap()).collect()
        })
    }
}

/// Ends the work of the visitors when it is dropped, which also happens when the test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// The number of times that each kind of thing happened to visitors.
#[derive(Default)]
pub(crate) struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    pub(crate) fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// Adds up the counts of these visitors. Each of them first checks once more all that was acknowledged.
    pub(crate) fn of(visitors: impl IntoIterator<Item = Visitor>) -> Self {
        let mut all = Self::default();
        for mut visitor in visitors {
            visitor.verify();
            for (what, count) in &visitor.counts.0 {
                *all.0.entry(what).or_default() += count;
            }
        }
        all
    }

    pub(crate) fn get(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts: Vec<_> = self.0.iter().map(|(what, count)| format!("{count} {what}")).collect();
        f.write_str(&counts.join(", "))
    }
}
