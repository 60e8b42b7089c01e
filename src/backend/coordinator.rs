//! [`Coordinator`]: asks the store and the list before a handler runs, and tells them what its commit kept and ended.

use std::fmt;
use std::sync::Arc;

use super::admitted::Admitted;
use super::cutoffs::Cutoffs;
use super::placement::Placement;
use super::policy::FailurePolicy;
use super::revocations::{Revocable, Revocations};
use super::store::{Record, SessionStore};
use super::work::{Saving, Work};
use crate::codec::{Opened, TextCodec};
use crate::data::{Lifetime, Retired, SessionData, SessionId};
use crate::error::{BackendError, BackendErrorKind, DecodeError, EncodeError, Refusal};
use crate::format::Namespace;
use crate::observe::Observers;
use crate::time::UnixTime;

/// The backends of a manager, and what is configured about them.
#[derive(Default)]
pub(crate) struct Coordinator {
    pub(crate) placement: Placement,
    pub(crate) store: Option<Arc<dyn SessionStore>>,
    pub(crate) revocations: Option<Arc<dyn Revocations>>,
    /// The key of the entry that names the subject.
    pub(crate) subject: Option<String>,
    pub(crate) policy: FailurePolicy,
    pub(crate) cutoffs: Cutoffs,
}

impl Coordinator {
    pub(crate) fn exists(&self) -> bool {
        self.store.is_some() || self.revocations.is_some()
    }

    /// The earliest time at which a session may begin that was regenerated when this process had given out so many cut-offs.
    pub(crate) fn beginning(&self, data: &SessionData, cutoffs: u64) -> UnixTime {
        self.subject_of(data).map_or(UnixTime::MIN, |subject| self.cutoffs.beginning(subject, cutoffs))
    }

    /// How many subjects this process has revoked until now.
    pub(crate) fn revoked_before(&self) -> u64 {
        self.cutoffs.count()
    }

    /// Refuses every session that the subject has now.
    pub(crate) async fn revoke_subject(
        &self,
        lifetime: &Lifetime,
        now: UnixTime,
        subject: &str,
    ) -> Result<(), BackendError> {
        let revocations = self.revocations.as_deref().ok_or_else(no_revocations)?;
        let cutoff = self.cutoffs.next(subject, now);
        revocations.revoke_subject(subject, cutoff, lifetime.all_end(cutoff)).await
    }

    /// Admits a session where there is no backend to ask. Where there is one this fails closed, so that code which forgot to
    /// ask lets nobody in whom a backend would have kept out.
    ///
    /// # Errors
    /// [`DecodeError::NotAsked`] where a backend is configured.
    pub(crate) fn admit_unasked(&self, opened: Opened) -> Result<Admitted, Refusal> {
        if self.exists() { Err(DecodeError::NotAsked.into()) } else { Ok(Admitted::new(opened)) }
    }

