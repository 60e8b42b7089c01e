//! Names what an operator may watch, counts it, and hands it to observers.
//!
//! This room may not know sessions and their values: an event holds key ids, times, numbers and errors. `event` holds
//! the events, and `observer` the trait of those who are told of them. `counters` is an observer that counts, and
//! `tracing` is one that writes to the `tracing` crate.

mod counters;
mod event;
mod observer;
#[cfg(feature = "tracing")]
mod tracing;

pub use counters::{Counters, Counts, KeyCounts};
#[cfg(feature = "dbsc")]
pub use event::BindingOutcome;
pub use event::{DeleteCause, Event, KeyRole, SealCause};
pub use observer::Observer;
pub(crate) use observer::Observers;
#[cfg(feature = "tracing")]
pub use tracing::TracingObserver;
