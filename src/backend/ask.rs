//! The question of a load: whether the session of a cookie is admitted.

use super::admitted::{Admitted, Stored};
use super::owner::Owner;
use super::placement::Placement;
use super::policy::FailurePolicy;
use super::questions::Questions;
use super::revocations::{Known, Mark};
use super::store::Record;
use super::tombstone::mark_of;
use crate::codec::{Opened, TextCodec};
use crate::data::SessionData;
#[cfg(feature = "dbsc")]
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind, DecodeError, Refusal};
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// The answer of the backends about a session whose cookie opened.
pub(crate) enum Answer {
    Good(Admitted),
    /// The session was ended, or became another one.
    Ended {
        mark: Mark,
        refusal: Refusal,
        /// True when every cookie of the session is refused. It is false when a tombstone says that the session was
        /// ended, while a cookie of it may come for which only the list is asked: whoever wrote the tombstone may not
        /// have come to the list.
        is_over: bool,
    },
    /// The session is refused, and not because it was ended under its id: its record is damaged or not there, its
    /// schema is unknown, or its subject was revoked.
    Refused(Refusal),
}

impl Questions<'_> {
    /// Asks the store, then the list.
    ///
    /// # Errors
    /// [`BackendError`] when nobody knows: a backend failed, and the policy is not to admit the session all the same.
    pub(crate) async fn ask(&self, codec: &TextCodec, opened: Opened) -> Result<Answer, BackendError> {
        let key_id = opened.key_id;
        let (opened, stored) = match self.fill(codec, opened).await? {
            Filled::Alive(opened, stored) => (opened, stored),
            Filled::Not(answer) => return Ok(answer),
        };
        let opened = match codec.migrate(opened) {
            Ok(opened) => opened,
            Err(refusal) => return Ok(Answer::Refused(refusal)),
        };
        let revoked = Refusal { reason: DecodeError::Revoked, key_id: Some(key_id) };
        let owner = self.backend.owner_of(&opened.data);
        let (known, vouched) = self.look_or_recall(opened.data.id(), &owner).await?;
        Ok(match known.mark {
            Some(mark) => Answer::Ended { mark, refusal: revoked, is_over: true },
            None if !owner.is_of(known) => Answer::Refused(revoked),
            None => Answer::Good(Admitted::new(opened, stored, owner, vouched)),
        })
    }

    /// Fetches the values of a session that may have a record. A record is newer than the values of a cookie.
    async fn fill(&self, codec: &TextCodec, opened: Opened) -> Result<Filled, BackendError> {
        let holds_values = !opened.data.is_empty();
        let may_have_record = match self.backend.placement {
            Placement::Cookie => false,
            Placement::Store => true,
            Placement::Spill => !holds_values,
        };
        if !may_have_record {
            return Ok(Filled::Alive(opened, None));
        }
        let found = match self.load(opened.data.id()).await {
            // A cookie that holds its values is admitted without the store, too.
            Err(error) if holds_values && self.backend.policy == FailurePolicy::Admit => {
                self.observers.tell_of(&error);
                None
            }
            // The store itself found the record damaged, such as a file that is torn.
            Err(error) if error.kind() == BackendErrorKind::Corrupt => {
                return Ok(Filled::Not(Answer::Refused(self.damaged_by(&error, opened.key_id))));
            }
            found => found?,
        };
        let refused = |reason, key_id: KeyId| Refusal { reason, key_id: Some(key_id) };
        let Some(record) = found.filter(|record| record.expires_at() > opened.at) else {
            // The cookie of this session may be from before the store was configured.
            if holds_values {
                return Ok(Filled::Alive(opened, None));
            }
            #[cfg(feature = "dbsc")]
            if let Some(previous) = opened.previous {
                return self.fill_from_previous(codec, opened, previous).await;
            }
            return Ok(Filled::Not(Answer::Refused(refused(DecodeError::NotStored, opened.key_id))));
        };
        if let Some(mark) = mark_of(&record) {
            let refusal = refused(DecodeError::Revoked, opened.key_id);
            let is_over = !(self.has_list() && self.may_come_again());
            return Ok(Filled::Not(Answer::Ended { mark, refusal, is_over }));
        }
        let (stored, key_id) = (Stored::of(&record), opened.key_id);
        Ok(match codec.fill(opened, record.into_bytes()) {
            Ok(filled) => Filled::Alive(filled, Some(stored)),
            Err(refusal) => Filled::Not(Answer::Refused(self.damaged(refusal, key_id))),
        })
    }

    /// Fetches the values of a session from the record of the id that it had before it was bound. A request that was
    /// under way then put them there. The session has no record of its own yet; its next commit makes one.
    #[cfg(feature = "dbsc")]
    async fn fill_from_previous(
        &self,
        codec: &TextCodec,
        mut opened: Opened,
        previous: SessionId,
    ) -> Result<Filled, BackendError> {
        let id = opened.data.id();
        opened.data.rename(previous);
        opened.previous = None;
        Ok(match Box::pin(self.fill(codec, opened)).await? {
            Filled::Alive(mut opened, _) => {
                opened.data.rename(id);
                Filled::Alive(opened, None)
            }
            not @ Filled::Not(_) => not,
        })
    }

    /// Tells the observers of a record that is not what was stored. Such a record must not keep its browser from
    /// logging in again.
    pub(super) fn damaged(&self, refusal: Refusal, key_id: KeyId) -> Refusal {
        if matches!(refusal.reason, DecodeError::Malformed | DecodeError::NotAuthentic) {
            let text = "the record of a session is damaged, or was stored for another session";
            return self.damaged_by(&BackendError::new(BackendErrorKind::Corrupt, text), key_id);
        }
        refusal
    }

    pub(super) fn damaged_by(&self, error: &BackendError, key_id: KeyId) -> Refusal {
        self.observers.tell_of(error);
        Refusal { reason: DecodeError::NotStored, key_id: Some(key_id) }
    }
}

enum Filled {
    Alive(Opened, Option<Stored>),
    Not(Answer),
}

impl Owner {
    /// True when the list knows of no later generation of the subject than the one of this session.
    pub(crate) fn is_of(&self, known: Known) -> bool {
        known.generation.is_none() || known.generation == self.generation
    }
}

/// Returns the session of a record that was found in place of the one that was expected, with the id and the times of
/// `data`; `None` when the session has ended meanwhile, or when the record is not what was stored.
pub(crate) fn read_record(
    codec: &TextCodec,
    data: SessionData,
    now: UnixTime,
    record: Record,
) -> Option<(SessionData, Stored)> {
    let stored = Stored::of(&record);
    let filled = codec.fill(codec.opened(data, now), record.into_bytes());
    let filled = filled.and_then(|filled| codec.migrate(filled)).ok()?;
    Some((filled.data, stored))
}
