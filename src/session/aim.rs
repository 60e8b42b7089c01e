//! [`Aim`]: what the handlers did since the last commit, by the order in which they did it.

/// What the handlers did, as the numbers of the steps at which they did it. A commit remembers the step at which it set out;
/// once it succeeded, every step up to there is done, and whatever came while it waited for a backend is still to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aim {
    /// The number of the last step. The first thing that a handler does is step 2.
    step: u64,
    /// The step up to which a commit has done everything; 0 before the first commit.
    committed: u64,
    /// The step of the last change, of the last regeneration and of the last end; 0 if there was none.
    changed: u64,
    regenerated: u64,
    destroyed: u64,
    /// True when the session came in another schema, or out of a cookie of another crate.
    is_migrated: bool,
    /// How many subjects this process had revoked at the last regeneration.
    revoked_before: u64,
}

/// The greatest thing that happened to the session since the last commit, and since it was last destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Untouched,
    Changed,
    Migrated,
    Regenerated,
}

impl Aim {
    pub(super) fn new(is_migrated: bool) -> Self {
        Self { step: 1, committed: 0, changed: 0, regenerated: 0, destroyed: 0, is_migrated, revoked_before: 0 }
    }

    pub(super) fn change(&mut self) {
        self.changed = self.next();
    }

    pub(super) fn regenerate(&mut self, revoked_before: u64) {
        self.regenerated = self.next();
        self.revoked_before = revoked_before;
    }

    pub(super) fn destroy(&mut self) {
        self.destroyed = self.next();
    }

    /// Notes that everything up to this step is done.
    pub(super) fn commit(&mut self, step: u64) {
        self.committed = step;
    }

    pub(super) fn step(&self) -> u64 {
        self.step
    }

    pub(super) fn progress(&self) -> Progress {
        // A session that is stored after an end is another one: nothing that happened before is of it.
        let begin = self.committed.max(self.destroyed);
        if self.regenerated > begin {
            Progress::Regenerated
        } else if self.is_migrated && begin == 0 {
            Progress::Migrated
        } else if self.changed > begin {
            Progress::Changed
        } else {
            Progress::Untouched
        }
    }

    /// True when a handler ended the session.
    pub(super) fn is_destroyed(&self) -> bool {
        self.destroyed > self.committed
    }

    /// True when a handler did anything.
    pub(super) fn is_touched(&self) -> bool {
        self.step > self.committed.max(1)
    }

    /// How many subjects this process had revoked when the session was regenerated, if it was.
    pub(super) fn revoked_before(&self) -> Option<u64> {
        (self.progress() == Progress::Regenerated).then_some(self.revoked_before)
    }

    fn next(&mut self) -> u64 {
        self.step = self.step.saturating_add(1);
        self.step
    }
}
