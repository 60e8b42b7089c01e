//! [`Revocations`]: which sealed cookies are refused although they open.

use std::sync::Arc;

use super::{Generation, Known, Mark, Only};
use crate::backend::BoxFuture;
use crate::data::SessionId;
use crate::error::BackendError;
#[cfg(doc)]
use crate::error::BackendErrorKind;
use crate::time::UnixTime;

/// Remembers which sessions were ended before their time, for as long as a cookie of theirs could still open.
///
/// This is the list of ended sessions that OWASP ASVS 5.0, 7.4.1, asks for with self-contained tokens. It has a
/// [`Mark`] for the id of each session that ended, and a [`Generation`] for each subject that was revoked. The manager
/// asks it about every session that opens, before the handler runs. It may be asked by many tasks at once.
///
/// Each method changes one entry in one step: whoever looks later sees the change, in every process. So the list must
/// not be read from a replica that lags behind, and must not forget an entry before its time when memory is short. An
/// entry stands until its time has passed, and for as long after it as the list takes to remove it.
///
/// `testing::check_revocations` (feature `test-util`) is the suite that every list of this crate passes; run yours
/// through it.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use sealed_session::{BackendError, BoxFuture, Generation, Known, Mark, Only, Revocations, SessionId, UnixTime};
///
/// /// Keeps every entry for ever.
/// #[derive(Default)]
/// struct Endless {
///     marks: Mutex<HashMap<SessionId, Mark>>,
///     generations: Mutex<HashMap<String, Generation>>,
/// }
///
/// impl Revocations for Endless {
///     fn revoke(&self, id: SessionId, mark: Mark, _until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
///         Box::pin(async move { Ok(*self.marks.lock().unwrap().entry(id).or_insert(mark)) })
///     }
///
///     fn revoke_subject<'a>(
///         &'a self,
///         subject: &'a str,
///         only: Only,
///         to: Generation,
///         _until: UnixTime,
///     ) -> BoxFuture<'a, Result<bool, BackendError>> {
///         Box::pin(async move {
///             let mut generations = self.generations.lock().unwrap();
///             let applies = only.applies_to(generations.get(subject).copied(), to);
///             if applies {
///                 generations.insert(subject.to_owned(), to);
///             }
///             Ok(applies)
///         })
///     }
///
///     fn look<'a>(
///         &'a self,
///         id: Option<SessionId>,
///         subject: Option<&'a str>,
///     ) -> BoxFuture<'a, Result<Known, BackendError>> {
///         Box::pin(async move {
///             let generation = subject.and_then(|subject| self.generations.lock().unwrap().get(subject).copied());
///             let mark = id.and_then(|id| self.marks.lock().unwrap().get(&id).copied());
///             Ok(Known::new(mark, generation))
///         })
///     }
/// }
/// # drop(Box::new(Endless::default()) as Box<dyn Revocations>);
/// ```
pub trait Revocations: Send + Sync {
    /// Puts a mark on the session of this id, unless a mark stands, and returns the mark that stands: of many that mark
    /// one id at once, all are told the same. No cookie of the id opens at `until` or later, so from then on the entry
    /// may go. When the list is called again for an id, the first mark and the latest time stand.
    ///
    /// # Errors
    /// [`Full`](BackendErrorKind::Full) without room. After [`Unavailable`](BackendErrorKind::Unavailable) the mark may
    /// have been put all the same: a second call says which mark stands.
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>>;

    /// Puts the generation `to` on the subject in the place of the one that is there, and returns true when `to`
    /// stands: with [`Only::Any`] always; with [`Only::Of`] where no generation was there, or the named one, or `to`
    /// already. Otherwise the list changes nothing and returns `false`: of many that replace one generation at once,
    /// one is told that it did.
    ///
    /// A subject is the JSON text of an entry, of at most 65,535 bytes. No cookie of it that the revocation refuses
    /// opens at `until` or later, so from then on the entry may go. When the list is called again for a subject, the
    /// latest time stands.
    ///
    /// # Errors
    /// As for [`Revocations::revoke`].
    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>>;

    /// Returns the mark of the id and the generation of the subject, where the list is asked about them and they stand.
    ///
    /// The two need not be read at one moment. A list that reads them one after the other reads the generation first
    /// and the mark last: a session that is over when the answer comes is not taken for one that goes on. Whoever needs
    /// the generation last asks twice.
    ///
    /// # Errors
    /// [`Unavailable`](BackendErrorKind::Unavailable) when nothing answers, [`Corrupt`](BackendErrorKind::Corrupt) when
    /// an entry is not what was put there. An error is never an empty answer, for that would admit who was logged out.
    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>>;

    /// Returns true when the list could record a logout at this moment. For a health check: no request waits for it. A
    /// list that can fail should try a write, since a full disk or a replica that can only be read answers every look.
    /// The default returns true.
    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }
}

/// An `Arc` is a list too, so that a list can be handed to the configuration and kept.
impl<R: Revocations + ?Sized> Revocations for Arc<R> {
    fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> BoxFuture<'_, Result<Mark, BackendError>> {
        (**self).revoke(id, mark, until)
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a str,
        only: Only,
        to: Generation,
        until: UnixTime,
    ) -> BoxFuture<'a, Result<bool, BackendError>> {
        (**self).revoke_subject(subject, only, to, until)
    }

    fn look<'a>(
        &'a self,
        id: Option<SessionId>,
        subject: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Known, BackendError>> {
        (**self).look(id, subject)
    }

    fn is_healthy(&self) -> BoxFuture<'_, bool> {
        (**self).is_healthy()
    }
}
