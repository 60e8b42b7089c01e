//! Holds an observer that writes events of the `tracing` crate. Feature `tracing`.

use std::fmt;

use tracing::field::display;
use tracing::{Level, event};

#[cfg(feature = "dbsc")]
use super::event::BindingOutcome;
use super::event::{Event, KeyRole};
use super::observer::Observer;
use crate::error::DecodeError;
use crate::key_id::KeyId;

/// Writes each [`Event`] to the current subscriber of the `tracing` crate, target `sealed_session`. Feature `tracing`.
///
/// With the feature `dbsc`, an answer of the route of device binding has a field `outcome`, at the level warn if the
/// request was refused or a backend failed, and else at the level debug.
///
/// Each line has a field `event` with [`Event::as_str`], and those of the fields `key_id`, `previous`, `ring`,
/// `candidates`, `reason`, `cause`, `error`, `bytes` and `limit` that the event knows. No field is secret, but the
/// `key_id` of a refusal may be made up.
///
/// | level | what |
/// |---|---|
/// | error | a commit failed, or a backend |
/// | warn | a cookie was refused for its seal, key, version, schema or clock, was not imported, or no backend was asked about it |
/// | warn | a session no longer fits, or was changed too late |
/// | warn | a session began anew, since its values did not fit a type |
/// | info | a manager was built, or got other keys |
/// | info | a cookie was refused as malformed, too long, one of two without the other or one of too many |
/// | info | a cookie was refused since its session was revoked, or has no proof of its device |
/// | debug | a cookie was refused since it is over or has no record, or since a backend failed |
/// | debug | a session was sealed or deleted; a previous key opened a cookie |
/// | trace | the primary key opened a cookie: each request that looks at its session |
///
/// Any client can cause any number of refusals, and for nearly any reason. Only the reasons that need an authentic
/// cookie are limited, to the client's own old cookies. So sample or limit what you keep, and alert on rates
/// ([`Counters`](crate::Counters)).
///
/// ```
/// use sealed_session::{Key, SessionConfig, TracingObserver};
/// let manager = SessionConfig::new(Key::generate()?).observer(TracingObserver).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to set: the subscriber filters")]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn event(&self, event: &Event) {
        let name = event.as_str();
        match event {
            Event::Started { primary, previous, limit } => event!(
                target: TARGET, Level::INFO, event = name, key_id = %primary, previous = %List(previous), limit,
                "sessions are sealed in cookies"
            ),
            Event::KeysChanged { primary, previous } => event!(
                target: TARGET, Level::INFO, event = name, key_id = %primary, previous = %List(previous),
                "the keys of sessions changed"
            ),
            Event::Opened { key_id, ring: ring @ KeyRole::Primary, candidates, .. } => event!(
                target: TARGET, Level::TRACE, event = name, %key_id, ring = ring.as_str(), candidates,
                "session cookie opened"
            ),
            Event::Opened { key_id, ring, candidates, .. } => event!(
                target: TARGET, Level::DEBUG, event = name, %key_id, ring = ring.as_str(), candidates,
                "session cookie opened"
            ),
            Event::Refused { reason, key_id, candidates } => refused(name, reason, *key_id, *candidates),
            Event::Sealed { key_id, cause, bytes, limit } => event!(
                target: TARGET, Level::DEBUG, event = name, %key_id, cause = cause.as_str(), bytes, limit,
                "session sealed"
            ),
            Event::NotExtended { error } => event!(
                target: TARGET, Level::WARN, event = name, error = error.as_str(), "session not extended: {error}"
            ),
            Event::Failed { error } => {
                event!(target: TARGET, Level::ERROR, event = name, error = error.as_str(), "session not kept: {error}");
            }
            Event::BackendFailed { error } => {
                event!(target: TARGET, Level::ERROR, event = name, error = error.kind().as_str(), "{error}");
            }
            Event::BegunAnew { error } => {
                event!(target: TARGET, Level::WARN, event = name, "session begun anew: {error}");
            }
            Event::ChangedTooLate {} => {
                event!(target: TARGET, Level::WARN, event = name, "session changed after its response, the change is lost");
            }
            #[cfg(feature = "dbsc")]
            Event::Binding { outcome: outcome @ (BindingOutcome::Refused | BindingOutcome::Failed) } => {
                event!(target: TARGET, Level::WARN, event = name, outcome = outcome.as_str(), "device binding answered");
            }
            #[cfg(feature = "dbsc")]
            Event::Binding { outcome } => {
                event!(target: TARGET, Level::DEBUG, event = name, outcome = outcome.as_str(), "device binding answered");
            }
            Event::Deleted { cause } => {
                event!(target: TARGET, Level::DEBUG, event = name, cause = cause.as_str(), "session cookie deleted");
            }
        }
    }
}

fn refused(name: &str, reason: &DecodeError, key_id: Option<KeyId>, candidates: usize) {
    let key_id = key_id.map(display);
    // The `tracing` crate fixes the level of each place that writes, so each level has a place of its own.
    macro_rules! write_at {
        ($level:expr) => {
            event!(
                target: TARGET, $level, event = name, reason = reason.as_str(), key_id,
                candidates, "{reason}"
            )
        };
    }
    match reason {
        // A backend that failed has an event of its own.
        DecodeError::Expired { .. }
        | DecodeError::BeforeCutoff { .. }
        | DecodeError::NotStored
        | DecodeError::Unavailable => {
            write_at!(Level::DEBUG);
        }
        DecodeError::Malformed
        | DecodeError::TooLong
        | DecodeError::Incomplete
        | DecodeError::TooManyCandidates
        | DecodeError::Revoked => {
            write_at!(Level::INFO);
        }
        // A copied cookie gives these, and so does a browser that was not used for a while.
        #[cfg(feature = "dbsc")]
        DecodeError::StaleBinding | DecodeError::NotBound => write_at!(Level::INFO),
        DecodeError::UnsupportedVersion { .. }
        | DecodeError::UnknownKey { .. }
        | DecodeError::NotAuthentic
        | DecodeError::NotYetValid { .. }
        | DecodeError::UnsupportedSchema { .. }
        | DecodeError::NotAsked
        | DecodeError::NotImported { .. } => write_at!(Level::WARN),
    }
}

/// Writes key ids with a space between them.
struct List<'a>(&'a [KeyId]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        self.0.iter().try_for_each(|id| write!(f, "{}{id}", std::mem::replace(&mut space, " ")))
    }
}

const TARGET: &str = "sealed_session";
