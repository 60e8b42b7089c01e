//! [`Revocations`]: which sealed cookies are refused although they open.

use std::sync::Arc;

use crate::backend::BoxFuture;
use crate::data::SessionId;
use crate::error::BackendError;
use crate::time::UnixTime;

/// Remembers which sessions were ended before their time, for as long as a cookie of theirs could still open.
///
/// A list of the terminated, as OWASP ASVS 5.0, 7.4.1, asks of self-contained tokens. The manager asks it once for every
/// session that opens, before the handler runs. It may be asked by many tasks at once.
///
/// ```
/// use std::sync::Mutex;
///
/// use sealed_session::{BackendError, BackendErrorKind, BoxFuture, Revocable, Revocations, SessionId, UnixTime};
///
/// /// Everyone is in, but for these ids.
/// #[derive(Default)]
/// struct Banned(Mutex<Vec<SessionId>>);
///
/// impl Revocations for Banned {
///     fn revoke(&self, id: SessionId, _until: UnixTime) -> BoxFuture<'_, Result<(), BackendError>> {
///         Box::pin(async move { Ok(self.0.lock().unwrap().push(id)) })
///     }
///
///     fn revoke_subject<'a>(
///         &'a self,
///         _subject: &'a str,
///         _cutoff: UnixTime,
///         _until: UnixTime,
///     ) -> BoxFuture<'a, Result<(), BackendError>> {
///         Box::pin(async { Err(BackendError::new(BackendErrorKind::Unsupported, "this list knows ids only")) })
///     }
///
///     fn is_revoked<'a>(&'a self, session: Revocable<'a>) -> BoxFuture<'a, Result<bool, BackendError>> {
///         Box::pin(async move { Ok(self.0.lock().unwrap().contains(&session.id)) })
///     }
/// }
/// # drop(Box::new(Banned::default()) as Box<dyn Revocations>);
/// ```
pub trait Revocations: Send + Sync {
    /// Refuses the session of this id. No cookie of it opens at `until` or later: from then on the entry may go.
    fn revoke(&self, id: SessionId, until: UnixTime) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Refuses every session of the subject with `created_at <= cutoff`. No such cookie opens at `until` or later: from then on
    /// the entry may go. A subject is the JSON text of an entry. Called again for a subject, the later of each time stands.
    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        cutoff: UnixTime,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<(), BackendError>>;

    /// Whether a session is refused.
    fn is_revoked<'a>(&'a self, session: Revocable<'a>) -> BoxFuture<'a, Result<bool, BackendError>>;

    /// Whether it can be used at this moment. For a health check: no request waits for it.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }
}

/// What a session is known by, when [`Revocations`] are asked about it.
///
/// ```
/// use sealed_session::{Revocable, SessionId, UnixTime};
/// let session = Revocable::new(SessionId::from_bytes([7; 16]), Some("42"), UnixTime::MIN);
/// assert_eq!(session.subject, Some("42"));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Revocable<'a> {
    /// Its id.
    pub id: SessionId,
    /// The JSON text of the entry that names its subject, if the configuration names one and the session has it.
    pub subject: Option<&'a str>,
    /// When it began: at login, if the application regenerates it there.
    pub created_at: UnixTime,
}

impl<'a> Revocable<'a> {
    /// One with these facts, for the tests of a list.
    ///
    /// ```
    /// use sealed_session::{Revocable, SessionId, UnixTime};
    /// assert_eq!(Revocable::new(SessionId::from_bytes([7; 16]), None, UnixTime::MIN).subject, None);
    /// ```
    #[must_use]
    pub fn new(id: SessionId, subject: Option<&'a str>, created_at: UnixTime) -> Self {
        Self { id, subject, created_at }
    }
}

/// So that a list can be handed to the configuration and kept.
impl<R: Revocations + ?Sized> Revocations for Arc<R> {
    fn revoke(&self, id: SessionId, until: UnixTime) -> BoxFuture<'_, Result<(), BackendError>> {
        (**self).revoke(id, until)
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        cutoff: UnixTime,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        (**self).revoke_subject(subject, cutoff, until)
    }

    fn is_revoked<'a>(&'a self, session: Revocable<'a>) -> BoxFuture<'a, Result<bool, BackendError>> {
        (**self).is_revoked(session)
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        (**self).is_healthy()
    }
}
