//! The cookies that a commit sends besides a sealed session: deletions of the cookie, of its other forms, and of
//! cookies of another crate.

use super::engine::Engine;
use super::held::Held;
use super::plan::Plan;
use super::state::{Client, Origin, State};
use crate::cookie::SetCookies;
use crate::observe::{DeleteCause, Event};

/// The lines that delete the cookie, and the event.
pub(super) fn delete(state: &State, engine: &Engine) -> (SetCookies, Option<Event>) {
    let event = engine.observers.note(|| Event::Deleted { cause: DeleteCause::Destroyed });
    let deletions = with_deletions(engine.cookies.deletions(), state, engine);
    #[cfg(feature = "dbsc")]
    let deletions = deletions.after(state.binding.deletions(engine));
    (deletions, event)
}

/// Adds to the cookies that a plan comes to the deletions of the other forms of the cookie, if it is a login.
pub(super) fn with_other_forms(sent: SetCookies, plan: Plan, engine: &Engine) -> SetCookies {
    if plan.is_login() { engine.cookies.instead_of_others(sent) } else { sent }
}

/// Adds to the cookies to send the deletions of the cookies of another crate that they replace.
pub(super) fn with_deletions(sent: SetCookies, state: &State, engine: &Engine) -> SetCookies {
    sent.after(engine.imports.deletions(&state.old, state.now))
}

impl Client {
    pub(super) fn holding(held: Held, has_second: bool) -> Self {
        Self { origin: Origin::Cookie(held), has_second }
    }

    /// Returns the client that holds a session if no response could carry the new cookie of it: the cookie that it had
    /// ends when it would have.
    pub(super) fn ending_as(mut self, before: &Self) -> Self {
        if let (Origin::Cookie(held), Origin::Cookie(before)) = (&mut self.origin, &before.origin)
            && held.retired.id == before.retired.id
        {
            held.expires_at = before.expires_at;
        }
        self
    }

    pub(super) fn deleted() -> Self {
        Self { origin: Origin::Destroyed, has_second: false }
    }
}
