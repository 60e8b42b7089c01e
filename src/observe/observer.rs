//! [`Observer`]: whoever is told of each event.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::event::Event;
use crate::error::BackendError;

/// Who is told what becomes of the cookies; set with [`SessionConfig::observer`](crate::SessionConfig::observer). A
/// closure will do. [`Counters`](crate::Counters) is one that counts.
///
/// It is called on the thread of the request, before the call that caused the event returns and after the session's lock is
/// released: it may use the session, and a slow one delays that request alone. A panic in it is caught, once the panic
/// hook has shown it, and changes nothing for the session (built with `panic = "abort"`, it ends the process as any does).
/// Between threads that share a session the order of events is not promised. It must not open or seal with the manager
/// that it watches: that is another event, and so on without end.
///
/// ```
/// use sealed_session::{Event, Key, SessionConfig};
/// let config = SessionConfig::new(Key::generate()?).observer(|event: &Event| {
///     if let Event::Refused { reason, .. } = event {
///         eprintln!("refused: {reason}");
///     }
/// });
/// # config.build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    ///
    /// ```
    /// use sealed_session::{Event, Key, Observer, SessionConfig};
    /// struct Printer;
    /// impl Observer for Printer {
    ///     fn event(&self, event: &Event) {
    ///         println!("{}: {event:?}", event.as_str());
    ///     }
    /// }
    /// let manager = SessionConfig::new(Key::generate()?).observer(Printer).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn event(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync> Observer for F {
    fn event(&self, event: &Event) {
        self(event);
    }
}

/// Everyone who is to be told.
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<dyn Observer>>);

impl Observers {
    pub(crate) fn add(&mut self, observer: impl Observer + 'static) {
        self.0.push(Arc::new(observer));
    }

    /// The event, made only if somebody is to be told. Where a lock is held it is kept and told later.
    pub(crate) fn note(&self, event: impl FnOnce() -> Event) -> Option<Event> {
        if self.0.is_empty() { None } else { Some(event()) }
    }

    /// Tells everyone. To be called where no lock is held.
    pub(crate) fn tell(&self, event: &Event) {
        for observer in &self.0 {
            // What is told has happened: a panic that went on from here would lose the Set-Cookie of a commit.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| observer.event(event)));
        }
    }

    /// Tells every observer of an event that was noted, if there is one.
    pub(crate) fn tell_noted(&self, event: Option<Event>) {
        if let Some(event) = event {
            self.tell(&event);
        }
    }

    /// Tells every observer that a backend failed.
    pub(crate) fn tell_of(&self, error: &BackendError) {
        self.tell_noted(self.note(|| Event::BackendFailed { error: error.clone() }));
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observers({})", self.0.len())
    }
}
