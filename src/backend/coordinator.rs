//! What stands behind the cookies of a manager: asked before a handler runs, told what its commit ended.

use std::fmt;
use std::sync::Arc;

use crate::backend::placement::{Placement, Saving, Way};
use crate::backend::revocations::{Generation, Mark, Only, Revocations};
use crate::backend::store::{Record, Save, SessionStore};
use crate::codec::{Codec, Opened};
use crate::data::{SessionData, SessionId};
use crate::error::{BackendError, BackendErrorKind, DecodeError, EncodeError, FailurePolicy, Refusal};
use crate::format::Namespace;
use crate::session::Retired;
use crate::time::UnixTime;

/// The backends of a manager, and what is configured about them.
#[derive(Default)]
pub(crate) struct Backend {
    pub(crate) placement: Placement,
    pub(crate) store: Option<Arc<dyn SessionStore>>,
    pub(crate) revocations: Option<Arc<dyn Revocations>>,
    /// The key of the entry that names the subject.
    pub(crate) subject: Option<String>,
    pub(crate) policy: FailurePolicy,
    pub(crate) cutoffs: NoCutoffs,
}

impl Backend {
    pub(crate) fn exists(&self) -> bool {
        self.store.is_some() || self.revocations.is_some()
    }

    /// For `session::state`, which still asks for it.
    #[expect(clippy::unused_self, reason = "it goes with its caller")]
    pub(crate) fn beginning(&self, _: &SessionData, _: u64) -> UnixTime {
        UnixTime::MIN
    }

    /// Refuses every session that the subject has now.
    pub(crate) async fn revoke_subject(&self, codec: &Codec, subject: &str) -> Result<(), BackendError> {
        let revocations = self.revocations.as_deref().ok_or_else(no_revocations)?;
        let random = |_| BackendError::new(BackendErrorKind::Unavailable, "no random numbers");
        let [to @ .., _, _, _, _, _, _, _, _] = SessionId::generate().map_err(random)?.to_bytes();
        let until = codec.lifetime().all_end(codec.now());
        revocations.revoke_subject(subject, Only::Any, Generation::from_bytes(to), until).await.map(drop)
    }

