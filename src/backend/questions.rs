//! [`Questions`]: what one load, or one commit, asks the backends.

use super::coordinator::Coordinator;
use super::owner::Owner;
use super::policy::FailurePolicy;
use super::remembered::{Remembered, Vouched};
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

    pub(super) async fn delete(&self, id: SessionId) -> Result<(), BackendError> {
        self.store()?.delete(id).await
    }

    /// Takes back a record whose cookie nobody got. Should that fail too, the record goes when it expires.
    pub(crate) async fn take_back(&self, id: SessionId) {
        if let Err(error) = self.delete(id).await {
            self.observers.tell_of(&error);
        }
    }

    /// Looks an id, a subject, or both up in the list. If there is no list, nothing is known. Under
    /// [`FailurePolicy::Admit`] nothing is known either when the list fails.
    pub(crate) async fn look(&self, id: Option<SessionId>, subject: Option<&str>) -> Result<Known, BackendError> {
        if !self.has_list() {
            return Ok(Known::default());
        }
        self.or_admit(self.asked(id, subject).await, Known::default())
    }

    /// Looks a session up in the list, unless the list let it in so lately that the answer still counts.
    pub(super) async fn look_or_recall(&self, id: SessionId, owner: &Owner) -> Result<(Known, Vouched), BackendError> {
        let Some(remembered) = &self.backend.remembered else {
            return Ok((self.look(Some(id), owner.subject.as_deref()).await?, Vouched::Now));
        };
        let Some(ticket) = remembered.recall(id, owner, self.clock.now()) else {
            return Ok((Known::default(), Vouched::Before));
        };
        let known = self.asked(Some(id), owner.subject.as_deref()).await;
        // A failure under `FailurePolicy::Admit` is no answer, so it is not remembered. A refusal counts for every
        // request of this process: another one may have been let in meanwhile, before the session ended.
        match &known {
            Ok(known) if known.mark.is_none() && owner.is_of(*known) => remembered.remember(&ticket, id, owner),
            Ok(_) => remembered.forget(id),
            Err(_) => {}
        }
        Ok((self.or_admit(known, Known::default())?, Vouched::Now))
    }

    async fn asked(&self, id: Option<SessionId>, subject: Option<&str>) -> Result<Known, BackendError> {
        self.list()?.look(id, subject).await
    }

    /// Puts a mark on the list unless a mark stands, and returns the mark that stands. Under [`FailurePolicy::Admit`] a
    /// list that fails counts as done.
    pub(crate) async fn revoke(&self, id: SessionId, mark: Mark, until: UnixTime) -> Result<Mark, BackendError> {
        Ok(self.put_mark(id, mark, until).await?.0)
    }

    /// Does the same, and says whether the list has the mark.
    pub(super) async fn put_mark(
        &self,
        id: SessionId,
        mark: Mark,
        until: UnixTime,
    ) -> Result<(Mark, bool), BackendError> {
        let _forget = Forget { remembered: self.backend.remembered.as_ref(), what: What::Id(id) };
        let done = match self.list() {
            Ok(list) => list.revoke(id, mark, until).await,
            Err(error) => Err(error),
        };
        self.or_admit(done.map(|stands| (stands, true)), (mark, false))
    }

    pub(crate) async fn revoke_subject(
        &self,
        subject: &str,
        only: Only,
        to: Generation,
        now: UnixTime,
    ) -> Result<bool, BackendError> {
        let _forget = Forget { remembered: self.backend.remembered.as_ref(), what: What::Subject(subject) };
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

/// Forgets what a revocation concerns when the revocation returns, fails or is dropped: the list may have done it
/// whatever its caller heard.
struct Forget<'a> {
    remembered: Option<&'a Remembered>,
    what: What<'a>,
}

enum What<'a> {
    Id(SessionId),
    Subject(&'a str),
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        match (self.remembered, &self.what) {
            (Some(remembered), What::Id(id)) => remembered.forget(*id),
            (Some(remembered), What::Subject(subject)) => remembered.forget_subject(subject),
            (None, _) => {}
        }
    }
}
