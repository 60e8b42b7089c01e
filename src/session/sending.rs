//! The cookies that a commit sends besides a sealed session: deletions of the cookie, and of cookies of another crate.

use super::engine::Engine;
use super::held::Held;
use super::state::{Client, Origin, State};
use crate::cookie::SetCookies;
use crate::observe::{DeleteCause, Event};

/// The lines that delete the cookie, and the event.
pub(super) fn delete(state: &State, engine: &Engine) -> (SetCookies, Option<Event>) {
    let event = engine.observers.note(|| Event::Deleted { cause: DeleteCause::Destroyed });
    (with_deletions(engine.cookies.deletions(), state, engine), event)
}

/// Adds to the cookies to send the deletions of the cookies of another crate that they replace.
pub(super) fn with_deletions(sent: SetCookies, state: &State, engine: &Engine) -> SetCookies {
    sent.after(engine.imports.deletions(&state.old, state.now))
}

impl Client {
    pub(super) fn holding(held: Held, has_second: bool) -> Self {
        Self { origin: Origin::Cookie(held), has_second }
    }

    pub(super) fn deleted() -> Self {
        Self { origin: Origin::Destroyed, has_second: false }
    }
}