    /// Asks about a session whose cookie opened, and fetches the values that are not in it.
    ///
    /// # Errors
    /// The inner one is the refusal; the outer one is for [`FailurePolicy::Fail`].
    pub(crate) async fn admit(&self, codec: &Codec, opened: Opened) -> Result<Result<Opened, Refusal>, BackendError> {
        let key_id = Some(opened.key_id);
        let refused = |reason| Ok(Err(Refusal { reason, key_id }));
        let opened = match self.filled(codec, opened).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(refusal)) => return Ok(Err(refusal)),
            Err(error) => {
                codec.tell_of(&error);
                return if self.policy == FailurePolicy::Fail { Err(error) } else { refused(DecodeError::Unavailable) };
            }
        };
        match (self.is_revoked(&opened.data).await, self.policy) {
            (Ok(false), _) => Ok(Ok(opened)),
            (Ok(true), _) => refused(DecodeError::Revoked),
            (Err(error), policy) => {
                codec.tell_of(&error);
                match policy {
                    FailurePolicy::Refuse => refused(DecodeError::Unavailable),
                    FailurePolicy::Fail => Err(error),
                    FailurePolicy::Admit => Ok(Ok(opened)),
                }
            }
        }
    }

    async fn filled(&self, codec: &Codec, opened: Opened) -> Result<Result<Opened, Refusal>, BackendError> {
        let store = match &self.store {
            Some(store) if opened.data.is_empty() => store,
            _ => return Ok(codec.migrated(opened)),
        };
        let is_alive = |record: &Record| record.expires_at() > opened.at;
        let Some(record) = store.load(opened.data.id()).await?.filter(is_alive) else {
            return Ok(Err(Refusal { reason: DecodeError::NotStored, key_id: Some(opened.key_id) }));
        };
        match codec.fill(opened, record).and_then(|filled| codec.migrated(filled)) {
            Err(Refusal { reason: DecodeError::Malformed | DecodeError::NotAuthentic, .. }) => {
                Err(BackendError::new(BackendErrorKind::Corrupt, "a record is not what was stored for its session"))
            }
            filled => Ok(filled),
        }
    }

    async fn is_revoked(&self, data: &SessionData) -> Result<bool, BackendError> {
        let Some(revocations) = &self.revocations else { return Ok(false) };
        let known = revocations.look(Some(data.id()), self.subject_of(data)).await?;
        // No session has taken a generation yet.
        Ok(known.mark.is_some() || known.generation.is_some())
    }

    fn subject_of<'d>(&self, data: &'d SessionData) -> Option<&'d str> {
        data.json(Namespace::Data, self.subject.as_deref()?)
    }

    /// Keeps what a commit wants kept, then ends what it wants ended, so that at no time neither of two sessions is good.
    ///
    /// # Errors
    /// Nothing must be sent then; what was kept is taken back, as far as the backend still answers.
    pub(crate) async fn settle(&self, codec: &Codec, work: &Work) -> Result<(), EncodeError> {
        if let (Some(store), Some((id, saving))) = (&self.store, &work.saving)
            && !save(&**store, *id, saving).await?
        {
            return Err(EncodeError::Ended);
        }
        let Some(ended) = work.ended else { return Ok(()) };
        let done = self.end(codec, ended, self.policy).await;
        if let (Err(_), Some(store), Some((id, _))) = (&done, &self.store, &work.saving) {
            // The session goes on under its old id. Should this fail too, the record goes when it expires.
            if let Err(error) = store.delete(*id).await {
                codec.tell_of(&error);
            }
        }
        Ok(done?)
    }

    /// Puts a session on the list and removes its record: of the two, the first alone ends it for good.
    async fn end(&self, codec: &Codec, ended: Retired, policy: FailurePolicy) -> Result<(), BackendError> {
        if let Some(revocations) = &self.revocations {
            match revocations.revoke(ended.id, Mark::Ended, ended.expires_at).await.map(drop) {
                Err(error) if policy == FailurePolicy::Admit => codec.tell_of(&error),
                done => done?,
            }
        }
        match &self.store {
            None => Ok(()),
            Some(store) => match store.delete(ended.id).await {
                Err(error) if self.revocations.is_some() => {
                    codec.tell_of(&error);
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
    pub(crate) async fn revoke(&self, codec: &Codec, ended: Retired) -> Result<(), BackendError> {
        if self.revocations.is_some() || self.is_in_store() {
            self.end(codec, ended, FailurePolicy::Refuse).await
        } else {
            Err(no_revocations())
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("placement", &self.placement)
            .field("revocations", &self.revocations.is_some())
            .field("subject", &self.subject)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// What a commit asks of the backends.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) saving: Option<(SessionId, Saving)>,
    pub(crate) ended: Option<Retired>,
}

async fn save(store: &dyn SessionStore, id: SessionId, saving: &Saving) -> Result<bool, BackendError> {
    for way in saving.ways {
        let is_written = match way {
            Way::Create => store.save(id, &saving.record, Save::Create).await?,
            Way::Update => update(store, id, &saving.record).await?,
        };
        if is_written {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn update(store: &dyn SessionStore, id: SessionId, record: &Record) -> Result<bool, BackendError> {
    while let Some(found) = store.load(id).await? {
        if store.save(id, record, Save::Replace(found.tag())).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// For `session::session`, which still counts them.
#[derive(Default)]
pub(crate) struct NoCutoffs;

impl NoCutoffs {
    #[expect(clippy::unused_self, reason = "it goes with its caller")]
    pub(crate) fn count(&self) -> u64 {
        0
    }
}

pub(crate) fn no_revocations() -> BackendError {
    BackendError::new(BackendErrorKind::Unsupported, "no list of revocations is configured")
}