    /// Asks about a session whose cookie opened, and fetches the values that are not in it.
    ///
    /// # Errors
    /// The inner one is the refusal; the outer one is for [`FailurePolicy::Fail`].
    pub(crate) async fn admit(
        &self,
        codec: &TextCodec,
        observers: &Observers,
        opened: Opened,
    ) -> Result<Result<Admitted, Refusal>, BackendError> {
        let key_id = Some(opened.key_id);
        let refused = |reason| Ok(Err(Refusal { reason, key_id }));
        let opened = match self.filled(codec, opened).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(refusal)) => return Ok(Err(refusal)),
            Err(error) => {
                observers.tell_of(&error);
                return if self.policy == FailurePolicy::Fail { Err(error) } else { refused(DecodeError::Unavailable) };
            }
        };
        match (self.is_revoked(&opened.data).await, self.policy) {
            (Ok(false), _) => Ok(Ok(Admitted::new(opened))),
            (Ok(true), _) => refused(DecodeError::Revoked),
            (Err(error), policy) => {
                observers.tell_of(&error);
                match policy {
                    FailurePolicy::Refuse => refused(DecodeError::Unavailable),
                    FailurePolicy::Fail => Err(error),
                    FailurePolicy::Admit => Ok(Ok(Admitted::new(opened))),
                }
            }
        }
    }

    async fn filled(&self, codec: &TextCodec, opened: Opened) -> Result<Result<Opened, Refusal>, BackendError> {
        let store = match &self.store {
            Some(store) if opened.data.is_empty() => store,
            _ => return Ok(codec.migrate(opened)),
        };
        let is_alive = |record: &Record| record.expires_at() > opened.at;
        let Some(record) = store.load(opened.data.id()).await?.filter(is_alive) else {
            return Ok(Err(Refusal { reason: DecodeError::NotStored, key_id: Some(opened.key_id) }));
        };
        match codec.fill(opened, record.into_bytes()).and_then(|filled| codec.migrate(filled)) {
            Err(Refusal { reason: DecodeError::Malformed | DecodeError::NotAuthentic, .. }) => {
                Err(BackendError::new(BackendErrorKind::Corrupt, "a record is not what was stored for its session"))
            }
            filled => Ok(filled),
        }
    }

    async fn is_revoked(&self, data: &SessionData) -> Result<bool, BackendError> {
        let Some(revocations) = &self.revocations else { return Ok(false) };
        revocations.is_revoked(Revocable::new(data.id(), self.subject_of(data), data.created_at())).await
    }

    fn subject_of<'d>(&self, data: &'d SessionData) -> Option<&'d str> {
        data.json(Namespace::Data, self.subject.as_deref()?)
    }

    /// Keeps what a commit wants kept, then ends what it wants ended, so that at no time neither of two sessions is good.
    ///
    /// # Errors
    /// Nothing must be sent then; what was kept is taken back, as far as the backend still answers.
    pub(crate) async fn settle(&self, observers: &Observers, work: &Work) -> Result<(), EncodeError> {
        if let (Some(store), Some((id, saving))) = (&self.store, &work.saving)
            && !save(&**store, *id, saving).await?
        {
            return Err(EncodeError::Ended);
        }
        let Some(ended) = work.ended else { return Ok(()) };
        let done = self.end(observers, ended, self.policy).await;
        if let (Err(_), Some(store), Some((id, _))) = (&done, &self.store, &work.saving) {
            // The session goes on under its old id. Should this fail too, the record goes when it expires.
            if let Err(error) = store.delete(*id).await {
                observers.tell_of(&error);
            }
        }
        Ok(done?)
    }

    /// Puts a session on the list and removes its record: of the two, the first alone ends it for good.
    async fn end(&self, observers: &Observers, ended: Retired, policy: FailurePolicy) -> Result<(), BackendError> {
        if let Some(revocations) = &self.revocations {
            match revocations.revoke(ended.id, ended.expires_at).await {
                Err(error) if policy == FailurePolicy::Admit => observers.tell_of(&error),
                done => done?,
            }
        }
        match &self.store {
            None => Ok(()),
            Some(store) => match store.delete(ended.id).await {
                Err(error) if self.revocations.is_some() => {
                    observers.tell_of(&error);
                    Ok(())
                }
                done => done,
            },
        }
    }

    /// Whether every session ends with its record.
    pub(crate) fn is_in_store(&self) -> bool {
        self.placement == Placement::Store
    }

    /// Ends a session by its id alone. Whoever asks for that must hear if it failed, whatever the policy for requests is.
    pub(crate) async fn revoke(&self, observers: &Observers, ended: Retired) -> Result<(), BackendError> {
        if self.revocations.is_some() || self.is_in_store() {
            self.end(observers, ended, FailurePolicy::Refuse).await
        } else {
            Err(no_revocations())
        }
    }
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("placement", &self.placement)
            .field("revocations", &self.revocations.is_some())
            .field("subject", &self.subject)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

async fn save(store: &dyn SessionStore, id: SessionId, saving: &Saving) -> Result<bool, BackendError> {
    for save in saving.saves {
        if store.save(id, &saving.record, *save).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(crate) fn no_revocations() -> BackendError {
    BackendError::new(BackendErrorKind::Unsupported, "no list of revocations is configured")
}
