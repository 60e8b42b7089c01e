//! The question in the middle of a request: whether a session that was admitted still is.

use super::admitted::Stored;
use super::owner::Owner;
use super::placement::Placement;
use super::questions::Questions;
use super::tombstone::mark_of;
use crate::data::SessionId;
use crate::error::{BackendError, DecodeError};
use crate::time::UnixTime;

impl Questions<'_> {
    /// Asks the store and the list about a session, whatever is remembered, and returns the reason why it is refused now.
    /// `stored` is the record that the session came from, if it came from one.
    ///
    /// # Errors
    /// [`BackendError`] when a backend failed, under every policy if these are [`Questions::strict`].
    pub(crate) async fn recheck(
        &self,
        id: SessionId,
        owner: &Owner,
        stored: Option<Stored>,
        now: UnixTime,
    ) -> Result<Option<DecodeError>, BackendError> {
        // Like a load: a spilled session whose values are in its cookie has no record.
        if stored.is_some() || self.backend.placement == Placement::Store {
            let found = self.load(id).await?.filter(|record| record.expires_at() > now);
            if found.as_ref().is_some_and(|record| mark_of(record).is_some()) {
                return Ok(Some(DecodeError::Revoked));
            }
            if found.is_none() && stored.is_some() {
                return Ok(Some(DecodeError::NotStored));
            }
        }
        let known = self.look(Some(id), owner.subject.as_deref()).await?;
        let is_good = known.mark.is_none() && owner.is_of(known);
        if !is_good && let Some(remembered) = &self.backend.remembered {
            remembered.forget(id);
        }
        Ok((!is_good).then_some(DecodeError::Revoked))
    }
}
