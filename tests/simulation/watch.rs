//! Looks at the invariants: after each event that may have broken one, and to the end of all sessions.

use crate::answers;
use crate::event::Event;
use crate::invariants;
use crate::ledger::Broken;
use crate::scheduler::{Scheduler, Task};
use crate::setting::SKEW;

impl Scheduler {
    /// Looks whether all holds after an event.
    pub(crate) fn look(&self, event: Event) -> Option<Broken> {
        let broken = self.world.state().ledger.broken.take();
        if let Some(broken) = broken.filter(|broken| self.world.setting.is_wanted(broken.invariant)) {
            return Some(broken);
        }
        if let Event::Step(request, _) = event {
            let is_empty_handed = std::mem::take(&mut self.world.state().ledger.acts[request].is_empty_handed);
            if is_empty_handed
                && self.world.setting.is_wanted("I7")
                && let Some(broken) = answers::no_good_cookie_is_hidden(&self.world, &self.fleet, request)
            {
                return Some(broken);
            }
        }
        let is_due = match event {
            Event::Step(request, _) => self.world.setting.is_watched || matches!(self.tasks[request], Task::Over),
            Event::Tick => self.world.setting.is_watched || self.world.setting.recheck_after > 0,
            Event::Clean => true,
            _ => false,
        };
        if !is_due {
            return None;
        }
        // Nothing but time makes a cookie good or bad by itself.
        let is_changed = std::mem::take(&mut self.world.state().ledger.is_changed);
        if is_changed || !matches!(event, Event::Step(..)) { invariants::look(&self.world, &self.fleet) } else { None }
    }

    /// Takes the last look, when everybody is answered.
    pub(crate) fn end(&mut self) -> Option<Broken> {
        if self.world.setting.is_in_order {
            while let Some(answer) = self.answers.first() {
                self.deliver(answer.request);
            }
            let cookie = self.browsers[0].cookie;
            if let Some(broken) = answers::the_browser_keeps_its_login(&self.world, &self.fleet, cookie) {
                return Some(broken);
            }
        }
        if let Some(broken) = invariants::look(&self.world, &self.fleet) {
            return Some(broken);
        }
        if let Some(broken) = answers::nothing_comes_back(&self.world, &self.fleet) {
            return Some(broken);
        }
        // The clock goes on to the end of all sessions, and what is past its time is removed meanwhile.
        let is_cleaned = self.world.setting.trouble.cleanups > 0;
        let end = self.world.time() + self.world.setting.absolute + 4 * SKEW;
        while is_cleaned && self.world.time() < end {
            self.advance(SKEW / 2);
            self.clean();
            if let Some(broken) = self.look(Event::Clean) {
                return Some(broken);
            }
        }
        None
    }

    /// Removes what is past its time, which must change no answer about any cookie.
    pub(crate) fn clean(&self) {
        self.tell(|| "what is past its time is removed, by the clock that is most ahead".to_owned());
        self.world.state().ledger.is_cleaned = true;
        let now = self.world.latest();
        if !self.world.state().shelves.has_expired(now) {
            return;
        }
        let before = answers::all_sights(&self.world, &self.fleet);
        self.world.state().shelves.clean(now);
        let after = answers::all_sights(&self.world, &self.fleet);
        if let Some(Broken { invariant, what }) = answers::a_cleanup_changes_nothing(&before, &after) {
            self.world.state().ledger.break_it(invariant, what);
        }
    }
}
