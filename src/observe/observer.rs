//! Holds [`Observer`], the trait of whoever is told of events, and the list of those who are.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::event::Event;
use crate::error::BackendError;

/// Receives the events of a manager, which tell what becomes of its cookies. Set an observer with
/// [`SessionConfig::observer`](crate::SessionConfig::observer). A closure is an observer too, and
/// [`Counters`](crate::Counters) is one that counts.
///
/// An observer is called on the thread of the request, before the call that caused the event returns and after the
/// session's lock is released. So it may use the session, and a slow observer delays that request alone. A panic in an
/// observer is caught, once the panic hook has shown it, and changes nothing for the session. (In a build with
/// `panic = "abort"` it ends the process, as any panic does.) The order of events is not promised between threads that
/// share a session. An observer must not open or seal with the manager that it watches: that causes another event, and
/// so on without end.
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

/// The observers of a manager or a codec.
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<dyn Observer>>);

impl Observers {
    pub(crate) fn add(&mut self, observer: impl Observer + 'static) {
        self.0.push(Arc::new(observer));
    }

    /// Makes the event, if there is an observer to tell. A caller that holds a lock keeps the event and tells it later.
    pub(crate) fn note(&self, event: impl FnOnce() -> Event) -> Option<Event> {
        if self.0.is_empty() { None } else { Some(event()) }
    }

    /// Tells every observer of an event. The caller must hold no lock.
    pub(crate) fn tell(&self, event: &Event) {
        for observer in &self.0 {
            // The event has happened already. If a panic went on from here, the Set-Cookie of a commit would be lost.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| observer.event(event)));
        }
    }

    /// Tells every observer of a noted event, if there is one.
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
