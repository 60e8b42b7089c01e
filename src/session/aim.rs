//! [`Aim`]: what the handlers did since the last commit, by the order in which they did it.

/// The acts of the handlers, as the numbers of the steps at which they did them. A commit remembers the step at which
/// it set out; once it succeeded, every step up to there is done, and whatever came while it waited for a backend is
/// still to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aim {
    /// The number of the last step. The first thing that a handler does is step 2.
    step: u64,
    /// The step up to which a commit has done everything; 0 before the first commit.
    committed: u64,
    /// The step of the last change, of the last call that removed all values, of the last regeneration and of the last
    /// end; 0 if there was none.
    changed: u64,
    cleared: u64,
    regenerated: u64,
    destroyed: u64,
    /// The step at which a session was begun that is to be sealed even if it stays empty.
    begun: u64,
    /// The step at which the session was bound to a device; 1 if it came with a binding whose mark was lost.
    #[cfg(feature = "dbsc")]
    bound: u64,
    /// True when the session came in another schema, or out of a cookie of another crate.
    is_migrated: bool,
    /// True when the session came out of a cookie of another crate.
    is_imported: bool,
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
    pub(super) fn new(is_imported: bool) -> Self {
        Self {
            step: 1,
            committed: 0,
            changed: 0,
            cleared: 0,
            regenerated: 0,
            destroyed: 0,
            begun: 0,
            #[cfg(feature = "dbsc")]
            bound: 0,
            is_migrated: is_imported,
            is_imported,
        }
    }

    /// Notes that the session came in another schema.
    pub(super) fn migrate(&mut self) {
        self.is_migrated = true;
    }

    /// Notes that the session came out of a cookie of another crate.
    pub(super) fn import(&mut self) {
        (self.is_migrated, self.is_imported) = (true, true);
    }

    /// True when the session came out of a cookie of another crate, and no commit has sent it yet.
    pub(super) fn is_imported(&self) -> bool {
        self.is_imported && self.beginning() == 0
    }

    /// Notes that the mark of the session's binding was put back when the session was loaded.
    #[cfg(feature = "dbsc")]
    pub(super) fn heal(&mut self) {
        self.bound = 1;
    }

    /// Notes that the session is bound.
    #[cfg(feature = "dbsc")]
    pub(super) fn bind(&mut self) {
        self.change();
        self.bound = self.step;
    }

    /// True when the mark of the binding is new, or was put back, and no commit has sent it yet.
    #[cfg(feature = "dbsc")]
    pub(super) fn is_bound(&self) -> bool {
        self.bound > self.beginning()
    }

    pub(super) fn change(&mut self) {
        self.changed = self.next();
    }

    pub(super) fn clear(&mut self) {
        self.changed = self.next();
        self.cleared = self.step;
    }

    pub(super) fn regenerate(&mut self) {
        self.regenerated = self.next();
    }

    /// Notes that another session begins in the place of this one, which is sealed even if it stays empty.
    pub(super) fn begin(&mut self) {
        self.begun = self.next();
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
        let begin = self.beginning();
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

    /// True when a handler wrote or removed a value, or changed how long the session lives.
    pub(super) fn has_changed(&self) -> bool {
        self.changed > self.beginning()
    }

    /// True when a handler removed all values at once: those that another request stored meanwhile go as well.
    pub(super) fn has_cleared(&self) -> bool {
        self.cleared > self.beginning()
    }

    /// True when the session is sealed even if it is empty and no cookie brought it.
    pub(super) fn has_begun(&self) -> bool {
        self.begun > self.beginning()
    }

    /// The step from which on things happened to this session. A session that is stored after an end is another
    /// session: nothing that happened before belongs to it.
    fn beginning(&self) -> u64 {
        self.committed.max(self.destroyed)
    }

    /// True when a handler removed all values at once after this step.
    pub(super) fn was_cleared_since(&self, step: u64) -> bool {
        self.cleared > step
    }

    /// True when a handler ended the session after this step.
    pub(super) fn was_destroyed_since(&self, step: u64) -> bool {
        self.destroyed > step
    }

    /// True when a handler ended the session.
    pub(super) fn is_destroyed(&self) -> bool {
        self.destroyed > self.committed
    }

    fn next(&mut self) -> u64 {
        self.step = self.step.saturating_add(1);
        self.step
    }
}
