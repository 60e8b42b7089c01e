//! What an operator may watch: events, and the two observers that this crate brings.

mod counters;
mod event;
#[cfg(feature = "tracing")]
mod tracing;

pub use counters::{Counters, Counts, KeyCounts};
pub(crate) use event::Observers;
pub use event::{DeleteCause, Event, KeyRole, Observer, SealCause};
#[cfg(feature = "tracing")]
pub use tracing::TracingObserver;
