//! Changes of a session that come when its response has gone out.
//!
//! A streamed body, a task and whatever goes on after an upgrade outlive the response's headers. They may read the
//! session, and they may change it, but no Set-Cookie header is left to carry a change to the client. A change whose
//! place is a backend can still be kept, by a commit. For every other change it is too late, and observers are told so,
//! once a session.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::engine::Engine;
use crate::observe::Event;

/// Says whether the response of a session has gone out, and whether observers know of a change that came after it.
#[derive(Default)]
pub(super) struct Late {
    /// Unset until the response has gone out. It writes the line of an adapter's log.
    log: OnceLock<fn()>,
    is_told: AtomicBool,
}

impl Late {
    /// Notes that the response goes out. `log` is called for the first change that comes too late for it.
    #[cfg(any(feature = "tower", feature = "actix-web", feature = "rocket"))]
    pub(super) fn note_response(&self, log: fn()) {
        // A second fairing of Rocket sends the same response.
        let _ = self.log.set(log);
    }

    pub(super) fn is_response_out(&self) -> bool {
        self.log.get().is_some()
    }

    /// Tells the log and the observers of a change that came too late, unless they know of one already.
    pub(super) fn tell(&self, engine: &Engine) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            if let Some(log) = self.log.get() {
                log();
            }
            engine.observers.tell_noted(engine.observers.note(|| Event::ChangedTooLate {}));
        }
    }
}
