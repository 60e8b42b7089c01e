//! [`Questions`]: what one load, or one commit, asks the backends.

use super::coordinator::Coordinator;
use super::policy::FailurePolicy;
use super::revocations::{Generation, Known, Mark, Only, Revocations};
use super::store::{Record, Save, SessionStore};
use crate::data::{Lifetime, SessionId, UNDER_WAY_SECONDS};
use crate::error::{BackendError, BackendErrorKind};
use crate::observe::Observers;
use crate::time::{Clock, UnixTime};

/// The backends on behalf of one load or one commit. Once [`UNDER_WAY_SECONDS`] have passed since the load or the
/// commit began, `Questions` asks nothing more: marks and tombstones are kept for that much longer than a session
/// lives, and not for ever.
pub(crate) struct Questions<'e> {
    pub(super) backend: &'e Coordinator,
    pub(super) observers: &'e Observers,
    pub(super) lifetime: &'e Lifetime,
    clock: &'e dyn Clock,
    until: UnixTime,
    policy: FailurePolicy,
}

impl<'e> Questions<'e> {
    pub(crate) fn new(
        backend: &'e Coordinator,
        observers: &'e Observers,
        lifetime: &'e Lifetime,
        clock: &'e dyn Clock,
    ) -> Self {
        let until = clock.now().saturating_add(UNDER_WAY_SECONDS);
        Self { backend, observers, lifetime, clock, until, policy: backend.policy }
    }

    /// Returns the same questions for a caller that must hear that a backend failed, whatever the policy for requests
    /// is.
    pub(crate) fn strict(self) -> Self {
        Self { policy: FailurePolicy::Refuse, ..self }
    }

    pub(crate) fn has_list(&self) -> bool {
        self.backend.revocations.is_some()
    }

    pub(crate) async fn load(&self, id: SessionId) -> Result<Option<Record>, BackendError> {
        self.store()?.load(id).await
    }

    pub(crate) async fn save(&self, id: SessionId, record: &Record, save: Save) -> Result<bool, BackendError> {
        self.store()?.save(id, record, save).await
    }

    /// Creates the record of a session that takes the place of the one under `old`, if there is an `old`.
    pub(crate) async fn create(
        &self,
        old: Option<SessionId>,
        id: SessionId,
        record: &Record,
    ) -> Result<bool, BackendError> {
        match old {
            Some(old) => self.store()?.create_in_place_of(old, id, record).await,
            None => self.save(id, record, Save::Create).await,
        }
    }

    /// Takes back a record whose cookie nobody got. Should that fail too, the record goes when it expires.
    pub(crate) async fn take_back(&self, id: SessionId) {
        let done = match self.store() {
            Ok(store) => store.delete(id).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            self.observers.tell_of(&error);
        }
    }

    /// Looks an id, a subject, or both up in the list. If there is no list, nothing is known. Under
    /// [`FailurePolicy::Admit`] nothing is known either when the list fails.
    pub(crate) async fn look(&self, id: Option<SessionId>, subject: Option<&str>) -> Result<Known, BackendError> {
        if !self.has_list() {
            return Ok(Known::default());
        }
        let known = match self.list() {
            Ok(list) => list.look(id, subject).await,
            Err(error) => Err(error),
        };
        self.or_admit(known, Known::default())
    }

    /// Puts a mark on the list unless a mark stands, and returns the mark that stands. Under [`FailurePolicy::Admit`] a
    /// list that fails counts as done.
    pub(crate) async fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> Result<Mark, BackendError> {
        let done = match self.list() {
            Ok(list) => list.revoke(id, mark, until).await,
            Err(error) => Err(error),
        };
        self.or_admit(done, mark)
    }

    pub(crate) async fn revoke_subject(
        &self,
        subject: &str,
        only: Only,
        to: Generation,
        now: UnixTime,
    ) -> Result<bool, BackendError> {
        self.list()?.revoke_subject(subject, only, to, self.lifetime.all_end(now)).await
    }

    /// Returns `otherwise` when the list failed under [`FailurePolicy::Admit`], and else the answer.
    fn or_admit<T>(&self, answer: Result<T, BackendError>, otherwise: T) -> Result<T, BackendError> {
        match answer {
            Err(error) if self.policy == FailurePolicy::Admit => {
                self.observers.tell_of(&error);
                Ok(otherwise)
            }
            answer => answer,
        }
    }

    fn store(&self) -> Result<&'e dyn SessionStore, BackendError> {
        self.check_time()?;
        self.backend.store()
    }

    fn list(&self) -> Result<&'e dyn Revocations, BackendError> {
        self.check_time()?;
        self.backend.list()
    }

    fn check_time(&self) -> Result<(), BackendError> {
        let text = "this request has asked for 60 seconds, and asks no more";
        let is_late = self.clock.now() >= self.until;
        if is_late { Err(BackendError::new(BackendErrorKind::Unavailable, text)) } else { Ok(()) }
    }
}
