//! What is known of a run by all that take part in it, and what they counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use sealed_session::FailurePolicy;

use crate::visitor::Visitor;

/// What a configuration promises.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    pub(crate) policy: FailurePolicy,
    /// Whether the values are in the cookie.
    pub(crate) in_cookie: bool,
    pub(crate) has_list: bool,
}

#[derive(Default)]
pub(crate) struct Run {
    /// Odd while there is a fault: until it is over, and every visitor had a right answer after it.
    phase: AtomicU64,
    is_over: AtomicBool,
    /// For each visitor how many answers were as they should be.
    right: Vec<AtomicU64>,
}

impl Run {
    pub(crate) fn new(visitors: usize) -> Arc<Self> {
        Arc::new(Self { right: (0..visitors).map(|_| AtomicU64::new(0)).collect(), ..Self::default() })
    }

    pub(crate) fn phase(&self) -> u64 {
        self.phase.load(SeqCst)
    }

    pub(crate) fn note_right(&self, visitor: usize) {
        self.right[visitor].fetch_add(1, SeqCst);
    }

    /// From now on answers may fail.
    pub(crate) fn begin_fault(&self) {
        assert!(self.phase.fetch_add(1, SeqCst).is_multiple_of(2));
    }

    /// The fault is over: says after how many milliseconds everyone was served again, and from then on no answer may fail.
    pub(crate) fn end_fault(&self) -> u128 {
        let start = Instant::now();
        let before: Vec<_> = self.right.iter().map(|right| right.load(SeqCst)).collect();
        // The first may have been under way.
        while self.right.iter().zip(&before).any(|(right, before)| right.load(SeqCst) < before + 2) {
            assert!(start.elapsed() < Duration::from_secs(5), "no recovery by itself");
            thread::sleep(Duration::from_millis(1));
        }
        self.phase.fetch_add(1, SeqCst);
        start.elapsed().as_millis()
    }

    /// Lets visitors work while something is done.
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

/// Visitors end their work when it is dropped, by a failure too.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// What happened how often.
#[derive(Default)]
pub(crate) struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    pub(crate) fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// What these visitors met, each of whom looks once more for all that was acknowledged.
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
