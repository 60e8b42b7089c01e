//! The question in the middle of a request: whether a session that was admitted still is.

use super::admitted::Stored;
use super::owner::Owner;
use super::placement::Placement;
use super::questions::Questions;
use super::tombstone::mark_of;
use crate::codec::TextCodec;
use crate::data::SessionId;
use crate::error::{BackendError, BackendErrorKind, DecodeError};
use crate::key_id::KeyId;
use crate::time::UnixTime;

/// A session that was admitted, as it is asked about again.
pub(crate) struct Recheck<'s> {
    pub(crate) id: SessionId,
    /// The key of its cookie.
    pub(crate) key: KeyId,
    pub(crate) owner: &'s Owner,
    /// The record that the session came from, if it came from one.
    pub(crate) stored: Option<Stored>,
    /// True when the record must not have the mark of a binding: the session was let in without a proof, and is not
    /// young any more.
    #[cfg(feature = "dbsc")]
    pub(crate) is_unproven: bool,
}

impl Questions<'_> {
    /// Asks the store and the list about a session, whatever is remembered, and returns the reason why it is refused
    /// now.
    ///
    /// # Errors
    /// [`BackendError`] when a backend failed, under every policy if these are [`Questions::strict`].
    pub(crate) async fn recheck(
        &self,
        codec: &TextCodec,
        asked: &Recheck<'_>,
        now: UnixTime,
    ) -> Result<Option<DecodeError>, BackendError> {
        // Like a load: a spilled session whose values are in its cookie has no record.
        let may_have_record = asked.stored.is_some() || self.backend.placement == Placement::Store;
        if may_have_record && let Some(reason) = self.recheck_record(codec, asked, now).await? {
            return Ok(Some(reason));
        }
        let Recheck { id, owner, .. } = *asked;
        let known = self.look(Some(id), owner.subject.as_deref()).await?;
        let is_good = known.mark.is_none() && owner.is_of(known);
        if !is_good && let Some(remembered) = &self.backend.remembered {
            remembered.forget(id);
        }
        Ok((!is_good).then_some(DecodeError::Revoked))
    }

    /// Asks the store alone.
    async fn recheck_record(
        &self,
        codec: &TextCodec,
        asked: &Recheck<'_>,
        now: UnixTime,
    ) -> Result<Option<DecodeError>, BackendError> {
        let found = match self.load(asked.id).await {
            Err(error) if error.kind() == BackendErrorKind::Corrupt => {
                return Ok(Some(self.damaged_by(&error, asked.key).reason));
            }
            found => found?,
        };
        let Some(record) = found.filter(|record| record.expires_at() > now) else {
            return Ok(asked.stored.map(|_| DecodeError::NotStored));
        };
        if mark_of(&record).is_some() {
            return Ok(Some(DecodeError::Revoked));
        }
        Ok(match codec.open_again(asked.id, record.into_bytes(), now) {
            Err(refusal) => Some(self.damaged(refusal, asked.key).reason),
            // Without a list, a session keeps its id when another request logs somebody out, or in, without
            // `regenerate`.
            Ok(data) if asked.owner.is_left_by(&self.backend.owner_of(&data)) => Some(DecodeError::Revoked),
            #[cfg(feature = "dbsc")]
            Ok(data) if asked.is_unproven && data.is_marked() => Some(DecodeError::StaleBinding),
            Ok(_) => None,
        })
    }
}

impl Owner {
    /// True when the session had a subject and does not have it any more.
    fn is_left_by(&self, latest: &Self) -> bool {
        self.subject.is_some() && latest.subject != self.subject
    }
}
