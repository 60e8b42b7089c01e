//! What an operator may watch: an event for whatever becomes of a cookie, and the observers that are told of it.

mod counters;
mod event;
mod observer;
#[cfg(feature = "tracing")]
mod tracing;

pub use counters::{Counters, Counts, KeyCounts};
pub use event::{DeleteCause, Event, KeyRole, SealCause};
pub use observer::Observer;
pub(crate) use observer::Observers;
#[cfg(feature = "tracing")]
pub use tracing::TracingObserver;
